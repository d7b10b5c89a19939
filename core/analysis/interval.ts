import { largest, smallest } from '../extremes.js';
import { randomStream } from '../random.js';
import { remembering } from '../remembering.js';
import { mean, quantile, sum, variance } from './moments.js';
import { betaQuantile, normalCdf, normalQuantile, studentQuantile } from './special.js';

/** An estimate with its two-sided confidence interval. */
export interface Interval {
  readonly low: number;
  readonly high: number;
  readonly estimate: number;
  /** Confidence level, 0.95 for instance. */
  readonly level: number;
}

const clamp = (x: number, low: number, high: number): number => Math.min(high, Math.max(low, x));

/** Exact interval of a proportion: covers at least `level` (Clopper and Pearson, Biometrika 26, 1934). Null without trials. */
export function clopperPearson(successes: number, trials: number, level = 0.95): Interval | null {
  return trials < 1 ? null : exactInterval(successes, trials, level);
}

const exactInterval = remembering(10_000, (successes: number, trials: number, level: number): Interval => {
  const outside = (1 - level) / 2;
  return {
    low: successes === 0 ? 0 : betaQuantile(outside, successes, trials - successes + 1),
    high: successes === trials ? 1 : betaQuantile(1 - outside, successes + 1, trials - successes),
    estimate: successes / trials,
    level,
  };
});

/** estimate ± t · error, within [least, most]. */
export function studentInterval(
  estimate: number,
  error: number,
  freedom: number,
  level = 0.95,
  least = Number.NEGATIVE_INFINITY,
  most = Number.POSITIVE_INFINITY,
): Interval {
  const half = error === 0 ? 0 : studentQuantile((1 + level) / 2, freedom) * error;
  return { low: clamp(estimate - half, least, most), high: clamp(estimate + half, least, most), estimate, level };
}

/**
 * How much more skewed than its sample a distribution is taken to be, on the side of its long tail. The sample's skewness is
 * too small where tails are heavy, by more than any formula of the sample tells; the factor was found by simulation
 * (`npm run bench:intervals`, docs/science.md): the least, in quarters, that covers lognormals up to σ = 2 at 0.93 or more.
 */
const LONGER_TAIL = 1.5;

/**
 * An estimate's interval where its sampling distribution is skewed: Student's quantiles, taken back through the monotone
 * cubic that removes the skewness (Hall, JRSS B 54, 1992, T3). On the side of the long tail the interval ends where that of
 * `tail` times the skewness does, if that is farther out. Without skewness it is Student's.
 *
 * @param error standard error of the estimate
 * @param skewness of the estimate's own distribution: of a mean of n values, theirs over √n
 * @param tail how much more skewed the long side is taken to be
 */
export function skewedInterval(
  estimate: number,
  error: number,
  skewness: number,
  freedom: number,
  level = 0.95,
  least = Number.NEGATIVE_INFINITY,
  most = Number.POSITIVE_INFINITY,
  tail = LONGER_TAIL,
): Interval {
  const { low, high } = skewedEnds(estimate, error, skewness, studentQuantile((1 + level) / 2, freedom), tail);
  return { low: clamp(low, least, most), high: clamp(high, least, most), estimate, level };
}

/** The ends of `skewedInterval` before any bound, for a quantile that is known. */
export function skewedEnds(
  estimate: number,
  error: number,
  skewness: number,
  quantileOf: number,
  tail = LONGER_TAIL,
): { readonly low: number; readonly high: number } {
  if (error === 0 || !Number.isFinite(skewness) || Math.abs(skewness) < 1e-9) {
    const half = error === 0 ? 0 : quantileOf * error;
    return { low: estimate - half, high: estimate + half };
  }
  const end = (z: number, lambda: number): number =>
    estimate - (error * 3 * (Math.cbrt(1 + lambda * (z - lambda / 6)) - 1)) / lambda;
  const ends = (z: number): readonly number[] => [end(z, skewness), end(z, tail * skewness)];
  return { low: smallest(ends(quantileOf)), high: largest(ends(-quantileOf)) };
}

/** Third central moment of a mean of values, as estimated from them: their own over n². */
export function thirdMomentOfMean(values: ArrayLike<number>): number {
  const n = values.length;
  const centre = sum(values) / n;
  let total = 0;
  for (let i = 0; i < n; i++) total += (values[i]! - centre) ** 3;
  return total / n ** 3;
}

/**
 * Interval of the mean of images like these, from the values of these: of KL and loss differences, which have long tails, so
 * that Student's covers too seldom. Null below two values.
 *
 * @param least what a mean cannot be below: 0 for KL
 */
export function meanInterval(
  values: ArrayLike<number>,
  level = 0.95,
  least = Number.NEGATIVE_INFINITY,
): Interval | null {
  const spread = variance(values);
  if (spread === null) return null;
  const n = values.length;
  const error = Math.sqrt(spread / n);
  const skewness = error === 0 ? 0 : thirdMomentOfMean(values) / error ** 3;
  return skewedInterval(sum(values) / n, error, skewness, n - 1, level, least);
}

/**
 * As `meanInterval`, of values that have long tails on both sides, as an excess over an expectation has: there a sample's skewness is
 * that of its few largest values, and taking it away shortens the wrong side. Each end is the farther one of Student's and Hall's.
 */
export function signedMeanInterval(values: ArrayLike<number>, level = 0.95): Interval | null {
  const skewed = meanInterval(values, level);
  const spread = variance(values);
  if (skewed === null || spread === null) return null;
  const n = values.length;
  const plain = studentInterval(skewed.estimate, Math.sqrt(spread / n), n - 1, level);
  return { ...skewed, low: Math.min(plain.low, skewed.low), high: Math.max(plain.high, skewed.high) };
}

/**
 * Mean difference of two paired yes/no outcomes (gained − lost over n), each in [−1, 1]: Student-free interval of
 * Agresti and Min, Statistics in Medicine 24, 2005: half an observation added to each cell of the 2×2 table. Null without pairs.
 */
export function pairedDifference(gained: number, lost: number, pairs: number, level = 0.95): Interval | null {
  if (pairs < 1) return null;
  const n = pairs + 2;
  const [b, c] = [gained + 0.5, lost + 0.5];
  const centre = (b - c) / n;
  const half = normalQuantile((1 + level) / 2) * Math.sqrt((b + c) / n / n - (centre * centre) / n);
  return {
    low: clamp(centre - half, -1, 1),
    high: clamp(centre + half, -1, 1),
    estimate: (gained - lost) / pairs,
    level,
  };
}

export interface BootstrapOptions {
  readonly seed: number | string;
  /** Names the stream among all that are drawn from the seed. */
  readonly purpose: readonly (string | number)[];
  readonly resamples?: number;
  readonly level?: number;
  /** `percentile`, or bias-corrected and accelerated (Efron, JASA 82, 1987). */
  readonly method?: 'percentile' | 'bca';
}

/**
 * Bootstrap interval of a statistic of n exchangeable items. `statistic` sees the drawn indices (n of 0 … n−1, with
 * repeats) and may return null where it is undefined: such resamples are left out, and above a tenth of them there is
 * no interval. Null below 5 items.
 */
export function bootstrap(
  items: number,
  statistic: (drawn: Uint32Array) => number | null,
  options: BootstrapOptions,
): Interval | null {
  const { resamples = 1000, level = 0.95, method = 'percentile' } = options;
  const estimate = items < 5 ? null : statistic(Uint32Array.from({ length: items }, (_, i) => i));
  if (estimate === null) return null;
  const random = randomStream(options.seed, 'bootstrap', ...options.purpose);
  const drawn = new Uint32Array(items);
  const values: number[] = [];
  for (let r = 0; r < resamples; r++) {
    for (let i = 0; i < items; i++) drawn[i] = random.below(items);
    const value = statistic(drawn);
    if (value !== null) values.push(value);
  }
  if (values.length < 0.9 * resamples) return null;
  values.sort((a, b) => a - b);
  const outside = (1 - level) / 2;
  if (method === 'percentile') {
    return { low: quantile(values, outside), high: quantile(values, 1 - outside), estimate, level };
  }
  const below = values.filter((v) => v < estimate).length + values.filter((v) => v === estimate).length / 2;
  if (below === 0 || below === values.length) return null;
  const bias = normalQuantile(below / values.length);
  const acceleration = jackknifeAcceleration(items, statistic);
  const level2 = (p: number): number => {
    const shifted = bias + normalQuantile(p);
    return normalCdf(bias + shifted / (1 - acceleration * shifted));
  };
  return { low: quantile(values, level2(outside)), high: quantile(values, level2(1 - outside)), estimate, level };
}

function jackknifeAcceleration(items: number, statistic: (drawn: Uint32Array) => number | null): number {
  const left: number[] = [];
  for (let out = 0; out < items; out++) {
    const value = statistic(Uint32Array.from({ length: items - 1 }, (_, i) => (i < out ? i : i + 1)));
    if (value !== null) left.push(value);
  }
  const centre = mean(left) ?? 0;
  const cubes = sum(left.map((v) => (centre - v) ** 3));
  const squares = sum(left.map((v) => (centre - v) ** 2));
  return squares === 0 ? 0 : cubes / (6 * squares ** 1.5);
}

/**
 * Jackknife variance of a statistic from its values without each of n items, or parts, in turn: their variance times
 * (n − 1)²/n; 0 of one.
 */
export function jackknifeVariance(leaveOneOut: ArrayLike<number>): number {
  const n = leaveOneOut.length;
  return ((variance(leaveOneOut) ?? 0) * (n - 1) ** 2) / n;
}

/** By item, what `jackknifeVariance` is the variance of the mean of: how far the statistic would move with it. */
export function jackknifeInfluences(leaveOneOut: ArrayLike<number>): Float64Array {
  return Float64Array.from(leaveOneOut, (value) => (1 - leaveOneOut.length) * value);
}

/**
 * Delete-one jackknife interval: `leaveOneOut[i]` is the statistic without item i (Tukey 1958; its variance is biased
 * upwards, Efron and Stein, Annals of Statistics 9, 1981). `noise` is a variance to add, of Monte Carlo draws for
 * instance. Null below three items.
 */
export function jackknifeInterval(
  estimate: number,
  leaveOneOut: ArrayLike<number>,
  level = 0.95,
  bounds: { readonly least?: number; readonly most?: number; readonly noise?: number } = {},
): Interval | null {
  const n = leaveOneOut.length;
  if (n < 3) return null;
  const error = Math.sqrt(jackknifeVariance(leaveOneOut) + (bounds.noise ?? 0));
  return studentInterval(estimate, error, n - 1, level, bounds.least, bounds.most);
}
