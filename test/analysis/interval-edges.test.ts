import { describe, expect, test } from 'vitest';
import {
  bootstrap,
  clopperPearson,
  jackknifeInterval,
  pairedDifference,
  studentInterval,
} from '../../core/analysis/interval.js';

/** The 97.5 % quantile of the normal distribution. */
const Z = 1.959963984540054;

describe('the paired difference of two yes/no outcomes', () => {
  test('is the usual interval of a table with half an observation more in each of its four cells', () => {
    // 2 gained and 5 lost of 18: +1 with weight 2.5, −1 with 5.5, 0 with 12; mean −3/20, mean of squares 8/20.
    const half = Z * Math.sqrt((8 / 20 - (3 / 20) ** 2) / 20);
    const interval = pairedDifference(2, 5, 18)!;
    expect(interval.estimate).toBeCloseTo(-1 / 6, 14);
    expect(interval.low).toBeCloseTo(-0.15 - half, 9);
    expect(interval.high).toBeCloseTo(-0.15 + half, 9);
  });

  test('turns its sign with the outcomes, and ends at −1 and 1', () => {
    const [up, down] = [pairedDifference(1, 0, 1)!, pairedDifference(0, 1, 1)!];
    // +1 with weight 1.5, −1 with 0.5 of 3.
    expect(up).toMatchObject({ estimate: 1, high: 1 });
    expect(up.low).toBeCloseTo(1 / 3 - Z * Math.sqrt((2 / 3 - 1 / 9) / 3), 9);
    expect(down).toMatchObject({ estimate: -1, low: -1 });
    expect(down.high).toBeCloseTo(-up.low, 12);
  });
});

describe('a bootstrap interval', () => {
  const options = { seed: 1, purpose: ['edges'] };
  const values = [3, 1, 4, 1.5, 9, 2.6];
  const meanOf = (drawn: Uint32Array): number => drawn.reduce((sum, i) => sum + values[i]!, 0) / drawn.length;

  test.each(['percentile', 'bca'] as const)('%s: of a statistic that never varies has no width', (method) => {
    const interval = bootstrap(5, () => 7, { ...options, resamples: 40, method });
    expect(interval).toMatchObject({ low: 7, high: 7, estimate: 7 });
  });

  test.each(['percentile', 'bca'] as const)(
    '%s: looks at the data, at that many resamples of as many items, and, if accelerated, without each item',
    (method) => {
      const seen: number[] = [];
      const look = (drawn: Uint32Array): number => {
        seen.push(drawn.length);
        expect(drawn.every((i) => i < 6)).toBe(true);
        return meanOf(drawn);
      };
      bootstrap(6, look, { ...options, resamples: 50, method });
      expect(seen).toEqual([...Array<number>(51).fill(6), ...Array<number>(method === 'bca' ? 6 : 0).fill(5)]);
    },
  );

  test('at level 1 reaches from the least to the largest of the resamples, and takes percentiles unless told', () => {
    const found: number[] = [];
    const noted = (drawn: Uint32Array): number => {
      found.push(meanOf(drawn));
      return found.at(-1) as number;
    };
    const interval = bootstrap(6, noted, { ...options, resamples: 60, level: 1 })!;
    const [estimate, ...resampled] = found;
    expect(interval).toEqual({ low: Math.min(...resampled), high: Math.max(...resampled), estimate, level: 1 });
    const more = { ...options, resamples: 60 };
    expect(bootstrap(6, meanOf, more)).toEqual(bootstrap(6, meanOf, { ...more, method: 'percentile' }));
    expect(bootstrap(6, meanOf, more)).not.toEqual(bootstrap(6, meanOf, { ...more, method: 'bca' }));
  });

  test('is there where a tenth of the resamples have no value, and not where one more has none', () => {
    const lacking = (count: number) => {
      let calls = 0;
      return (drawn: Uint32Array): number | null => (calls++ > 0 && calls <= count + 1 ? null : meanOf(drawn));
    };
    expect(bootstrap(6, lacking(5), { ...options, resamples: 50 })).not.toBeNull();
    expect(bootstrap(6, lacking(6), { ...options, resamples: 50 })).toBeNull();
  });

  test('accelerated: is not there where no resample is as small, or as large, as the estimate', () => {
    const distinct = (drawn: Uint32Array): number => new Set(drawn).size;
    const more = { ...options, resamples: 100, method: 'bca' } as const;
    // Of 12 items one resample in 19,000 holds each.
    expect(bootstrap(12, distinct, more)).toBeNull();
    expect(bootstrap(12, (drawn) => -distinct(drawn), more)).toBeNull();
    expect(bootstrap(12, distinct, { ...more, method: 'percentile' })).not.toBeNull();
  });
});

test('the jackknife of three items, by hand: variance 1 · 2² / 3, two degrees of freedom', () => {
  const interval = jackknifeInterval(2, [1, 2, 3])!;
  expect(interval.low).toBeCloseTo(2 - 4.302652729911275 * Math.sqrt(4 / 3), 8);
  expect(interval.high).toBeCloseTo(2 + 4.302652729911275 * Math.sqrt(4 / 3), 8);
  const bounded = jackknifeInterval(2, [1, 2, 3], 0.95, { least: 0, most: 3, noise: 5 / 3 })!;
  expect(bounded).toMatchObject({ low: 0, high: 3 });
  const noisy = jackknifeInterval(2, [1, 2, 3], 0.95, { noise: 5 / 3 })!;
  expect(noisy.high - 2).toBeCloseTo(4.302652729911275 * Math.sqrt(3), 8);
});

test('an estimate without error has an interval without width, even where nothing is left to tell an error by', () => {
  expect(studentInterval(2, 0, 0)).toMatchObject({ low: 2, high: 2, estimate: 2 });
});

test('the estimate of a proportion is its share', () => {
  expect(clopperPearson(3, 4)!.estimate).toBe(0.75);
});
