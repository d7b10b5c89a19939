import { describe, expect, test } from 'vitest';
import { columnMeans, crossedMean, satterthwaite } from '../../core/analysis/crossed.js';
import { clopperPearson } from '../../core/analysis/interval.js';
import { pooledLinearity } from '../../core/analysis/linearity.js';
import { dot, mean, quantile, sum, variance } from '../../core/analysis/moments.js';
import { combineCorrelations, partialSpearman, pearson } from '../../core/analysis/rank.js';
import {
  correlationCeiling,
  spearmanBrown,
  splitHalfOf,
  splitHalfReliability,
} from '../../core/analysis/reliability.js';
import { layerSensitivity } from '../../core/analysis/sensitivity.js';
import {
  betaQuantile,
  incompleteBeta,
  logGamma,
  normalCdf,
  normalQuantile,
  studentQuantile,
} from '../../core/analysis/special.js';

describe('split halves', () => {
  test('are disjoint, equally large, in order, and another pair each time; one image of an odd number sits out', () => {
    const seen: string[] = [];
    const halves: Uint32Array[] = [];
    const score = (images: Uint32Array): number[] => {
      halves.push(images);
      return [1, 2, 3, 4];
    };
    expect(splitHalfOf([score], 7, { seed: 1, splits: 9 })).toBe(1);
    expect(halves).toHaveLength(18);
    for (let split = 0; split < 9; split++) {
      const [a, b] = [[...halves[2 * split]!], [...halves[2 * split + 1]!]];
      expect([a.length, b.length]).toEqual([3, 3]);
      expect(new Set([...a, ...b]).size).toBe(6);
      for (const half of [a, b]) {
        expect(half).toEqual([...half].sort((x, y) => x - y));
        expect(half.every((image) => image >= 0 && image < 7)).toBe(true);
      }
      seen.push(JSON.stringify([a, b]));
    }
    expect(new Set(seen).size).toBeGreaterThan(6);
    halves.length = 0;
    splitHalfOf([score], 4, { seed: 1 });
    expect(halves).toHaveLength(100);
  });

  /** Units in an order that only one half of the images has: the other one has it turned round. */
  const contrary =
    (order: readonly number[]) =>
    (images: Uint32Array): number[] =>
      images.includes(0) ? [...order] : [...order].reverse();

  test('that agree wholly are reliable, that contradict are not; by ranks unless told', () => {
    expect(splitHalfOf([() => [1, 2, 3, 4]], 4, { seed: 1 })).toBe(1);
    expect(splitHalfOf([contrary([1, 2, 3, 4])], 4, { seed: 1 })).toBeNull();
    // Ranks 1 2 3 4 against 2 1 3 4: 1 − 6 · 2 / 60; stepped up, 2 · 0.8 / 1.8.
    const swapped = (images: Uint32Array): number[] => (images.includes(0) ? [1, 2, 30, 400] : [2, 1, 30, 400]);
    expect(splitHalfOf([swapped], 4, { seed: 1 })).toBeCloseTo(1.6 / 1.8, 12);
    const bySize = splitHalfOf([swapped], 4, { seed: 1, method: 'pearson' })!;
    expect(bySize).toBeGreaterThan(0.999);
  });

  test('of several groups are combined, larger groups counting more; small groups are left out', () => {
    const whole = () => [1, 2, 3, 4, 5];
    const swapped = (images: Uint32Array): number[] => (images.includes(0) ? [1, 2, 3, 4, 5, 6] : [2, 1, 3, 4, 5, 6]);
    // A perfect ranking of 5 counts as 1 − 6/120 with a weight of 2, ρ of the other (1 − 12/210) with one of 3.
    const z = (2 * Math.atanh(0.95) + 3 * Math.atanh(1 - 12 / 210)) / 5;
    const rho = Math.tanh(z);
    expect(splitHalfOf([whole, swapped, () => [1, 2, 3]], 4, { seed: 1 })).toBeCloseTo((2 * rho) / (1 + rho), 12);
    expect(splitHalfOf([() => [1, 2, 3], () => [1, 2, 3]], 4, { seed: 1 })).toBeNull();
    expect(splitHalfOf([() => [1, 2, 3]], 4, { seed: 1 })).toBeNull();
    expect(splitHalfOf([() => [2, 2, 2, 2]], 4, { seed: 1 })).toBeNull();
    expect(splitHalfOf([whole], 3, { seed: 1 })).toBeNull();
  });

  test('of rows are of their sums over images', () => {
    const rows = [1, 2, 3, 4].map((unit) => Float64Array.from({ length: 6 }, () => unit));
    expect(splitHalfReliability([rows], { seed: 1 })).toBe(1);
    expect(splitHalfReliability([[], rows], { seed: 1 })).toBeCloseTo((2 * 0.9) / 1.9, 12);
    // Only image 0 tells units apart: the half without it knows nothing.
    const once = [1, 2, 3, 4].map((unit) => Float64Array.of(unit, 0, 0, 0));
    expect(splitHalfReliability([once], { seed: 1 })).toBeNull();
  });

  test('are stepped up by their number, and bound correlations by a root', () => {
    expect(spearmanBrown(0.5, 4)).toBeCloseTo(0.8, 12);
    expect(spearmanBrown(0)).toBe(0);
    expect([correlationCeiling(null), correlationCeiling(0), correlationCeiling(1.2)]).toEqual([null, 0, 1]);
  });
});

describe('correlations', () => {
  test('of groups weigh by their size less 3', () => {
    const groups = [
      { correlation: 0.2, size: 10 },
      { correlation: 0.6, size: 50 },
      { correlation: 0.9, size: 5 },
    ];
    const z = (7 * Math.atanh(0.2) + 47 * Math.atanh(0.6) + 2 * Math.atanh(0.9)) / 56;
    expect(combineCorrelations(groups)).toBeCloseTo(Math.tanh(z), 12);
    expect(combineCorrelations([{ correlation: -1, size: 5 }])).toBeCloseTo(-0.95, 12);
    expect(combineCorrelations([])).toBeNull();
    expect(combineCorrelations([{ correlation: 0.5, size: 4 }])).toBeCloseTo(0.5, 12);
  });

  test('need three values that vary, and three more than covariates', () => {
    expect(pearson([1, 2, 4], [1, 2, 4])).toBe(1);
    expect(pearson([1, 2, 4], [-1, -2, -4])).toBe(-1);
    expect(pearson([1, 2, 3], [1e-8, 1e-8, 1e-8])).toBeNull();
    expect(pearson([1, 2, Number.NaN], [1, 2, 3])).toBeNull();
    const [x, y, c] = [
      [1, 2, 3, 5],
      [1, 3, 2, 5],
      [2, 1, 4, 3],
    ] as const;
    expect(partialSpearman(x, y, [c])).not.toBeNull();
    expect(partialSpearman(x.slice(1), y.slice(1), [c.slice(1)])).toBeNull();
    expect(partialSpearman(x, y, [])).toBeCloseTo(0.8, 12);
    expect(partialSpearman(x, y, [y])).toBeNull();
  });

  test('given one covariate are those of the textbook', () => {
    const [x, y, c] = [
      [1, 2, 3, 4, 5, 6],
      [2, 1, 4, 3, 6, 5],
      [1, 3, 2, 6, 4, 5],
    ] as const;
    const [xy, xc, yc] = [pearson(x, y)!, pearson(x, c)!, pearson(y, c)!];
    const partial = (xy - xc * yc) / Math.sqrt((1 - xc ** 2) * (1 - yc ** 2));
    expect(partialSpearman(x, y, [c])).toBeCloseTo(partial, 12);
    // A covariate that never varies explains nothing.
    expect(partialSpearman(x, y, [c, [1, 1, 1, 1, 1, 1]])).toBeCloseTo(partial, 12);
  });
});

describe('a crossed mean, by hand', () => {
  test('counts units and images: variances of both means, and their freedom', () => {
    // Means of units 2 and 4, of images 1, 3, 5.
    const rows = [
      [0, 2, 4],
      [2, 4, 6],
    ];
    expect([...columnMeans(rows)]).toEqual([1, 3, 5]);
    expect([...columnMeans([])]).toEqual([]);
    const [images, units] = [4 / 3, 2 / 2];
    const freedom = (images + units) ** 2 / (images ** 2 / 2 + units ** 2 / 1);
    const half = studentQuantile(0.95, freedom) * Math.sqrt(images + units);
    const found = crossedMean(rows, 0.9)!;
    expect(found).toMatchObject({ estimate: 3, units: 2, images: 3, sources: 'units and images', level: 0.9 });
    expect(found.low).toBeCloseTo(3 - half, 9);
    expect(found.high).toBeCloseTo(3 + half, 9);
    expect(crossedMean(rows, 0.9, { least: 0 })!.low).toBe(0);
    expect(crossedMean(rows, 0.9, { least: 0 })!.high).toBeCloseTo(3 + half, 9);
  });

  test('of shares stays between 0 and 1, and is exact where all are alike', () => {
    const mixed = crossedMean([[1, 1, 1, 0]], 0.95, { proportion: true })!;
    expect(mixed).toMatchObject({ high: 1, estimate: 0.75 });
    expect(crossedMean([[0, 0, 0, 1]], 0.95, { proportion: true })).toMatchObject({ low: 0, estimate: 0.25 });
    const none = crossedMean([[0, 0, 0, 0]], 0.95, { proportion: true })!;
    expect(none).toMatchObject({ ...clopperPearson(0, 4, 0.95), estimate: 0 });
    expect(crossedMean([[0, 0, 0, 0]])).toMatchObject({ low: 0, high: 0 });
    expect(crossedMean([[1, 1]], 0.95)).toMatchObject({ low: 1, high: 1, sources: 'images' });
  });

  test('has no end of freedom where nothing varies', () => {
    expect(satterthwaite([{ variance: 0, freedom: 3 }])).toEqual({ variance: 0, freedom: Infinity });
    // (2 + 1)² / (4 / 4 + 1 / 2).
    expect(
      satterthwaite([
        { variance: 2, freedom: 4 },
        { variance: 1, freedom: 2 },
      ]),
    ).toEqual({ variance: 3, freedom: 6 });
  });

  test('of a layer has the level that is asked for', () => {
    const layers = [{ layer: 'a', kl: [[0, 1, 2, 9]] }];
    const [wide, narrow] = [0.99, 0.5].map((level) => layerSensitivity(layers, level)[0]!.kl!);
    expect([wide!.level, narrow!.level]).toEqual([0.99, 0.5]);
    expect(wide!.high).toBeGreaterThan(narrow!.high);
    expect(layerSensitivity(layers)[0]!.kl!.level).toBe(0.95);
  });
});

describe('moments', () => {
  test('by hand', () => {
    expect([sum([]), sum([1, 2, 4])]).toEqual([0, 7]);
    expect([mean([]), mean([1, 2, 6])]).toEqual([null, 3]);
    expect([variance([5]), variance([1, 3]), variance([2, 2, 2])]).toEqual([null, 2, 0]);
    expect(dot([1, 2], [3, 4])).toBe(11);
    const ascending = [10, 20, 40];
    expect([0, 0.25, 0.5, 0.75, 1, -1, 2].map((p) => quantile(ascending, p))).toEqual([10, 15, 20, 30, 40, 10, 40]);
    expect(quantile([7], 0.3)).toBe(7);
  });

  test('linearity has none of what is not finite', () => {
    expect(pooledLinearity([{ oddNorm: Number.POSITIVE_INFINITY, evenNorm: 1 }])).toBeNull();
    expect(pooledLinearity([{ oddNorm: 1, evenNorm: Number.NaN }])).toBeNull();
    expect(pooledLinearity([{ oddNorm: 1e200, evenNorm: 0 }])).toBeNull();
  });
});

describe('special functions at their edges', () => {
  test('are what they are by definition', () => {
    expect([
      incompleteBeta(0, 2, 3),
      incompleteBeta(-1, 2, 3),
      incompleteBeta(1, 2, 3),
      incompleteBeta(2, 2, 3),
    ]).toEqual([0, 0, 1, 1]);
    // Of Beta(1, b): 1 − (1 − x)^b; of Beta(a, 1): x^a.
    for (const x of [0.001, 0.2, 0.5, 0.7, 0.999]) {
      expect(incompleteBeta(x, 1, 5)).toBeCloseTo(1 - (1 - x) ** 5, 12);
      expect(incompleteBeta(x, 7, 1)).toBeCloseTo(x ** 7, 12);
      expect(incompleteBeta(x, 3, 4) + incompleteBeta(1 - x, 4, 3)).toBeCloseTo(1, 12);
    }
    expect([betaQuantile(0, 2, 3), betaQuantile(-1, 2, 3), betaQuantile(1, 2, 3), betaQuantile(2, 2, 3)]).toEqual([
      0, 0, 1, 1,
    ]);
    expect(betaQuantile(1 / 32, 5, 1)).toBeCloseTo(0.5, 14);
  });

  test('gamma of whole and half numbers', () => {
    expect(Math.exp(logGamma(5))).toBeCloseTo(24, 10);
    expect(logGamma(0.5)).toBeCloseTo(Math.log(Math.PI) / 2, 13);
    expect(logGamma(0.25) + logGamma(0.75)).toBeCloseTo(Math.log(Math.PI * Math.SQRT2), 13);
  });

  test('the normal distribution is even, and its two forms meet', () => {
    expect(normalCdf(0)).toBe(0.5);
    for (const x of [1e-9, 0.3, 1.7, Math.sqrt(3) - 1e-9, Math.sqrt(3) + 1e-9, 4]) {
      expect(normalCdf(x) + normalCdf(-x)).toBeCloseTo(1, 14);
      expect(normalQuantile(normalCdf(-x))).toBeCloseTo(-x, 8);
    }
    expect(normalQuantile(0.5)).toBe(0);
    // Where its three forms meet: 0.075 and exp(−25).
    for (const p of [0.075, Math.exp(-25)]) {
      for (const near of [p * (1 - 1e-9), p * (1 + 1e-9)]) {
        expect(normalCdf(normalQuantile(near)) / near).toBeCloseTo(1, 9);
        expect(normalQuantile(near)).toBeLessThan(0);
      }
    }
    expect(normalQuantile(0.925)).toBeCloseTo(-normalQuantile(0.075), 12);
  });

  test("Student's quantile is that of Cauchy with one degree of freedom, and even", () => {
    for (const p of [0.01, 0.3, 0.6, 0.9, 0.99]) {
      expect(studentQuantile(p, 1)).toBeCloseTo(Math.tan(Math.PI * (p - 0.5)), 9);
      expect(studentQuantile(p, 2)).toBeCloseTo((2 * p - 1) / Math.sqrt(2 * p * (1 - p)), 9);
      expect(studentQuantile(p, 7)).toBeCloseTo(-studentQuantile(1 - p, 7), 9);
    }
    expect(studentQuantile(0.5, 3)).toBe(0);
  });
});
