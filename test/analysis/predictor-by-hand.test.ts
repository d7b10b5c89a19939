import { describe, expect, test } from 'vitest';
import { predictDamage, type PredictedKernel, type PredictedSite } from '../../core/analysis/predictor.js';
import { normalQuantile } from '../../core/analysis/special.js';

const options = { seed: 5, covariates: [], bootstrap: 60, permutations: 99, splits: 4 };
const images = (value: number, count = 8): number[] => Array.from({ length: count }, () => value);

/** A site whose kernels have these damages, on every image alike, and these predictors. */
const site = (damages: readonly number[], predictors: Readonly<Record<string, readonly (number | null)[]>>) => ({
  site: 'a',
  kernels: damages.map((damage, k): PredictedKernel => ({
    damage: images(damage),
    predictors: Object.fromEntries(Object.entries(predictors).map(([name, values]) => [name, values[k] ?? null])),
  })),
});
const six = [1, 2, 3, 4, 5, 6];
const found = (sites: readonly PredictedSite[], more: Partial<Parameters<typeof predictDamage>[2]> = {}) =>
  predictDamage(sites, ['x'], { ...options, ...more })[0]!;

describe('the correlation of a predictor with damage', () => {
  test('is that of ranks, and its interval as wide on either side of it on the z scale', () => {
    // Two neighbours are turned round: 1 − 6 · 2 / 210.
    const sites = [site(six, { x: [10, 20, 40, 30, 50, 900] })];
    const { spearman, sites: of, kernels } = found(sites);
    expect([of, kernels]).toEqual([1, 6]);
    expect(spearman!.estimate).toBeCloseTo(1 - 12 / 210, 12);
    const [low, middle, high] = [spearman!.low, spearman!.estimate, spearman!.high].map(Math.atanh);
    expect(high! - middle!).toBeCloseTo(middle! - low!, 9);
    expect(spearman!.level).toBe(0.95);
    const narrow = found(sites, { level: 0.5 }).spearman!;
    expect((Math.atanh(narrow.high) - middle!) / (high! - middle!)).toBeCloseTo(
      normalQuantile(0.75) / normalQuantile(0.975),
      9,
    );
  });

  test('of several sites is combined, and never over their levels', () => {
    const sites = [
      site([1, 2, 3, 4, 5], { x: [101, 102, 103, 104, 105] }),
      site([11, 12, 13, 14, 15, 16], { x: [1, 2, 4, 3, 5, 6] }),
    ];
    const z = (2 * Math.atanh(0.95) + 3 * Math.atanh(1 - 12 / 210)) / 5;
    expect(found(sites)).toMatchObject({ sites: 2, kernels: 11 });
    expect(found(sites).spearman!.estimate).toBeCloseTo(Math.tanh(z), 12);
  });

  test('has a p of the share of dealings that are as extreme on either side', () => {
    // Of 24 orders of four values one is as they are, and one turned round.
    const { p } = found([site([1, 2, 3, 4], { x: [1, 2, 3, 4] })], { permutations: 999 });
    expect(Math.abs(p! - 2 / 24)).toBeLessThan(3 * Math.sqrt(((2 / 24) * (22 / 24)) / 999));
    expect(found([site([1, 2, 3, 4], { x: [4, 3, 2, 1] })], { permutations: 999 }).p).toBeCloseTo(p!, 1);
    const weak = found([site([1, 2, 3, 4], { x: [3, 1, 4, 2] })], { permutations: 999 }).p!;
    expect(weak).toBeGreaterThan(0.9);
  });

  test('takes a thousand resamples and permutations unless told', () => {
    const sites = [site(six, { x: [10, 20, 40, 30, 50, 900] })];
    const whole = predictDamage(sites, ['x'], { seed: 5, covariates: [] });
    expect(whole).toEqual(
      predictDamage(sites, ['x'], {
        seed: 5,
        covariates: [],
        bootstrap: 1000,
        permutations: 1000,
        splits: 50,
        level: 0.95,
      }),
    );
    expect(whole[0]!.p! * 1001).toBeCloseTo(Math.round(whole[0]!.p! * 1001), 9);
  });

  test('has no interval where more than a tenth of the resamples have no correlation', () => {
    // Three of four values are equal: about a third of the draws of four have no other.
    const { spearman, p } = found([site([1, 2, 3, 4], { x: [1, 1, 1, 2] })]);
    expect(spearman).toBeNull();
    expect(p).not.toBeNull();
  });

  test('holds covariates constant, but never the predictor itself', () => {
    const cause = [1, 3, 2, 6, 4, 5];
    const sites = [site([2, 1, 4, 3, 6, 5], { x: six, cause })];
    // By the textbook, of ranks: 29/35, 27/35 and 13/35.
    const [xy, xc, yc] = [29 / 35, 27 / 35, 13 / 35];
    const { partial, spearman } = found(sites, { covariates: ['cause'] });
    expect(spearman!.estimate).toBeCloseTo(xy, 12);
    expect(partial).toBeCloseTo((xy - xc * yc) / Math.sqrt((1 - xc ** 2) * (1 - yc ** 2)), 12);
    const own = found(sites, { covariates: ['x'] });
    expect(own.partial).toBeCloseTo(own.spearman!.estimate, 12);
  });
});

describe('kernels', () => {
  test('count where predictor, covariates and damage are numbers', () => {
    const x = [1, 2, 4, 3, 5, 6, 7, Number.NaN, null, Number.POSITIVE_INFINITY];
    const c = [1, 1, 1, 1, 2, 3, null, 1, 1, 1];
    const damages = [1, 2, 3, 4, Number.NaN, 6, 7, 8, 9, 10];
    // Without a covariate seven have x, one of them no damage.
    expect(found([site(damages, { x, c })])).toMatchObject({ sites: 1, kernels: 6 });
    expect(found([site(damages, { x, c })], { covariates: ['c'] })).toMatchObject({ sites: 1, kernels: 5 });
    expect(found([site(damages, { x, c })], { covariates: ['c', 'unknown'] })).toMatchObject({
      sites: 0,
      spearman: null,
    });
    // The others do as if those were not there.
    const rest = site([1, 2, 3, 4, 6, 7], { x: [1, 2, 4, 3, 6, 7] });
    expect(found([site(damages, { x, c })]).spearman!.estimate).toBe(found([rest]).spearman!.estimate);
  });

  test('of sites with fewer than four do not', () => {
    const large = site(six, { x: six });
    const small = site([1, 2, 3], { x: [3, 2, 1] });
    expect(found([small, large])).toMatchObject({ sites: 1, kernels: 6 });
    expect(found([small, large]).spearman!.estimate).toBe(found([large]).spearman!.estimate);
    expect(found([site([1, 2, 3, 4], { x: [1, 2, 3, 4] })])).toMatchObject({ sites: 1, kernels: 4 });
    expect(found([small])).toEqual({
      predictor: 'x',
      sites: 0,
      kernels: 0,
      spearman: null,
      p: null,
      pAdjusted: null,
      partial: null,
      reliability: null,
      ceiling: null,
    });
  });

  test('without images have no damage', () => {
    const empty = { site: 'a', kernels: six.map((x) => ({ damage: [], predictors: { x } })) };
    expect(found([empty])).toMatchObject({ sites: 0, spearman: null, reliability: null });
  });
});

describe('a ratio of damages', () => {
  const ratio = (damages: readonly number[], references: readonly number[]): PredictedSite => ({
    site: 'a',
    kernels: damages.map((damage, k) => ({
      damage: images(damage),
      reference: images(references[k]!),
      predictors: { x: k },
    })),
  });
  test('ranks kernels by damage against reference; a reference or damage of nothing has none', () => {
    // 2/1, 9/3, 8/2, 5/1.
    expect(found([ratio([2, 9, 8, 5], [1, 3, 2, 1])]).spearman!.estimate).toBeCloseTo(0.9, 12);
    expect(found([ratio([2, 9, 8, 5], [1, 3, 2, 5])]).spearman!.estimate).toBeCloseTo(-0.2, 12);
    expect(found([ratio([2, 9, 8, 5, 0, 7], [1, 3, 2, 1, 1, 0])])).toMatchObject({ kernels: 4 });
  });
});

describe('reliability', () => {
  test('is of the damage of the same kernels, and bounds what can be predicted', () => {
    expect(found([site(six, { x: [1, 2, 4, 3, 5, 6] })])).toMatchObject({ reliability: 1, ceiling: 1 });
    // Kernels without the predictor, which no half of the images orders alike, have no part in it.
    const whole = site(six, { x: [1, 2, 4, 3, 5, 6] });
    const noise: PredictedKernel = { damage: [9, 0, 0, 9, 9, 0, 0, 9], predictors: { x: null } };
    const mixed = { site: 'a', kernels: [noise, ...whole.kernels, noise] };
    expect(found([mixed])).toMatchObject({ kernels: 6, reliability: 1 });
  });
});
