import { describe, expect, test } from 'vitest';
import {
  predictDamage,
  type PredictedKernel,
  type PredictedSite,
  type PredictorResult,
} from '../../core/analysis/predictor.js';
import { randomStream } from '../../core/random.js';
import { simulation } from './simulation.js';

interface World {
  readonly run: number;
  readonly sites?: number;
  readonly kernels?: number;
  readonly images?: number;
  /** Weight of what `true` sees in the damage. */
  readonly slope: number;
}

/** Sites whose levels run against the effect within them; `std` drives damage and `true`, `noise` sees nothing. */
const world = ({ run, sites = 8, kernels = 16, images = 50, slope }: World): PredictedSite[] => {
  const random = randomStream(run, 'predictor-world');
  return Array.from({ length: sites }, (_, s) => ({
    site: `site${s}`,
    kernels: Array.from({ length: kernels }, (): PredictedKernel => {
      const [seen, std] = [random.normal(), random.normal()];
      const effect = slope * seen + std + random.normal();
      return {
        damage: Float64Array.from({ length: images }, () => Math.exp(effect / 2 + random.normal() / 2) / (s + 1)),
        predictors: { true: seen + 3 * s, std, copy: std + 0.3 * random.normal(), noise: random.normal(), constant: 1 },
      };
    }),
  }));
};

const options = { seed: 5, covariates: ['std'], bootstrap: 100, permutations: 199, splits: 10 };

describe('predictors of damage', () => {
  // Within each test, not before them: mutation testing sees what a test runs.
  const found = (): PredictorResult[] =>
    predictDamage(world({ run: 1, slope: 1 }), ['true', 'std', 'copy', 'noise', 'constant'], options);
  test('a true predictor is found within sites, whatever runs against it between them', () => {
    const [truth] = found();
    expect(truth!.spearman!.low).toBeGreaterThan(0.2);
    expect(truth!.p).toBe(1 / 200);
    expect(truth).toMatchObject({ sites: 8, kernels: 128 });
  });
  test('noise is not: its interval holds 0 and its adjusted p is large', () => {
    const noise = found()[3];
    expect(noise!.spearman!.low).toBeLessThan(0);
    expect(noise!.spearman!.high).toBeGreaterThan(0);
    expect(noise!.pAdjusted).toBeGreaterThan(0.05);
  });
  test('a copy of a covariate predicts, but nothing beyond it; the true one does', () => {
    const [truth, std, copy] = found();
    expect(copy!.spearman!.low).toBeGreaterThan(0.2);
    expect(Math.abs(copy!.partial!)).toBeLessThan(0.2);
    expect(truth!.partial).toBeGreaterThan(truth!.spearman!.estimate);
    expect(std!.partial).toBeCloseTo(std!.spearman!.estimate, 1);
  });
  test('what does not vary has no number, and does not count as a test', () => {
    const [truth, , , , constant] = found();
    expect(constant).toMatchObject({ spearman: null, p: null, pAdjusted: null, partial: null });
    // Benjamini-Yekutieli over the 4 that are left, the smallest p three times: p · 4 / 3 · (1 + 1/2 + 1/3 + 1/4).
    expect(truth!.pAdjusted).toBeCloseTo(((1 / 200) * 4 * (25 / 12)) / 3, 10);
  });
  test('no predictor passes the ceiling that the reliability of damage sets', () => {
    const [truth] = found();
    expect(truth!.reliability).toBeGreaterThan(0.9);
    expect(truth!.ceiling).toBeCloseTo(Math.sqrt(truth!.reliability!), 12);
  });
  test('the same seed gives the same bytes', () => {
    expect(found()).toEqual(found());
  });
  test('kernels without a predictor are left out, sites with fewer than 4 too; nothing left is null', () => {
    const sites = world({ run: 2, sites: 2, slope: 1 }).map((site, s) => ({
      ...site,
      kernels: site.kernels.map((kernel, k) =>
        s === 0 && k > 2 ? { ...kernel, predictors: { true: null, std: 1 } } : kernel,
      ),
    }));
    expect(predictDamage(sites, ['true'], options)[0]).toMatchObject({ sites: 1, kernels: 16 });
    expect(predictDamage(sites.slice(0, 1), ['true'], options)[0]).toMatchObject({ sites: 0, spearman: null });
    expect(predictDamage([], ['true'], options)[0]).toMatchObject({ sites: 0, spearman: null, reliability: null });
  });
  test('the target of a ratio is its logarithm: a common factor of a kernel drops out', () => {
    const plain = world({ run: 3, slope: 2 });
    const random = randomStream(3, 'factors');
    const ratio = plain.map((site) => ({
      ...site,
      kernels: site.kernels.map(({ damage, predictors }): PredictedKernel => {
        const factor = Math.exp(3 * random.normal());
        const scaled = Float64Array.from(damage, (v) => v * factor);
        return { damage: scaled, reference: new Float64Array(damage.length).fill(factor), predictors };
      }),
    }));
    const [a] = predictDamage(plain, ['true'], options);
    const [b] = predictDamage(ratio, ['true'], options);
    expect(b!.spearman!.estimate).toBeCloseTo(a!.spearman!.estimate, 10);
    expect(b!.p).toBe(a!.p);
  });
});

simulation(
  'the interval covers the correlation of endless kernels and images; p is below 0.1 in a tenth of the runs without effect',
  { timeout: 60_000 },
  () => {
    const quick = { ...options, bootstrap: 60, permutations: 59, splits: 2, covariates: [] };
    // Damage ranks by its exponent, a sum of three standard normals of which `true` is one (images add little): a
    // correlation of 1/√3, whose rank correlation is (6/π)·asin(ρ/2) (Kruskal, JASA 53, 1958).
    const truth = (6 / Math.PI) * Math.asin(1 / Math.sqrt(3) / 2);
    const runs = 100;
    let [covered, rejected] = [0, 0];
    for (let run = 0; run < runs; run++) {
      const small = { run, sites: 4, images: 30 };
      const { low, high } = predictDamage(world({ ...small, slope: 1 }), ['true'], quick)[0]!.spearman!;
      if (low <= truth && truth <= high) covered += 1;
      if (predictDamage(world({ ...small, slope: 0 }), ['noise'], quick)[0]!.p! <= 0.1) rejected += 1;
    }
    expect(covered / runs).toBeGreaterThan(0.95 - 3 * Math.sqrt((0.95 * 0.05) / runs));
    expect(rejected / runs).toBeLessThan(0.1 + 3 * Math.sqrt((0.1 * 0.9) / runs));
  },
);
