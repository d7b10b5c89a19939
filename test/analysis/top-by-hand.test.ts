import { describe, expect, test } from 'vitest';
import { meanBounds, meanIsAbove } from '../../core/analysis/confidence-sequence.js';
import { settlePrecision } from '../../core/analysis/precision.js';
import { settleTop, type TopRule } from '../../core/analysis/top.js';

const rule: TopRule = { top: 1, epsilon: 0.05, confidence: 0.9, bound: 1 };
const population = 100;

/** So many values that are all alike; with as many as the population nothing about their mean is open. */
const drawn = (value: number, count = population): Float64Array => new Float64Array(count).fill(value);

const places = (conditions: readonly (Float64Array | undefined)[], own: Partial<TopRule> = {}) =>
  settleTop(conditions, population, { ...rule, ...own }).standings.map(({ place }) => place);
const advance = (conditions: readonly (Float64Array | undefined)[], own: Partial<TopRule> = {}) =>
  settleTop(conditions, population, { ...rule, ...own }).advance.map(({ condition, leap }) =>
    leap ? `${condition} leaps` : `${condition}`,
  );

describe('where everything is drawn', () => {
  test('the largest means are the top, whatever their order; of equal ones the first', () => {
    const conditions = [0.1, 0.9, 0.45, 0.5, 0.5].map((value) => drawn(value));
    expect(places(conditions, { top: 2 })).toEqual(['rest', 'top', 'rest', 'top', 'rest']);
    expect(places(conditions, { top: 3 })).toEqual(['rest', 'top', 'rest', 'top', 'top']);
    expect(advance(conditions, { top: 2 })).toEqual([]);
  });

  test('all are the top of as many, and none of more', () => {
    expect(places([drawn(0.1), drawn(0.2)], { top: 2 })).toEqual(['top', 'top']);
    expect(places([drawn(0.1), drawn(0.2)], { top: 3 })).toEqual(['undecided', 'undecided']);
  });

  test('what is not drawn at all is undecided between nothing and the bound', () => {
    const { standings } = settleTop([undefined, drawn(0.2)], population, { ...rule, bound: 4 });
    expect(standings.map(({ place, low, high }) => [place, low, high])).toEqual([
      ['undecided', 0, 4],
      ['top', 0.2, 0.2].map((value) => (typeof value === 'number' ? expect.closeTo(value, 12) : value)),
    ]);
  });
});

describe('what is open', () => {
  test('is a member and whoever may still exceed it by more than epsilon, and nobody else', () => {
    // Of 3 values nothing is known yet; the others are known to the last image.
    const conditions = [drawn(0.5), drawn(0.2, 3), drawn(0.3), drawn(0.7)];
    expect(places(conditions, { top: 2 })).toEqual(['open', 'open', 'rest', 'open']);
    // 98 of 100 values: at most (98 · 0.47 + 2) / 100 = 0.4806 is left, which is below 0.5 + epsilon.
    expect(places([drawn(0.5), drawn(0.47, 98), drawn(0.3), drawn(0.9)], { top: 2 })).toEqual([
      'top',
      'rest',
      'rest',
      'top',
    ]);
    // (98 · 0.5 + 2) / 100 = 0.51: not above 0.5 by more than 0.05, but by more than nothing.
    expect(places([drawn(0.5), drawn(0.5, 98)], { epsilon: 0.05 })).toEqual(['top', 'rest']);
    expect(places([drawn(0.5), drawn(0.5, 98)], { epsilon: 1e-6 })).toEqual(['open', 'open']);
  });

  test('ends at the bounds of each at its share of the error, and the mean of what is drawn', () => {
    const conditions = [drawn(0.7, 40), drawn(0.2, 30), drawn(0.1, 20), drawn(0.6, 50)];
    const { standings } = settleTop(conditions, population, { ...rule, top: 3 });
    // Nine tenths of 0.1 are for single bounds: nine tenths of them for 3 upper ends, one for the lower end of 1 other.
    standings.forEach(({ low, high, mean }, index) => {
      const values = conditions[index]!;
      const wanted = meanBounds({ values, population, bound: 1 }, { above: 0.081 / 3, below: 0.009 / 1 });
      expect([low, high]).toEqual([expect.closeTo(wanted.low, 6), expect.closeTo(wanted.high, 6)]);
      expect(mean).toBeCloseTo(values[0]!, 12);
    });
    const [first] = settleTop(conditions, population, rule).standings;
    const wanted = meanBounds({ values: conditions[0]!, population, bound: 1 }, { above: 0.081, below: 0.009 / 3 });
    expect([first?.low, first?.high]).toEqual([expect.closeTo(wanted.low, 6), expect.closeTo(wanted.high, 6)]);
  });

  test('is closed by paired differences as soon as these are sure at a tenth of the error, shared by all pairs', () => {
    // Values that say little about either mean, but are always 0.1 more of the first condition.
    const more = (count: number) => Float64Array.from({ length: count }, (_, t) => (t % 2 === 0 ? 0.9 : 0.1));
    const less = (count: number) => more(count).map((value) => value - 0.1);
    const idle = drawn(0);
    const settled: number[] = [];
    const sure: number[] = [];
    for (let count = 2; count <= 80; count++) {
      if (places([more(count), less(count), idle])[0] === 'top') settled.push(count);
      // The difference and 1, so that it is between 0 and 2, of a mean above 1 less epsilon.
      const differences = drawn(1.1, count);
      if (meanIsAbove({ values: differences, population, bound: 2 }, 0.95, 0.01 / 2)) sure.push(count);
    }
    expect(sure[0]).toBeGreaterThan(5);
    expect(sure[0]).toBeLessThan(70);
    expect(settled).toEqual(sure);
  });

  test('is closed by the values that both have drawn, where one has drawn more', () => {
    const more = Float64Array.from({ length: 60 }, (_, t) => (t % 2 === 0 ? 0.7 : 0.3));
    const less = more.map((value) => value - 0.3);
    expect(places([more, less.subarray(0, 45)])).toEqual(['top', 'rest']);
    expect(places([more.subarray(0, 45), less])).toEqual(['top', 'rest']);
    expect(places([more, less.subarray(0, 3)])).toEqual(['open', 'open']);
  });
});

describe('what goes on', () => {
  test('are the open ones with the fewest values, where the top is known', () => {
    const conditions = [drawn(0.5), drawn(0.2, 5), drawn(0.2, 3), drawn(0.3), drawn(0.1, 3), undefined];
    expect(advance(conditions)).toEqual(['2', '4']);
  });

  test('are the leaders alone, by leaps, until the least bound of the top is near its estimate', () => {
    expect(advance([drawn(0.5), drawn(0.2, 5), drawn(0.9, 5), drawn(0.1, 3)])).toEqual(['2 leaps']);
    // Two leaders, one of which is drawn to the last image.
    expect(advance([drawn(0.5), drawn(0.2, 5), drawn(0.9, 5), drawn(0.1, 3)], { top: 2 })).toEqual(['2 leaps']);
    expect(advance([drawn(0.8, 4), drawn(0.2, 5), drawn(0.9, 5), drawn(0.1, 3)], { top: 2 })).toEqual([
      '0 leaps',
      '2 leaps',
    ]);
  });

  test('are the leaders and those with the fewest values, once it is near', () => {
    // 99 of 100 values are drawn: the bound is at most 0.005 below 0.5, less than a quarter of 0.05.
    const conditions = [drawn(0.2, 5), drawn(0.5, 99), drawn(0.1, 3), drawn(0.3, 3)];
    expect(advance(conditions)).toEqual(['1 leaps', '2', '3']);
    // A quarter of 0.002 is less.
    expect(advance(conditions, { epsilon: 0.002 })).toEqual(['1 leaps']);
  });
});

describe('precision', () => {
  test('is reached where an interval is at most twice as wide, and where nothing is left to draw', () => {
    const settled = (values: Float64Array, precision: number) =>
      settlePrecision([values, undefined], population, { precision, confidence: 0.9, bound: 1 });
    // Half of 0.1 for either end.
    const { low, high } = meanBounds({ values: drawn(0.2, 40), population, bound: 1 }, { below: 0.05, above: 0.05 });
    const half = (high - low) / 2;
    const enough = settled(drawn(0.2, 40), half * 1.001);
    expect(enough.standings[0]).toEqual({ low, high, mean: expect.closeTo(0.2, 12), place: 'precise' });
    expect(enough.standings[1]?.place).toBe('undecided');
    expect(enough.advance).toEqual([]);
    const short = settled(drawn(0.2, 40), half * 0.999);
    expect(short.standings[0]?.place).toBe('open');
    expect(short.advance).toEqual([{ condition: 0, leap: false }]);
    const whole = Float64Array.from({ length: population }, (_, t) => t / population);
    expect(settled(whole, 0).standings[0]?.place).toBe('precise');
    expect(settled(whole.subarray(0, 99), 0).standings[0]?.place).toBe('open');
  });
});
