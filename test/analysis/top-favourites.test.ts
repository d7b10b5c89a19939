import { describe, expect, test } from 'vitest';
import { TopErrors } from '../../core/analysis/top-errors.js';
import { settleTop, type TopRule } from '../../core/analysis/top.js';
import { waveEnds } from '../../core/data/waves.js';
import { randomStream } from '../../core/random.js';
import { simulation } from './simulation.js';

const images = 200;
const rule: TopRule = { top: 3, epsilon: 0.05, confidence: 0.8, bound: 1 };

const mean = (values: ArrayLike<number>): number => {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += values[i] as number;
  return sum / values.length;
};

/**
 * The first ten are favourites, three of which matter. `hidden`: the eleventh matters as much as is just too much to be left out, by images that
 * nothing tells beforehand.
 */
function populationOf(run: number, conditions: number, hidden: boolean) {
  const random = randomStream(41, 'favourites', run);
  const level = (i: number): number => (i < 3 ? 0.15 - 0.01 * i : i < 10 ? 0.06 : 0.005);
  const values = Array.from({ length: conditions }, (_, i) =>
    Float64Array.from({ length: images }, () => (random.uniform() < 2 * level(i) ? random.uniform() : 0)),
  );
  const predicted = values.map((own) => own.map((x) => Math.min(1, x * (0.6 + 0.6 * random.uniform()))));
  if (hidden) {
    const third = [0, 1, 2].map((i) => mean(values[i]!)).sort((a, b) => a - b)[0]!;
    const many = Math.floor((third + rule.epsilon) * images) + 1;
    values[10] = Float64Array.from({ length: images }, (_, t) => Number(t < many));
    predicted[10] = new Float64Array(images);
  }
  const order = random.shuffled(Array.from({ length: images }, (_, t) => t));
  const along = (rows: readonly Float64Array[]) => rows.map((row) => Float64Array.from(order, (t) => row[t]!));
  return { values: along(values), predicted: along(predicted) };
}

function run(
  { values, predicted }: ReturnType<typeof populationOf>,
  favourites: ReadonlySet<number> | undefined,
  own: Partial<TopRule> = {},
) {
  const ends = waveEnds(images);
  const waves = values.map(() => 1);
  for (;;) {
    const { standings, advance } = settleTop(
      values.map((own, i) => ({
        values: own.subarray(0, ends[waves[i]! - 1]),
        predicted: favourites && predicted[i],
      })),
      images,
      { ...rule, ...own, favourites },
    );
    if (advance.length === 0) {
      const spent = waves.reduce((sum, wave) => sum + ends[wave - 1]!, 0);
      return { spent, top: standings.flatMap(({ place }, i) => (place === 'top' ? [i] : [])) };
    }
    for (const { condition, values: wanted } of advance) {
      const until = ends.findIndex((end) => end >= wanted) + 1;
      waves[condition] = Math.max(waves[condition]! + 1, until || ends.length);
    }
  }
}

const favourites: ReadonlySet<number> = new Set(Array.from({ length: 10 }, (_, i) => i));

function errorOf({ values }: ReturnType<typeof populationOf>, top: readonly number[]): number {
  const means = values.map(mean);
  const least = means.toSorted((a, b) => b - a)[rule.top - 1]!;
  return least - Math.min(...top.map((i) => means[i]!));
}

describe('with favourites', () => {
  simulation('the choice is wrong no more often than stated, though one that matters is none of them and hides', () => {
    const runs = 80;
    let wrong = 0;
    for (let i = 0; i < runs; i++) {
      const population = populationOf(i, 25, true);
      if (errorOf(population, run(population, favourites).top) > rule.epsilon) wrong++;
    }
    const alpha = 1 - rule.confidence;
    expect(wrong / runs).toBeLessThanOrEqual(alpha + 3 * Math.sqrt((alpha * (1 - alpha)) / runs));
  });

  simulation('fewer values are drawn where they are right', () => {
    let [with_, without] = [0, 0];
    for (let i = 0; i < 4; i++) {
      const population = populationOf(i, 200, false);
      with_ += run(population, favourites, { confidence: 0.95 }).spent;
      without += run(population, undefined, { confidence: 0.95 }).spent;
    }
    // Beyond the first wave, which all take.
    const first = 4 * 200 * (waveEnds(images)[0] as number);
    expect(with_ - first).toBeLessThan(0.7 * (without - first));
  });
});

describe('the error is shared', () => {
  const asked = { top: 4, confidence: 0.9 };
  const all = Array.from({ length: 30 }, (_, i) => i);

  test.each([
    ['without favourites', undefined],
    ['with them', new Set([1, 2, 3, 5, 8, 13])],
  ])(
    'so that whichever are the true top, what can do harm adds up to no more than there is: %s',
    (_, some: ReadonlySet<number> | undefined) => {
      const errors = new TopErrors(all.length, { ...asked, favourites: some });
      const inside = all.filter((i) => some?.has(i));
      const outside = all.filter((i) => !some?.has(i));
      for (let outsiders = 0; outsiders <= asked.top; outsiders++) {
        if (inside.length > 0 && inside.length < asked.top - outsiders) continue;
        const top = some
          ? [...inside.slice(0, asked.top - outsiders), ...outside.slice(0, outsiders)]
          : all.slice(0, asked.top);
        const rest = all.filter((i) => !top.includes(i));
        // Of those that are no favourites the best has the larger share, by which the others' is not exceeded; these count where one is chosen.
        const [best, ...others] = top.filter((i) => !some?.has(i));
        const upper =
          top.filter((i) => some?.has(i)).reduce((sum, i) => sum + errors.above(i, true), 0) +
          (best === undefined ? 0 : Math.max(errors.above(best, true), errors.above(best, false))) +
          others.reduce((sum, i) => sum + errors.above(i, false), 0);
        const lower = rest.reduce((sum, i) => sum + errors.below(i), 0);
        const paired = rest.reduce((sum, i) => sum + top.reduce((own, j) => own + errors.pair(i, j), 0), 0);
        expect(upper + lower + paired).toBeLessThanOrEqual(0.1 + 1e-12);
      }
    },
  );

  test('and nothing changes where all are favourites', () => {
    const plain = new TopErrors(5, asked);
    const whole = new TopErrors(5, { ...asked, favourites: new Set([0, 1, 2, 3, 4]) });
    for (const i of [0, 4]) {
      expect(whole.above(i, true)).toBe(plain.above(i, true));
      expect(whole.below(i)).toBe(plain.below(i));
      expect(whole.pair(i, 1)).toBe(plain.pair(i, 1));
    }
    expect(whole.isClean([0, 3])).toBe(true);
  });
});
