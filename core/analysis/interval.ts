import { randomStream } from '../random.js';
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
  if (trials < 1) return null;
  const outside = (1 - level) / 2;
  return {
    low: successes === 0 ? 0 : betaQuantile(outside, successes, trials - successes + 1),
    high: successes === trials ? 1 : betaQuantile(1 - outside, successes + 1, trials - successes),
    estimate: successes / trials,
    level,
  };
}

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

/** Student's interval of a mean. For skewed quantities such as KL it needs some 500 values. Null below two. */
export function meanInterval(values: ArrayLike<number>, level = 0.95): Interval | null {
  const spread = variance(values);
  if (spread === null) return null;
  return studentInterval(sum(values) / values.length, Math.sqrt(spread / values.length), values.length - 1, level);
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
  const spread = variance(leaveOneOut);
  if (n < 3 || spread === null) return null;
  const error = Math.sqrt((spread * (n - 1) ** 2) / n + (bounds.noise ?? 0));
  return studentInterval(estimate, error, n - 1, level, bounds.least, bounds.most);
}
