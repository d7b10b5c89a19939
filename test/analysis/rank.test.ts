import { describe, expect, test } from 'vitest';
import { adjustFalseDiscovery } from '../../core/analysis/multiplicity.js';
import {
  combineCorrelations,
  roundingVariance,
  midRanks,
  partialSpearman,
  pearson,
  spearman,
} from '../../core/analysis/rank.js';
import { correlationCeiling, spearmanBrown, splitHalfReliability } from '../../core/analysis/reliability.js';
import { randomStream } from '../../core/random.js';
import { reference } from './fixtures/reference.js';

describe('ranks and correlations agree with SciPy', () => {
  const { x, y, c1, c2, ranks } = reference.rank;
  test('mid-ranks with ties', () => expect([...midRanks(x)]).toEqual(ranks));
  test('Pearson and Spearman', () => {
    expect(pearson(x, y)).toBeCloseTo(reference.rank.pearson, 12);
    expect(spearman(x, y)).toBeCloseTo(reference.rank.spearman, 12);
  });
  test('partial Spearman, also with a covariate given twice', () => {
    expect(partialSpearman(x, y, [c1, c2])).toBeCloseTo(reference.rank.partial, 12);
    expect(partialSpearman(x, y, [c1, c2, c1])).toBeCloseTo(reference.rank.partial, 12);
  });
  test('false discovery rate, with tests that have no p left out', () => {
    const { p, bh, by } = reference.falseDiscovery;
    adjustFalseDiscovery(p, 'bh').forEach((value, i) => expect(value).toBeCloseTo(bh[i]!, 12));
    adjustFalseDiscovery(p).forEach((value, i) => expect(value).toBeCloseTo(by[i]!, 12));
    const withGaps = adjustFalseDiscovery([null, ...[...p].reverse(), null]);
    expect(withGaps[0]).toBeNull();
    expect(withGaps[p.length]).toBeCloseTo(by[0]!, 12);
  });
});

describe('correlations within sites', () => {
  test("Fisher's combination of equal correlations is that correlation; larger groups weigh more", () => {
    expect(
      combineCorrelations([
        { correlation: 0.4, size: 10 },
        { correlation: 0.4, size: 50 },
      ]),
    ).toBeCloseTo(0.4, 12);
    // By hand: z = (7·atanh 0.2 + 47·atanh 0.6) / 54.
    const z = (7 * Math.atanh(0.2) + 47 * Math.atanh(0.6)) / 54;
    expect(
      combineCorrelations([
        { correlation: 0.2, size: 10 },
        { correlation: 0.6, size: 50 },
      ]),
    ).toBeCloseTo(Math.tanh(z), 12);
  });
  test('sites whose levels differ do not make a correlation, nor hide one (pooled, it reverses)', () => {
    const random = randomStream(1, 'simpson');
    const groups = Array.from({ length: 6 }, (_, site) => {
      const x = Array.from({ length: 16 }, () => random.normal() + 4 * site);
      return { x, y: x.map((v) => v - 4 * site - 6 * site + 0.5 * random.normal()) };
    });
    expect(
      spearman(
        groups.flatMap((g) => g.x),
        groups.flatMap((g) => g.y),
      ),
    ).toBeLessThan(-0.7);
    for (const { x, y } of groups) expect(spearman(x, y)).toBeGreaterThan(0.5);
  });
  test('a partial correlation removes what both owe to a covariate', () => {
    const random = randomStream(2, 'partial');
    const groups = Array.from({ length: 10 }, () => {
      const cause = Array.from({ length: 40 }, () => random.normal());
      return {
        x: cause.map((v) => v + random.normal()),
        y: cause.map((v) => v + random.normal()),
        covariates: [cause],
      };
    });
    const meanOf = (of: (group: (typeof groups)[number]) => number | null): number =>
      groups.reduce((sum, group) => sum + of(group)!, 0) / groups.length;
    expect(meanOf(({ x, y }) => spearman(x, y))).toBeGreaterThan(0.35);
    expect(Math.abs(meanOf(({ x, y, covariates }) => partialSpearman(x, y, covariates)))).toBeLessThan(0.12);
  });
  test('too few, or nothing that varies, is null', () => {
    expect(spearman([1, 2], [1, 2])).toBeNull();
    expect(spearman([1, 1, 1, 1], [1, 2, 3, 4])).toBeNull();
    expect(pearson([0.1, 0.1, 0.1], [1, 2, 3])).toBeNull();
    expect(combineCorrelations([{ correlation: 0.5, size: 3 }])).toBeNull();
    expect(combineCorrelations([{ correlation: null, size: 30 }])).toBeNull();
    expect(partialSpearman([1, 2, 3, 4, 5], [2, 1, 4, 3, 5], [[1, 2, 3, 4, 5]])).toBeNull();
  });
  test('a perfect ranking of a site combines to a finite number below 1', () => {
    expect(combineCorrelations([{ correlation: 1, size: 5 }])).toBeCloseTo(0.95, 12);
  });
  test('its step, the least change of ρ, is what ranks round away', () => {
    // Of five values ρ goes in steps of 0.1: at 0 an even spread over 0.1 has the variance 0.1² / 12.
    expect(roundingVariance(0, 5)).toBeCloseTo(0.01 / 12, 12);
    expect(roundingVariance(-1, 5)).toBe(roundingVariance(1, 5));
    expect(roundingVariance(1, 5)).toBeCloseTo((0.1 / (1 - 0.95 ** 2)) ** 2 / 12, 12);
  });
});

describe('reliability of a ranking', { timeout: 60_000 }, () => {
  // value = kernel effect (variance v) + noise (variance 1) on each image: over n images the reliability of a kernel's
  // mean is v / (v + 1/n), exactly.
  const simulate = (seed: number, kernels: number, images: number, v: number): Float64Array[] => {
    const random = randomStream(seed, 'components');
    return Array.from({ length: kernels }, () => {
      const effect = Math.sqrt(v) * random.normal();
      return Float64Array.from({ length: images }, () => effect + random.normal());
    });
  };
  test.each([0.05, 0.01, 0.002])('meets the analytic one of variance components (v = %f)', (v) => {
    const images = 100;
    const got = splitHalfReliability([simulate(7, 1500, images, v)], { seed: 1, splits: 8, method: 'pearson' });
    expect(Math.abs(got! - v / (v + 1 / images))).toBeLessThan(0.06);
  });
  test('of pure noise is about 0, within sites too', () => {
    const sites = Array.from({ length: 20 }, (_, s) => simulate(s, 32, 60, 0));
    expect(Math.abs(splitHalfReliability(sites, { seed: 1, splits: 20 })!)).toBeLessThan(0.15);
  });
  test('levels of sites count when ranked together, not within sites', () => {
    const sites = Array.from({ length: 10 }, (_, s) => simulate(s, 64, 40, 0).map((row) => row.map((x) => x + s)));
    expect(splitHalfReliability([sites.flat()], { seed: 1 })).toBeGreaterThan(0.95);
    expect(Math.abs(splitHalfReliability(sites, { seed: 1 })!)).toBeLessThan(0.3);
  });
  test('is the same for the same seed, and null for too few images or kernels', () => {
    const rows = simulate(9, 20, 31, 0.1);
    expect(splitHalfReliability([rows], { seed: 2 })).toBe(splitHalfReliability([rows], { seed: 2 }));
    expect(splitHalfReliability([rows], { seed: 2 })).not.toBe(splitHalfReliability([rows], { seed: 3 }));
    expect(splitHalfReliability([rows.map((row) => row.slice(0, 3))], { seed: 2 })).toBeNull();
    expect(splitHalfReliability([rows.slice(0, 3)], { seed: 2 })).toBeNull();
    expect(splitHalfReliability([], { seed: 2 })).toBeNull();
  });
  test('Spearman-Brown and the ceiling, by hand', () => {
    expect(spearmanBrown(0.5)).toBeCloseTo(2 / 3, 15);
    expect(spearmanBrown(0.5, 3)).toBeCloseTo(0.75, 15);
    expect(correlationCeiling(0.81)).toBeCloseTo(0.9, 15);
    expect(correlationCeiling(-0.1)).toBeNull();
  });
});
