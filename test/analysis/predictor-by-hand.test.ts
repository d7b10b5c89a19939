import { describe, expect, test } from 'vitest';
import { predictDamage, type PredictedKernel, type PredictedSite } from '../../core/analysis/predictor.js';
import { studentP } from '../../core/analysis/special.js';

const options = { seed: 5, covariates: [], bootstrap: 60, splits: 4 };
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
const rho = (sites: readonly PredictedSite[], more = {}): number => Math.tanh(found(sites, more).correlation!.estimate);
/** Of six values two neighbours turned round: 1 − 6 · 2 / 210. */
const turned = [10, 20, 40, 30, 50, 900];
const [almost, five] = [Math.atanh(1 - 12 / 210), Math.atanh(0.95)];

describe('the correlation of a predictor with damage', () => {
  test('is that of ranks; one site, or two, tell nothing of others', () => {
    const sites = [site(six, { x: turned })];
    expect(found(sites)).toMatchObject({ sites: 1, kernels: 6, p: null, between: null });
    expect(rho(sites)).toBeCloseTo(1 - 12 / 210, 12);
    expect(found([...sites, ...sites])).toMatchObject({ sites: 2, p: null, correlation: { error: null } });
  });

  test('rests on no site where damage or predictor is the same for all kernels', () => {
    const sites = [
      site(six, { x: turned }),
      site([2, 2, 2, 2, 2], { x: [1, 2, 3, 4, 5] }),
      site(six, { x: six.map(() => 1) }),
    ];
    expect(found(sites)).toMatchObject({ sites: 1, kernels: 6 });
    expect(rho(sites)).toBeCloseTo(1 - 12 / 210, 12);
  });

  test('is the mean over sites on Fisher’s scale, and never over their levels', () => {
    const sites = [
      site([1, 2, 3, 4, 5], { x: [101, 102, 103, 104, 105] }),
      site([11, 12, 13, 14, 15, 16], { x: [1, 2, 4, 3, 5, 6] }),
      site([6, 5, 4, 3, 2, 1], { x: six }),
    ];
    const mean = (five + almost - Math.atanh(1 - 6 / 210)) / 3;
    const { correlation, p, kernels } = found(sites);
    expect(kernels).toBe(17);
    expect(correlation!.estimate).toBeCloseTo(mean, 12);
    expect(p).toBeCloseTo(studentP(mean / correlation!.error!, correlation!.freedom), 12);
  });

  test('has an error from the distance of sites and from the steps of ranks', () => {
    const sites = [site(six, { x: six }), site(six, { x: six }), site(six, { x: six })];
    // Three perfect sites are no distance apart; of six values ρ goes in steps of 12/210, held half a step below 1.
    const held = 1 - 6 / 210;
    const rounding = (12 / 210 / (1 - held ** 2)) ** 2 / 12;
    expect(found(sites).correlation!.error).toBeCloseTo(Math.sqrt(rounding / 3), 12);
  });

  test('takes a thousand resamples unless told', () => {
    const kernels = six.map((x): PredictedKernel => ({ damage: [x, 1, 9 / x, 2], predictors: { x } }));
    const sites = [1, 2, 3].map((name) => ({ site: String(name), kernels }));
    const of = (more: { readonly bootstrap?: number; readonly splits?: number }) =>
      predictDamage(sites, ['x'], { seed: 5, covariates: [], ...more });
    expect(of({})).toEqual(of({ bootstrap: 1000, splits: 50 }));
    expect(of({})).not.toEqual(of({ bootstrap: 999 }));
  });

  test('holds covariates constant, but never the predictor itself', () => {
    const cause = [1, 3, 2, 6, 4, 5];
    const sites = [site([2, 1, 4, 3, 6, 5], { x: six, cause })];
    // By the textbook, of ranks: 29/35, 27/35 and 13/35.
    const [xy, xc, yc] = [29 / 35, 27 / 35, 13 / 35];
    expect(rho(sites, { covariates: ['cause'] })).toBeCloseTo(xy, 12);
    expect(found(sites, { covariates: ['cause'] }).partial).toBeCloseTo(
      (xy - xc * yc) / Math.sqrt((1 - xc ** 2) * (1 - yc ** 2)),
      12,
    );
    expect(found(sites, { covariates: ['x'] }).partial).toBeCloseTo(xy, 12);
  });
});

describe('one predictor against another', () => {
  const pair = (sites: readonly PredictedSite[]) => predictDamage(sites, ['x', 'y'], options);
  test('is ahead by the mean difference of their strengths, whatever their signs', () => {
    const sites = [1, 2, 3].map(() => site(six, { x: [6, 5, 4, 3, 2, 1], y: turned }));
    const [x, y] = pair(sites);
    const lead = Math.atanh(1 - 6 / 210) - almost;
    expect(x!.ahead).toHaveLength(1);
    expect(x!.ahead[0]!.estimate).toBeCloseTo(lead, 12);
    expect(y!.ahead[0]!.estimate).toBeCloseTo(-lead, 12);
    expect(y!.ahead[0]!.error).toBeCloseTo(x!.ahead[0]!.error!, 12);
  });
  test('is compared on the kernels that have both', () => {
    // On its own y is perfect on five kernels; x is perfect on these, and not on the sixth.
    const sites = [1, 2, 3].map(() => site([1, 2, 3, 4, 5, 6], { x: [2, 3, 4, 5, 6, 1], y: [1, 2, 3, 4, 5, null] }));
    const [x, y] = pair(sites);
    expect(x!.correlation!.estimate).toBeLessThan(y!.correlation!.estimate);
    expect(x!.ahead[0]!.estimate).toBeCloseTo(0, 12);
  });
  test('is not compared where nothing is known of the other', () => {
    const sites = [1, 2, 3].map(() => site(six, { x: six, y: [1, 1, 1, 1, 1, 1] }));
    expect(pair(sites)[0]!.ahead).toEqual([]);
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
      correlation: null,
    });
    // The others do as if those were not there.
    const rest = site([1, 2, 3, 4, 6, 7], { x: [1, 2, 4, 3, 6, 7] });
    expect(rho([site(damages, { x, c })])).toBe(rho([rest]));
  });

  test('of sites with fewer than four do not', () => {
    const large = site(six, { x: six });
    const small = site([1, 2, 3], { x: [3, 2, 1] });
    expect(found([small, large])).toMatchObject({ sites: 1, kernels: 6 });
    expect(rho([small, large])).toBe(rho([large]));
    expect(found([site([1, 2, 3, 4], { x: [1, 2, 3, 4] })])).toMatchObject({ sites: 1, kernels: 4 });
    expect(found([small])).toEqual({
      predictor: 'x',
      sites: 0,
      kernels: 0,
      correlation: null,
      p: null,
      between: null,
      partial: null,
      reliability: null,
      ceiling: null,
      ahead: [],
    });
  });

  test('without images have no damage', () => {
    const empty = { site: 'a', kernels: six.map((x) => ({ damage: [], predictors: { x } })) };
    expect(found([empty])).toMatchObject({ sites: 0, correlation: null, reliability: null });
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
    // 2/1, 9/3, 8/2, 5/1: perfect, and held half a step below 1.
    expect(rho([ratio([2, 9, 8, 5], [1, 3, 2, 1])])).toBeCloseTo(0.9, 12);
    expect(rho([ratio([2, 9, 8, 5], [1, 3, 2, 5])])).toBeCloseTo(-0.2, 12);
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
