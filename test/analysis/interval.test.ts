import { describe, expect, test } from 'vitest';
import { crossedMean } from '../../core/analysis/crossed.js';
import {
  bootstrap,
  clopperPearson,
  jackknifeInterval,
  meanInterval,
  pairedDifference,
  studentInterval,
  type Interval,
} from '../../core/analysis/interval.js';
import { sum, variance } from '../../core/analysis/moments.js';
import { sumAt } from '../../core/analysis/reliability.js';
import { randomStream, type RandomStream } from '../../core/random.js';
import { reference } from './fixtures/reference.js';
import { simulation } from './simulation.js';

/** The least share of `runs` intervals that may cover at a stated rate: three Monte Carlo errors below it. */
const leastCoverage = (rate: number, runs: number): number => rate - 3 * Math.sqrt((rate * (1 - rate)) / runs);

const coverage = (runs: number, truth: number, interval: (run: number) => Interval | null): number => {
  let covered = 0;
  for (let run = 0; run < runs; run++) {
    const found = interval(run);
    if (found !== null && found.low <= truth && truth <= found.high) covered += 1;
  }
  return covered / runs;
};

describe('intervals agree with SciPy', () => {
  test('Clopper-Pearson, also at 0 and at n', () => {
    for (const [k, n, level, low, high] of reference.clopperPearson) {
      const interval = clopperPearson(k, n, level)!;
      expect(interval.low).toBeCloseTo(low, 11);
      expect(interval.high).toBeCloseTo(high, 11);
    }
  });
  test("Student's interval of a mean", () => {
    const { values, low, high } = reference.meanInterval;
    const error = Math.sqrt(variance(values)! / values.length);
    const interval = studentInterval(sum(values) / values.length, error, values.length - 1);
    expect(interval.low).toBeCloseTo(low, 11);
    expect(interval.high).toBeCloseTo(high, 11);
  });
  test('Hall’s interval of a mean, with 1.5 times the skewness on the side of the long tail, in NumPy', () => {
    const { values } = reference.meanInterval;
    const interval = meanInterval(values)!;
    expect(interval.low).toBeCloseTo(0.5600073697830031, 11);
    expect(interval.high).toBeCloseTo(1.2369160102054908, 11);
    // The other way round for the values turned round.
    const turned = meanInterval(values.map((v) => -v))!;
    expect(turned.low).toBeCloseTo(-interval.high, 11);
    expect(turned.high).toBeCloseTo(-interval.low, 11);
  });
  test('of values without skewness it is Student’s', () => {
    const values = [1, 2, 3, 4, 5];
    const { low, high } = meanInterval(values)!;
    // 3 ± 2.776445 · √(2.5/5)
    expect(high).toBeCloseTo(3 + 2.7764451051977987 * Math.sqrt(0.5), 11);
    expect(low).toBeCloseTo(3 - 2.7764451051977987 * Math.sqrt(0.5), 11);
    expect(meanInterval([2, 2, 2])).toMatchObject({ low: 2, high: 2 });
    expect(meanInterval([0, 0, 0, 4], 0.95, 0)!.low).toBe(0);
  });
  test('percentile and BCa bootstrap, within Monte Carlo error', () => {
    const { values } = reference.meanInterval;
    const meanOf = (drawn: Uint32Array): number => sum(Array.from(drawn, (i) => values[i]!)) / drawn.length;
    for (const [method, want] of [
      ['percentile', reference.percentile],
      ['bca', reference.BCa],
    ] as const) {
      const interval = bootstrap(values.length, meanOf, { seed: 1, purpose: ['test'], resamples: 4000, method })!;
      expect(Math.abs(interval.low - want.low)).toBeLessThan(0.02);
      expect(Math.abs(interval.high - want.high)).toBeLessThan(0.02);
    }
  });
});

describe('intervals cover', { timeout: 60_000 }, () => {
  test('Clopper-Pearson covers at least its rate at every proportion (by summation, not simulation)', () => {
    const n = 25;
    for (const p of [0.01, 0.1, 0.37, 0.5, 0.9]) {
      let [covered, mass] = [0, (1 - p) ** n];
      for (let k = 0; k <= n; k++) {
        const { low, high } = clopperPearson(k, n, 0.9)!;
        if (low <= p && p <= high) covered += mass;
        mass *= ((n - k) / (k + 1)) * (p / (1 - p));
      }
      expect(covered).toBeGreaterThanOrEqual(0.9);
    }
  });
  simulation.each([
    ['normal', 1, (random: RandomStream) => 1 + random.normal()],
    ['exponential', 1, (random: RandomStream) => -Math.log(1 - random.uniform())],
    ['lognormal, σ = 1', Math.exp(0.5), (random: RandomStream) => Math.exp(random.normal())],
    ['lognormal, σ = 2', Math.exp(2), (random: RandomStream) => Math.exp(2 * random.normal())],
    [
      'lognormal, σ = 1.5, or 0 in seven of ten',
      0.3 * Math.exp(1.125),
      (random: RandomStream) => (random.uniform() < 0.3 ? Math.exp(1.5 * random.normal()) : 0),
    ],
  ] as const)('that of a mean, at 250 and 500 values: %s', (name, mean, draw) => {
    const runs = 1500;
    for (const n of [250, 500]) {
      const random = randomStream(3, 'coverage', 'mean', name, n);
      const rate = coverage(runs, mean, () => meanInterval(Float64Array.from({ length: n }, () => draw(random))));
      // The mark is 0.93; that of symmetric values is exact.
      expect(rate).toBeGreaterThan(leastCoverage(0.93, runs));
    }
  });
  simulation('the paired difference of two yes/no outcomes', () => {
    const random = randomStream(4, 'coverage', 'paired');
    const runs = 2000;
    const rate = coverage(runs, 0.02 - 0.08, () => {
      let [gained, lost] = [0, 0];
      for (let i = 0; i < 200; i++) {
        const u = random.uniform();
        if (u < 0.02) gained += 1;
        else if (u < 0.1) lost += 1;
      }
      return pairedDifference(gained, lost, 200);
    });
    expect(rate).toBeGreaterThan(leastCoverage(0.95, runs));
  });
  simulation('a crossed mean covers the mean over new trials and new images, which neither source alone does', () => {
    const random = randomStream(5, 'coverage', 'crossed');
    const runs = 500;
    const [trials, images] = [8, 60];
    const alone = { trials: 0, images: 0 };
    const rate = coverage(runs, 0, () => {
      const byTrial = Array.from({ length: trials }, () => 0.3 * random.normal());
      const byImage = Array.from({ length: images }, () => random.normal());
      const table = byTrial.map((a) => byImage.map((b) => a + b + random.normal()));
      const trialOnly = meanInterval(table.map((row) => sum(row) / images))!;
      const imageOnly = meanInterval(byImage.map((_, i) => sum(table.map((row) => row[i]!)) / trials))!;
      if (trialOnly.low <= 0 && trialOnly.high >= 0) alone.trials += 1;
      if (imageOnly.low <= 0 && imageOnly.high >= 0) alone.images += 1;
      return crossedMean(table);
    });
    expect(rate).toBeGreaterThan(leastCoverage(0.95, runs));
    expect(alone.trials / runs).toBeLessThan(leastCoverage(0.95, runs));
    expect(alone.images / runs).toBeLessThan(leastCoverage(0.95, runs));
  });
  simulation.each(['percentile', 'bca'] as const)(
    'the %s bootstrap of a mean, but for the point that it lacks at n = 100',
    (method) => {
      const random = randomStream(6, 'coverage', method);
      const runs = 200;
      const rate = coverage(runs, 0, (run) => {
        const values = Float64Array.from({ length: 100 }, () => random.normal());
        const meanOf = (drawn: Uint32Array): number => sumAt(values, drawn) / drawn.length;
        return bootstrap(100, meanOf, { seed: run, purpose: ['mean'], resamples: 200, method });
      });
      expect(rate).toBeGreaterThan(leastCoverage(0.94, runs));
      expect(rate).toBeLessThan(1);
    },
  );
});

describe('intervals at the edge', () => {
  test('too few data give null, never NaN', () => {
    expect(clopperPearson(0, 0)).toBeNull();
    expect(meanInterval([1])).toBeNull();
    expect(pairedDifference(0, 0, 0)).toBeNull();
    expect(crossedMean([])).toBeNull();
    expect(crossedMean([[1]])).toBeNull();
    expect(bootstrap(4, () => 1, { seed: 1, purpose: [] })).toBeNull();
    expect(jackknifeInterval(1, [1, 1])).toBeNull();
  });
  test('a statistic that is often undefined has no bootstrap interval', () => {
    let calls = 0;
    expect(bootstrap(10, () => (calls++ % 2 === 0 ? 1 : null), { seed: 1, purpose: [], resamples: 50 })).toBeNull();
  });
  test("the jackknife of a mean is Student's interval", () => {
    const { values } = reference.meanInterval;
    const total = sum(values);
    const left = values.map((v) => (total - v) / (values.length - 1));
    const jackknife = jackknifeInterval(total / values.length, left)!;
    expect(jackknife.low).toBeCloseTo(reference.meanInterval.low, 11);
    expect(jackknife.high).toBeCloseTo(reference.meanInterval.high, 11);
  });
  test('accuracy of 1 throughout gets the exact interval of that many images, not a width of 0', () => {
    const always = Array.from({ length: 3 }, () => new Uint8Array(40).fill(1));
    const interval = crossedMean(always, 0.95, { proportion: true })!;
    expect(interval.low).toBeCloseTo(clopperPearson(40, 40)!.low, 12);
    expect(interval.high).toBe(1);
  });
  test('one unit: images alone, and said so', () => {
    const interval = crossedMean([reference.meanInterval.values])!;
    const alone = meanInterval(reference.meanInterval.values)!;
    expect(interval.low).toBeCloseTo(alone.low, 11);
    expect(interval.high).toBeCloseTo(alone.high, 11);
    expect(interval.sources).toBe('images');
  });
});
