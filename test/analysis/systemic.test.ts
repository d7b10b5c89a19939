import { describe, expect, test } from 'vitest';
import { debiasedCka } from '../../core/analysis/cka.js';
import {
  effectiveRank,
  spacedSites,
  systemicExcess,
  systemicRedundancy,
  systemicScore,
} from '../../core/analysis/systemic.js';
import { mixture, noiseRows, planted, stream } from './planted.js';
import { reference } from './fixtures/reference.js';

/** The Gram matrix of rows. */
const gramOf = (rows: readonly (readonly number[])[]): Float64Array =>
  Float64Array.from(rows.flatMap((a) => rows.map((b) => a.reduce((t, v, i) => t + v * b[i]!, 0))));

describe('the systemic score, where it is known', () => {
  const unit = (i: number): number[] => Array.from({ length: 12 }, (_, j) => (i === j ? 1 : 0));
  test('orthogonal sites: 0, of whatever ranks', () => {
    expect(systemicScore(gramOf([0, 1, 2, 3, 4, 5].map(unit)), 3, 2)).toBeCloseTo(0, 10);
    // Ranks 1 and 4: with equal weights r_all would be 2·√(1·4) = 4 = max r_l, a score of 1.
    expect(systemicScore(gramOf([0, 0, 0, 0, 4, 5, 6, 7].map(unit)), 2, 4)).toBeCloseTo(0, 10);
  });
  test('identical sites: 1; all within the largest: 1', () => {
    expect(systemicScore(gramOf([0, 1, 0, 1, 0, 1].map(unit)), 3, 2)).toBeCloseTo(1, 10);
    expect(systemicScore(gramOf([0, 1, 2, 3, 1, 1, 2, 2].map(unit)), 2, 4)).toBeCloseTo(1, 10);
  });
  test('two sites that share one of two directions: in between', () => {
    // Eigenvalues 1, 2, 1 of 4: r_all = exp(1.0397) = 2.828, so (4 − 2.828) / 2.
    expect(systemicScore(gramOf([0, 1, 1, 2].map(unit)), 2, 2)).toBeCloseTo((4 - Math.sqrt(8)) / 2, 10);
  });
  test('neither the scale nor the sign of a kernel counts', () => {
    const scaled = [unit(0), unit(1).map((v) => -5 * v), unit(1), unit(2).map((v) => 0.01 * v)];
    expect(systemicScore(gramOf(scaled), 2, 2)).toBeCloseTo((4 - Math.sqrt(8)) / 2, 10);
  });
  test('a single responding site has no score', () => {
    expect(systemicScore(gramOf([unit(0), unit(1), unit(0).fill(0), unit(1).fill(0)]), 2, 2)).toBeNull();
  });
  test('effective rank: of equal eigenvalues their number, of one 1', () => {
    expect(effectiveRank([2, 2, 2, 0, -1e-17])).toBeCloseTo(3, 12);
    expect(effectiveRank([5])).toBe(1);
    expect(effectiveRank([0, 0])).toBe(0);
  });
});

describe('systemic redundancy of planted networks', () => {
  const options = { seed: 2, sites: 4, kernels: 4, draws: 8 };
  // Within each test, not before them: mutation testing sees what a test runs.
  const sets = () => {
    const random = stream('systemic');
    const independent = planted(Array.from({ length: 6 }, () => noiseRows(random, 10)));
    const space = noiseRows(random, 4);
    const shared = planted(
      Array.from({ length: 6 }, () =>
        Array.from({ length: 10 }, () =>
          mixture(
            space,
            space.map(() => random.normal()),
          ),
        ),
      ),
    );
    return { independent, shared, random };
  };
  test('independent sites score near 0, sites of one space near 1, and the difference excludes 0', () => {
    const { independent, shared } = sets();
    const [low, high] = [systemicRedundancy(independent, options)!, systemicRedundancy(shared, options)!];
    expect(low.value).toBeLessThan(0.05);
    expect(high.value).toBeGreaterThan(0.75);
    const excess = systemicExcess(high, low);
    expect(excess.value).toBeCloseTo(high.value - low.value, 12);
    expect(excess.interval!.low).toBeGreaterThan(0.5);
    expect(low.interval!.low).toBeLessThanOrEqual(low.value);
    expect(high.interval!.high).toBeGreaterThanOrEqual(high.value);
  });
  test('more kernels in a network do not change the score (rarefaction)', () => {
    const { independent, random } = sets();
    const wide = planted(Array.from({ length: 6 }, () => noiseRows(random, 40)));
    const difference = systemicRedundancy(wide, options)!.value - systemicRedundancy(independent, options)!.value;
    expect(Math.abs(difference)).toBeLessThan(0.02);
  });
  test('sites are equally spaced among those that have enough kernels', () => {
    const { random } = sets();
    const mixed = planted([10, 2, 10, 10, 10, 2, 10, 10].map((count) => noiseRows(random, count)));
    expect(spacedSites(mixed, 3, 4)).toEqual([0, 4, 7]);
    expect(spacedSites(mixed, 99, 4)).toEqual([0, 2, 3, 4, 6, 7]);
  });
  test('too few sites or kernels: null; the same seed, the same number', () => {
    const { independent } = sets();
    expect(systemicRedundancy(independent, { ...options, kernels: 11 })).toBeNull();
    expect(systemicRedundancy(independent, options)).toEqual(systemicRedundancy(independent, options));
  });
});

describe('debiased CKA', () => {
  const { x, y, value } = reference.cka;
  test('agrees with U-centring in NumPy', () => expect(debiasedCka(x, y, 100)).toBeCloseTo(value, 10));
  test('is 1 for a scaled and shifted copy, near 0 for independent noise of many features', () => {
    expect(
      debiasedCka(
        x,
        x.map((v) => 3 * v + 1),
        100,
      ),
    ).toBeCloseTo(1, 10);
    const random = stream('cka');
    const noise = () => Float64Array.from({ length: 120 * 300 }, () => random.normal());
    expect(Math.abs(debiasedCka(noise(), noise(), 120)!)).toBeLessThan(0.05);
  });
  test('refuses below 100 examples, and constants', () => {
    expect(debiasedCka(x.slice(0, 99 * 7), y.slice(0, 99 * 5), 99)).toBeNull();
    expect(debiasedCka(new Float32Array(700), y, 100)).toBeNull();
  });
});
