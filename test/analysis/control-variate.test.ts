import { describe, expect, test } from 'vitest';
import { meanBounds, meanIsAbove, meanIsBelow, type Drawn } from '../../core/analysis/confidence-sequence.js';
import { controlVariate, variateOfDifferences } from '../../core/analysis/control-variate.js';
import { waveEnds } from '../../core/data/waves.js';
import { randomStream, type RandomStream } from '../../core/random.js';
import { simulation } from './simulation.js';

const mean = (values: ArrayLike<number>): number => {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += values[i] as number;
  return sum / values.length;
};
const capped = (x: number): number => Math.min(1, Math.max(0, x));

/** Values with heavy tails, and predictions of them of several kinds. */
function population(random: RandomStream, images: number, kind: string): readonly (readonly [number, number])[] {
  return Array.from({ length: images }, () => {
    const value = capped(Math.exp(2 * random.normal() - 4));
    const other = capped(Math.exp(2 * random.normal() - 4));
    const near = capped(value * Math.exp(0.5 * random.normal()));
    return [value, { near, other, against: 1 - value, far: capped(20 * near), exact: value }[kind] as number];
  });
}

const drawn = (pairs: readonly (readonly [number, number])[], end: number): Drawn => {
  const values = Float64Array.from(pairs.slice(0, end), ([value]) => value);
  const predicted = pairs.map(([, own]) => own);
  return { values, population: pairs.length, bound: 1, variate: controlVariate(values, predicted, 1) };
};

describe('an interval with predictions', () => {
  simulation.each(['near', 'other', 'against', 'far', 'exact'])(
    'holds the mean at all looks together, whatever is predicted: %s',
    (kind) => {
      const [runs, images, alpha] = [300, 200, 0.1];
      let missed = 0;
      for (let run = 0; run < runs; run++) {
        const random = randomStream(31, 'control variate', kind, run);
        const pairs = random.shuffled(population(random, images, kind));
        const truth = mean(pairs.map(([value]) => value));
        const wrong = waveEnds(images)
          .filter((_, look) => look % 3 === 0)
          .some((end) => {
            const { low, high } = meanBounds(drawn(pairs, end), { below: alpha / 2, above: alpha / 2 });
            return truth < low - 1e-9 || truth > high + 1e-9;
          });
        if (wrong) missed++;
      }
      expect(missed / runs).toBeLessThanOrEqual(alpha + 3 * Math.sqrt((alpha * (1 - alpha)) / runs));
    },
  );

  test('is narrower where predictions are near, and hardly wider where they say nothing', () => {
    const width = (kind: string, use: boolean): number => {
      let sum = 0;
      for (let run = 0; run < 20; run++) {
        const random = randomStream(32, 'width', run);
        const own = drawn(random.shuffled(population(random, 400, kind)), 150);
        const { low, high } = meanBounds(use ? own : { ...own, variate: undefined }, { below: 0.01, above: 0.01 });
        sum += high - low;
      }
      return sum;
    };
    expect(width('near', true)).toBeLessThan(0.8 * width('near', false));
    expect(width('other', true)).toBeLessThan(1.05 * width('other', false));
  });

  test('excludes more the further a mean is off, on either side', () => {
    const random = randomStream(33, 'monotone');
    const own = drawn(random.shuffled(population(random, 300, 'near')), 80);
    const grid = Array.from({ length: 101 }, (_, i) => i / 100);
    const above = grid.map((m) => meanIsAbove(own, m, 0.05));
    const below = grid.map((m) => meanIsBelow(own, m, 0.05));
    expect(above).toEqual([...above].sort((a, b) => Number(b) - Number(a)));
    expect(below).toEqual([...below].sort((a, b) => Number(a) - Number(b)));
  });
});

describe('the shift of a bet', () => {
  const predicted = [0.2, 0, 0.5, 0.1, 0.9, 0.4];

  test('has the mean 0 over what is left, within what it could be, and follows from what was drawn before alone', () => {
    const values = [0.3, 0.1, 0.4, 0.2, 0.6, 0.5];
    for (let t = 0; t < predicted.length; t++) {
      // Each of those left in the place of the one that comes next.
      const shifts = predicted.slice(t).map((_, i) => {
        const order = [...predicted.keys()];
        [order[t], order[t + i]] = [order[t + i] as number, order[t] as number];
        const { shift, fall, rise } = controlVariate(
          order.map((place) => values[place] as number),
          order.map((place) => predicted[place] as number),
          1,
        );
        expect(shift[t]).toBeGreaterThanOrEqual(-(fall[t] as number) - 1e-12);
        expect(shift[t]).toBeLessThanOrEqual((rise[t] as number) + 1e-12);
        return shift[t] as number;
      });
      expect(mean(shifts)).toBeCloseTo(0, 12);
    }
  });

  test('tends to the least squares coefficient, in any unit', () => {
    const random = randomStream(34, 'slope');
    const long = Array.from({ length: 4000 }, () => random.uniform());
    const values = long.map((x) => 0.1 + 0.6 * x + 0.05 * random.normal());
    expect(controlVariate(values, long, 1).coefficient).toBeCloseTo(0.6, 1);
    const four = (list: readonly number[]): number[] => list.map((x) => 4 * x);
    const one = controlVariate(values.slice(0, 9), long, 1);
    const more = controlVariate(four(values.slice(0, 9)), four(long), 4);
    expect(more.coefficient).toBeCloseTo(one.coefficient, 12);
    expect(more.ahead).toBeCloseTo(4 * one.ahead, 12);
    expect(one.ahead).toBeCloseTo(mean(long) - mean(long.slice(0, 9)), 12);
  });

  test('of differences is that of one less that of the other, and falls where the other rises', () => {
    const a = controlVariate([0.3], predicted, 1);
    const b = controlVariate([0.1], predicted.toReversed(), 1);
    const both = variateOfDifferences(a, b)!;
    for (let t = 0; t < predicted.length; t++) {
      expect(both.shift[t]).toBeCloseTo(a.shift[t]! - b.shift[t]!, 12);
      expect(both.fall[t]).toBeCloseTo(a.fall[t]! + b.rise[t]!, 12);
      expect(both.rise[t]).toBeCloseTo(a.rise[t]! + b.fall[t]!, 12);
    }
    expect(variateOfDifferences(a, undefined)).toBeUndefined();
  });
});
