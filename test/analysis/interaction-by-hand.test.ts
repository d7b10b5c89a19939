import { describe, expect, test } from 'vitest';
import { meanInteraction, type PairSample } from '../../core/analysis/interaction.js';
import { studentQuantile } from '../../core/analysis/special.js';

interface Planted {
  readonly across?: boolean;
  readonly singles?: number;
  /** Interaction by image; one number: on each of 4 images. */
  readonly values: number | readonly number[];
  readonly units?: readonly [number, number];
}

/** Pairs of units of which none is shared, where nothing else is said. */
const sampleOf = (pairs: readonly Planted[]): PairSample => ({
  pairs: pairs.map(({ across = false, singles = 1, units }, index) => {
    const [a, b] = units ?? [2 * index, 2 * index + 1];
    return { a, b, across, singles, weight: 1 };
  }),
  values: (index) => {
    const { values } = pairs[index]!;
    return Float64Array.from(typeof values === 'number' ? [values, values, values, values] : values);
  },
});

describe('the mean of some pairs', () => {
  test('that share no unit has the variance of independent ones', () => {
    const sample = sampleOf([{ values: 9 }, { values: 1 }, { values: 2 }, { values: 6 }]);
    const found = meanInteraction(sample, [1, 2, 3], 0.9)!;
    // Means 1, 2, 6: 3, with a variance of 7; equal on all images.
    const half = studentQuantile(0.95, 2) * Math.sqrt(7 / 3);
    expect(found.estimate).toBeCloseTo(3, 12);
    expect(found.low).toBeCloseTo(3 - half, 9);
    expect(found.high).toBeCloseTo(3 + half, 9);
    expect(found.level).toBe(0.9);
  });

  test('has no more freedom than units, and at least one', () => {
    // All pairs of three units: 0, 3, 3 less their mean 2, of three. By unit −1/3, −1/3, 2/3; their squares less those of the pairs
    // themselves: 6/9 − 6/9 = 0, so that they count as independent: a variance of 3 over 3.
    const sample = sampleOf([
      { values: 0, units: [0, 1] },
      { values: 3, units: [0, 2] },
      { values: 3, units: [1, 2] },
    ]);
    const found = meanInteraction(sample, [0, 1, 2])!;
    expect(found.high - 2).toBeCloseTo(studentQuantile(0.975, 2) * 1, 9);
    // One unit in all four pairs with others: three residuals of one sign share it.
    const star = sampleOf([0, 0, 0, 4].map((values, i) => ({ values, units: [0, i + 1] as const })));
    // By units: 0 for the shared one, −1/4 three times, 3/4; less the pairs' own: nothing. Independent: 4 over 4.
    const starred = meanInteraction(star, [0, 1, 2, 3])!;
    expect(starred.high - 1).toBeCloseTo(studentQuantile(0.975, 3), 9);
    const same = sampleOf([0, 2].map((values) => ({ values, units: [5, 5] as const })));
    expect(meanInteraction(same, [0, 1])!.high - 1).toBeCloseTo(studentQuantile(0.975, 1), 7);
  });

  test('counts units that many pairs share', () => {
    // Pairs of a harmful unit 0 and of others: 2, 2, 2 and −2, −2, −2 around 0.
    const sample = sampleOf([
      ...[1, 2, 3].map((b) => ({ values: 2, units: [0, b] as const })),
      ...[5, 6, 7].map((b) => ({ values: -2, units: [4, b] as const })),
    ]);
    // Residuals ±1/3: by unit (±1)² twice and six times 1/9, less six times 1/9: 2.
    const found = meanInteraction(sample, [0, 1, 2, 3, 4, 5])!;
    expect(found.high).toBeCloseTo(studentQuantile(0.975, 5) * Math.sqrt(2), 9);
  });

  test('counts images, also where pairs are alike', () => {
    const sample = sampleOf([{ values: [1, 2, 6] }, { values: [1, 2, 6] }]);
    const found = meanInteraction(sample, [0, 1])!;
    expect(found.estimate).toBeCloseTo(3, 12);
    expect(found.high - 3).toBeCloseTo(studentQuantile(0.975, 2) * Math.sqrt(7 / 3), 9);
    expect(meanInteraction(sampleOf([{ values: [1] }, { values: [2] }]), [0, 1])).toBeNull();
    expect(meanInteraction(sampleOf([{ values: [1, 2] }, { values: [2, 5] }]), [0, 1])).not.toBeNull();
  });
});
