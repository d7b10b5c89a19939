import { describe, expect, test } from 'vitest';
import { judgePredictions, type Judged } from '../../core/analysis/leading.js';
import { predictDamage, type PredictedKernel, type PredictedSite } from '../../core/analysis/predictor.js';
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

const options = { seed: 5, covariates: ['std'], bootstrap: 100, splits: 10 };
const judged = (sites: readonly PredictedSite[], names: readonly string[], more = {}): Judged[] =>
  judgePredictions([predictDamage(sites, names, { ...options, ...more })])[0]!;

describe('predictors of damage', () => {
  // Within each test, not before them: mutation testing sees what a test runs.
  const found = (): Judged[] => judged(world({ run: 1, slope: 1 }), ['true', 'std', 'copy', 'noise', 'constant']);
  test('a true predictor is found within sites, whatever runs against it between them', () => {
    const [truth] = found();
    expect(truth!.interval!.low).toBeGreaterThan(0.1);
    expect(truth!.prediction.p).toBeLessThan(0.01);
    expect(truth!.prediction).toMatchObject({ sites: 8, kernels: 128 });
  });
  test('noise is not: its interval holds 0 and its adjusted p is large', () => {
    const noise = found()[3]!;
    expect(noise.interval!.low).toBeLessThan(0);
    expect(noise.interval!.high).toBeGreaterThan(0);
    expect(noise.pAdjusted).toBeGreaterThan(0.05);
  });
  test('a copy of a covariate predicts, but nothing beyond it; the true one does', () => {
    const [truth, std, copy] = found();
    expect(copy!.interval!.low).toBeGreaterThan(0.2);
    expect(Math.abs(copy!.prediction.partial!)).toBeLessThan(0.2);
    expect(truth!.prediction.partial).toBeGreaterThan(truth!.interval!.estimate);
    expect(std!.prediction.partial).toBeCloseTo(std!.interval!.estimate, 12);
  });
  test('what does not vary has no number, and does not count as a test', () => {
    const [truth, , , , constant] = found();
    expect(constant!.prediction).toMatchObject({ correlation: null, p: null, between: null, partial: null, ahead: [] });
    expect([constant!.pAdjusted, constant!.interval, constant!.lead]).toEqual([null, null, null]);
    expect(truth!.pAdjusted).not.toBeNull();
  });
  test('no predictor passes the ceiling that the reliability of damage sets', () => {
    const { reliability, ceiling } = found()[0]!.prediction;
    expect(reliability).toBeGreaterThan(0.9);
    expect(ceiling).toBeCloseTo(Math.sqrt(reliability!), 12);
  });
  test('the same seed gives the same numbers', () => {
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
    const nothing = { sites: 0, correlation: null, reliability: null };
    expect(predictDamage(sites.slice(0, 1), ['true'], options)[0]).toMatchObject(nothing);
    expect(predictDamage([], ['true'], options)[0]).toMatchObject(nothing);
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
    const [a, b] = [plain, ratio].map((sites) => predictDamage(sites, ['true'], options)[0]!);
    expect(b!.correlation!.estimate).toBeCloseTo(a!.correlation!.estimate, 10);
    expect(b!.p).toBeCloseTo(a!.p!, 10);
  });
});

/** Predictors that see the damage's exponent alike well, or so well; sites' own correlations differ by `tau` on Fisher's scale. */
function seeing(run: number, sites: number, rhos: readonly number[], tau: number): PredictedSite[] {
  const random = randomStream(run, 'seeing', sites, rhos.length, tau);
  return Array.from({ length: sites }, (_, s) => {
    const shift = tau * random.normal();
    return {
      site: String(s),
      kernels: Array.from({ length: 12 }, (): PredictedKernel => {
        const effect = random.normal();
        const predictors = rhos.map((rho, i): [string, number] => {
          // A rank correlation ρ of normal values belongs to Pearson's 2 sin(πρ/6) (Kruskal, JASA 53, 1958).
          const p = 2 * Math.sin((Math.PI * Math.tanh(Math.atanh(rho) + shift)) / 6);
          return [String(i), p * effect + Math.sqrt(1 - p * p) * random.normal()];
        });
        return { damage: [Math.exp(effect)], predictors: Object.fromEntries(predictors) };
      }),
    };
  });
}

const exact = { covariates: [], bootstrap: 0, splits: 1 };

simulation(
  'the interval covers the planted correlation at its rate, p is uniform without one, and sites that differ are told',
  { timeout: 60_000 },
  () => {
    const runs = 300;
    for (const tau of [0, 0.4]) {
      for (const sites of [3, 12]) {
        let [covered, rejected] = [0, 0];
        for (let run = 0; run < runs; run++) {
          const { low, high } = judged(seeing(run, sites, [0.5], tau), ['0'], exact)[0]!.interval!;
          if (low <= 0.5 && 0.5 <= high) covered += 1;
          if (predictDamage(seeing(run, sites, [0], tau), ['0'], { ...options, ...exact })[0]!.p! <= 0.1) rejected += 1;
        }
        expect(Math.abs(covered / runs - 0.95)).toBeLessThan(3 * Math.sqrt((0.95 * 0.05) / runs));
        expect(Math.abs(rejected / runs - 0.1)).toBeLessThan(3 * Math.sqrt(0.09 / runs) + 0.005);
      }
    }
    const between = (tau: number): number => {
      const resampled = { ...options, covariates: [], bootstrap: 60 };
      return predictDamage(seeing(1, 40, [0.5], tau), ['0'], resampled)[0]!.between!;
    };
    expect(between(0)).toBeLessThan(0.25);
    expect(Math.abs(between(0.8) - 0.8)).toBeLessThan(0.25);
  },
);

simulation(
  'of predictors that are equally good the best is not claimed more often than the stated rate, over all networks at once; one that is better is found',
  { timeout: 60_000 },
  () => {
    const runs = 150;
    const claims = (rhos: readonly number[], networks: number): string[] =>
      Array.from({ length: runs }, (_, run) =>
        judgePredictions(
          Array.from({ length: networks }, (_n, n) =>
            predictDamage(
              seeing(run * networks + n, 10, rhos, 0.2),
              rhos.map((_r, i) => String(i)),
              { ...options, ...exact },
            ),
          ),
          0.9,
        )
          .flat()
          .filter(({ lead }) => lead!.low! > 0)
          .map(({ prediction }) => prediction.predictor),
      ).map((best) => best.join());
    const rate = (found: readonly string[], of: (best: string) => boolean): number => found.filter(of).length / runs;
    const equal = [claims([0.5, 0.5], 3), claims([0.5, 0.5, 0.5, 0.5], 1), claims([0, 0], 1)];
    for (const found of equal) {
      expect(rate(found, (best) => best !== '')).toBeLessThan(0.1 + 3 * Math.sqrt(0.09 / runs));
    }
    const found = claims([0.3, 0.9, 0.3], 1);
    expect(rate(found, (best) => best === '1')).toBeGreaterThan(0.9);
    expect(rate(found, (best) => best !== '' && best !== '1')).toBe(0);
  },
);

test('images in common to all sites are in the interval: without resampling them it is too short', () => {
  // One image in a hundred decides how much of the damage the predictor sees; all sites share it.
  const random = randomStream(9, 'common');
  const factors = Array.from({ length: 100 }, () => Math.exp(1.5 * random.normal()));
  const sites = Array.from({ length: 20 }, (_, s) => ({
    site: String(s),
    kernels: Array.from({ length: 32 }, (): PredictedKernel => {
      const [other, seen] = [Math.exp(random.normal()), random.normal()];
      return { damage: factors.map((factor) => other + factor * Math.exp(seen)), predictors: { x: seen } };
    }),
  }));
  const error = (bootstrap: number): number =>
    predictDamage(sites, ['x'], { seed: 1, covariates: [], bootstrap, splits: 1 })[0]!.correlation!.error!;
  expect(error(200)).toBeGreaterThan(1.2 * error(0));
});
