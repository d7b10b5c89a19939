import { describe, expect, test } from 'vitest';
import { depthContrast, meanInteraction, type PairSample } from '../../core/analysis/interaction.js';
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
    return { a, b, across, singles };
  }),
  values: (index) => {
    const { values } = pairs[index]!;
    return Float64Array.from(typeof values === 'number' ? [values, values, values, values] : values);
  },
});
const options = { seed: 7, purpose: ['by hand'] };

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

describe('pairs across less pairs within', () => {
  const of = (across: boolean, singles: number, ...values: readonly number[]): Planted[] =>
    values.map((value) => ({ across, singles, values: value }));

  test('are compared within classes of single damage, each weighed by what it tells', () => {
    // Singles of 1, 5 and 10: fifths part them. At 5 there is but one pair within, so that nothing is compared there.
    const sample = sampleOf([
      ...of(false, 1, 0, 2),
      ...of(true, 1, 3, 5),
      ...of(false, 5, 100),
      ...of(true, 5, 0, 0, 0),
      ...of(false, 10, 1, 1, 1, 1),
      ...of(true, 10, 0, 0, 0, 0),
    ]);
    const { interval, pairs, permutations } = depthContrast(sample, { ...options, level: 0.8 })!;
    // 3 with a weight of 2 · 2 / 4, −1 with one of 4 · 4 / 8.
    expect(interval.estimate).toBeCloseTo(1 / 3, 12);
    expect(pairs).toBe(12);
    expect(permutations).toBe(1000);
    // Two variances of 2 over 2 pairs with a factor of 1/3; 1 + 1 + 3 + 3 degrees of freedom.
    const half = studentQuantile(0.9, 8) * Math.sqrt(2 / 9);
    expect(interval.low).toBeCloseTo(1 / 3 - half, 9);
    expect(interval.high).toBeCloseTo(1 / 3 + half, 9);
  });

  test('are a class where they are equally harmful; p is the share of dealings that differ as much', () => {
    // Of ten choices of two out of 1, 2, 3, 4, 6 only 4 and 6 make a difference of 3.
    const sample = sampleOf([...of(false, 1, 1, 2, 3), ...of(true, 1, 4, 6)]);
    const { interval, p, pairs } = depthContrast(sample, options)!;
    expect(interval.estimate).toBeCloseTo(3, 12);
    expect(pairs).toBe(5);
    expect(Math.abs(p - 0.1)).toBeLessThan(3 * Math.sqrt((0.1 * 0.9) / 1000));
    // On either side: of 0, 1, 5, 6 also 0 and 1 differ from the rest by 5, and 3 is nothing like it.
    const both = depthContrast(sampleOf([...of(false, 1, 0, 1), ...of(true, 1, 5, 6)]), options)!;
    expect(Math.abs(both.p - 1 / 3)).toBeLessThan(3 * Math.sqrt((1 / 3) * (2 / 3) * 1e-3));
    expect(depthContrast(sampleOf([...of(false, 1, 1, 1), ...of(true, 1, 1, 1)]), options)!.p).toBe(1);
  });

  test('take other dealings for another purpose', () => {
    const sample = sampleOf([...of(false, 1, 1, 2, 3), ...of(true, 1, 4, 6)]);
    const of7 = depthContrast(sample, options)!.p;
    const others = ['a', 'b', 'c', 'd'].map((purpose) => depthContrast(sample, { seed: 7, purpose: [purpose] })!.p);
    expect(new Set([of7, ...others]).size).toBeGreaterThan(1);
  });

  test('need two of either kind in some class', () => {
    expect(depthContrast(sampleOf([...of(false, 1, 1), ...of(true, 1, 4, 6)]), options)).toBeNull();
    expect(depthContrast(sampleOf([...of(false, 1, 1, 2), ...of(true, 1, 4)]), options)).toBeNull();
    expect(depthContrast(sampleOf([...of(false, 1, 1, 2), ...of(true, 1, 4, 6)]), options)).not.toBeNull();
    const oneImage = sampleOf([
      ...[1, 2].map((value) => ({ values: [value] })),
      ...[1, 2].map((value) => ({ across: true, values: [value] })),
    ]);
    expect(depthContrast(oneImage, options)).toBeNull();
  });
});
