import { describe, expect, test } from 'vitest';
import { meanBounds, meanIsAbove } from '../../core/analysis/confidence-sequence.js';
import { settlePrecision } from '../../core/analysis/precision.js';
import { settleTop, type TopRule } from '../../core/analysis/top.js';

const rule: TopRule = { top: 1, epsilon: 0.05, confidence: 0.9, bound: 1 };
const population = 100;

/** So many values that are all alike; with as many as the population nothing about their mean is open. */
const drawn = (value: number, count = population): Float64Array => new Float64Array(count).fill(value);

const settled = (conditions: readonly (Float64Array | undefined)[], own: Partial<TopRule> = {}) =>
  settleTop(
    conditions.map((values) => values && { values }),
    population,
    { ...rule, ...own },
  );
const places = (conditions: readonly (Float64Array | undefined)[], own: Partial<TopRule> = {}) =>
  settled(conditions, own).standings.map(({ place }) => place);
const advance = (conditions: readonly (Float64Array | undefined)[], own: Partial<TopRule> = {}) =>
  settled(conditions, own).advance.map(({ condition }) => condition);

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
    const { standings } = settled([undefined, drawn(0.2)], { bound: 4 });
    expect(standings.map(({ place, low, high }) => [place, low, high])).toEqual([
      ['undecided', 0, 4],
      ['top', 0.2, 0.2].map((value) => (typeof value === 'number' ? expect.closeTo(value, 12) : value)),
    ]);
  });
});

describe('what is open', () => {
  test('is a member and whoever may still exceed it by more than epsilon, and nobody else', () => {
    // Of 3 values little is known yet: more than 0.55, less than 0.75; the others are known to the last image.
    const conditions = [drawn(0.5), drawn(0.2, 3), drawn(0.3), drawn(0.7)];
    expect(places(conditions, { top: 2 })).toEqual(['open', 'open', 'rest', 'top']);
    expect(places([drawn(0.5), drawn(0.2, 1), drawn(0.3), drawn(0.7)], { top: 2 })).toEqual([
      'open',
      'open',
      'rest',
      'open',
    ]);
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
    const { standings } = settled(conditions, { top: 3 });
    // 97 hundredths of 0.1 are for single bounds: nine tenths of them for 3 upper ends, one for the lower end of 1 other.
    standings.forEach(({ low, high, mean }, index) => {
      const values = conditions[index]!;
      const wanted = meanBounds({ values, population, bound: 1 }, { above: 0.0873 / 3, below: 0.0097 / 1 });
      expect([low, high]).toEqual([expect.closeTo(wanted.low, 6), expect.closeTo(wanted.high, 6)]);
      expect(mean).toBeCloseTo(values[0]!, 12);
    });
    const [first] = settled(conditions).standings;
    const wanted = meanBounds({ values: conditions[0]!, population, bound: 1 }, { above: 0.0873, below: 0.0097 / 3 });
    expect([first?.low, first?.high]).toEqual([expect.closeTo(wanted.low, 6), expect.closeTo(wanted.high, 6)]);
  });

  test('is closed by paired differences as soon as these are sure at three hundredths of the error, shared by all pairs', () => {
    // Values that say little about either mean, but are always 0.1 more of the first condition.
    const more = (count: number) => Float64Array.from({ length: count }, (_, t) => (t % 2 === 0 ? 0.9 : 0.1));
    const less = (count: number) => more(count).map((value) => value - 0.1);
    const idle = drawn(0);
    const closed: number[] = [];
    const sure: number[] = [];
    for (let count = 2; count <= 80; count++) {
      if (places([more(count), less(count), idle])[0] === 'top') closed.push(count);
      // The difference and 1, so that it is between 0 and 2, of a mean above 1 less epsilon.
      const differences = drawn(1.1, count);
      if (meanIsAbove({ values: differences, population, bound: 2 }, 0.95, 0.003 / 2)) sure.push(count);
    }
    expect(sure[0]).toBeGreaterThan(5);
    expect(sure[0]).toBeLessThan(70);
    expect(closed).toEqual(sure);
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
  test('are the open ones, where the top is known: as far as it takes if they go on as they did', () => {
    const conditions = [drawn(0.5), drawn(0.3, 5), drawn(0.2, 3), drawn(0.3), drawn(0.1, 3), undefined];
    expect(advance(conditions)).toEqual([1, 2, 4]);
    for (const { condition, values } of settled(conditions).advance) {
      const count = conditions[condition]!.length;
      expect(values).toBeGreaterThan(count);
      expect(values).toBeLessThanOrEqual(Math.max(count + 1, 1.25 * count));
    }
  });

  test('to where it is settled, and no further', () => {
    // Nothing was found on 24 images: below 0.5 and epsilon after some more such.
    const [low] = settled([drawn(0.5), drawn(0, 4)], { confidence: 0.999 }).advance;
    expect(low).toEqual({ condition: 1, values: 5 });
    const far = settled([drawn(0.5), drawn(0, 8)], { confidence: 0.999 });
    const needed = far.advance[0]!.values;
    expect(settled([drawn(0.5), drawn(0, needed)], { confidence: 0.999 }).advance).toEqual([]);
    expect(settled([drawn(0.5), drawn(0, needed - 1)], { confidence: 0.999 }).advance).toHaveLength(1);
  });

  test('are the leaders alone, until the lower end of each is near the estimate of the last', () => {
    expect(advance([drawn(0.5), drawn(0.2, 5), drawn(0.9, 5), drawn(0.1, 3)])).toEqual([2]);
    // Two leaders, one of which is drawn to the last image.
    expect(advance([drawn(0.5), drawn(0.2, 5), drawn(0.9, 5), drawn(0.1, 3)], { top: 2 })).toEqual([2]);
    expect(advance([drawn(0.8, 4), drawn(0.2, 5), drawn(0.9, 5), drawn(0.1, 3)], { top: 2 })).toEqual([0, 2]);
  });

  test('are the others, once it is near', () => {
    // 99 of 100 values are drawn: the bound is at most 0.005 below 0.5, and 0.07 · 0.1 is more.
    const conditions = [drawn(0.4, 5), drawn(0.5, 99), drawn(0.1, 3), drawn(0.3, 3)];
    expect(advance(conditions, { epsilon: 0.1 })).toEqual([0, 2, 3]);
    expect(advance(conditions, { epsilon: 0.002 })).toEqual([1]);
  });
});

describe('precision', () => {
  test('is reached where an interval is at most twice as wide, and where nothing is left to draw', () => {
    const looked = (values: Float64Array, precision: number) =>
      settlePrecision([{ values }, undefined], population, { precision, confidence: 0.9, bound: 1 });
    // Half of 0.1 for either end.
    const { low, high } = meanBounds({ values: drawn(0.2, 40), population, bound: 1 }, { below: 0.05, above: 0.05 });
    const half = (high - low) / 2;
    const enough = looked(drawn(0.2, 40), half * 1.001);
    expect(enough.standings[0]).toEqual({ low, high, mean: expect.closeTo(0.2, 12), place: 'precise' });
    expect(enough.standings[1]?.place).toBe('undecided');
    expect(enough.advance).toEqual([]);
    const short = looked(drawn(0.2, 40), half * 0.999);
    expect(short.standings[0]?.place).toBe('open');
    expect(short.advance).toEqual([{ condition: 0, values: 41 }]);
    const whole = Float64Array.from({ length: population }, (_, t) => t / population);
    expect(looked(whole, 0).standings[0]?.place).toBe('precise');
    expect(looked(whole.subarray(0, 99), 0).standings[0]?.place).toBe('open');
  });
});
