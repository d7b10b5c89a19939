import { meanInterval, skewedEnds } from './interval.js';
import { mean } from './moments.js';
import { studentQuantile } from './special.js';

/**
 * How much of what is lost with a kernel the others can make up for: 1 − mean damage with its substitute / mean damage with its mean,
 * on the same images. Above 0 it is replaceable in part, 1 wholly; below 0 the substitute does more harm than the mean.
 */
export interface Replaceability {
  readonly estimate: number;
  /** Ends of the interval for images like these; null where the damage with the mean is not told from 0. */
  readonly low: number | null;
  readonly high: number | null;
}

/** Halvings after which an end is known to one part in a billion. */
const HALVINGS = 40;

/**
 * Replaceability from damages image by image, over the images on which both are finite; null where nothing is lost with the mean, or
 * on fewer than two images.
 *
 * The interval is Fieller's (JRSS B 16, 1954): those ratios θ for which the mean of `substituted − θ · lost` is not told from 0, by the
 * intervals of means that have long tails on both sides (`signedMeanInterval`), here from the moments of both.
 */
export function replaceability(
  substituted: ArrayLike<number>,
  lost: ArrayLike<number>,
  level = 0.95,
): Replaceability | null {
  const pairs = new PairedMoments(substituted, lost);
  if (pairs.count < 2 || !(pairs.lost > 0)) return null;
  const ratio = pairs.substituted / pairs.lost;
  const told = meanInterval(pairs.known, level);
  if (told === null || !(told.low > 0)) return { estimate: 1 - ratio, low: null, high: null };
  const quantile = studentQuantile((1 + level) / 2, pairs.count - 1);
  const most = endOf(ratio, (theta) => pairs.interval(theta, quantile).high < 0);
  const least =
    pairs.interval(0, quantile).low > 0 ? lastBelow(ratio, (theta) => pairs.interval(theta, quantile).low > 0) : 0;
  return { estimate: 1 - ratio, low: most === null ? null : 1 - most, high: 1 - least };
}

/**
 * By image, how far replaceability would move with it (delta method): the variance of their mean is that of the estimate. Null where
 * `replaceability` has none, or the damage with the mean is not told from 0, or an image lacks a number.
 */
export function replaceabilityInfluences(
  substituted: ArrayLike<number>,
  lost: ArrayLike<number>,
  level = 0.95,
): Float64Array | null {
  const found = replaceability(substituted, lost, level);
  const whole = mean(lost);
  if (found === null || found.high === null || whole === null || !Number.isFinite(whole)) return null;
  const influences = Float64Array.from(lost, (own, i) => ((1 - found.estimate) * own - substituted[i]!) / whole);
  return influences.every(Number.isFinite) ? influences : null;
}

/** Where something begins to hold, above a ratio at which it does not; null where it does not nearly. */
function endOf(from: number, holds: (theta: number) => boolean): number | null {
  let [low, high] = [from, 2 * from + 1e-9];
  for (let doubled = 0; !holds(high); doubled++) {
    if (doubled === 60) return null;
    [low, high] = [high, 2 * high];
  }
  return halved(low, high, holds);
}

/** Up to where something holds that does at 0 and does not at a ratio. */
const lastBelow = (to: number, holds: (theta: number) => boolean): number =>
  to - halved(0, to, (down) => holds(to - down));

/** Where between two ratios something begins to hold, which does not at the lower one and does at the higher one. */
function halved(from: number, to: number, holds: (theta: number) => boolean): number {
  let [low, high] = [from, to];
  for (let i = 0; i < HALVINGS; i++) {
    const middle = (low + high) / 2;
    if (holds(middle)) high = middle;
    else low = middle;
  }
  return high;
}

/** Means and central moments of two damages on the same images. */
class PairedMoments {
  readonly count: number;
  readonly substituted: number;
  readonly lost: number;
  /** What is lost, on the images that count. */
  readonly known: Float64Array;
  /** Sums of products of deviations, by how many of them are of what is lost. */
  readonly #second: readonly number[];
  readonly #third: readonly number[];

  constructor(substituted: ArrayLike<number>, lost: ArrayLike<number>) {
    const both = Array.from(lost, (_, i) => i).filter(
      (i) => Number.isFinite(substituted[i]) && Number.isFinite(lost[i]),
    );
    this.count = both.length;
    this.known = Float64Array.from(both, (i) => lost[i]!);
    this.substituted = both.reduce((sum, i) => sum + substituted[i]!, 0) / both.length;
    this.lost = both.reduce((sum, i) => sum + lost[i]!, 0) / both.length;
    const [second, third] = [new Float64Array(3), new Float64Array(4)];
    for (const i of both) {
      const [s, m] = [substituted[i]! - this.substituted, lost[i]! - this.lost];
      [s * s, s * m, m * m].forEach((product, of) => (second[of]! += product));
      [s * s * s, s * s * m, s * m * m, m * m * m].forEach((product, of) => (third[of]! += product));
    }
    this.#second = [...second];
    this.#third = [...third];
  }

  /** Interval of the mean of `substituted − θ · lost`, as `signedMeanInterval` has it. */
  interval(theta: number, quantile: number): { readonly low: number; readonly high: number } {
    const n = this.count;
    const [ss, sm, mm] = this.#second as [number, number, number];
    const [sss, ssm, smm, mmm] = this.#third as [number, number, number, number];
    const estimate = this.substituted - theta * this.lost;
    const error = Math.sqrt(Math.max(0, ss - 2 * theta * sm + theta ** 2 * mm) / (n - 1) / n);
    const third = sss - 3 * theta * ssm + 3 * theta ** 2 * smm - theta ** 3 * mmm;
    const skewness = error === 0 ? 0 : third / n ** 3 / error ** 3;
    const skewed = skewedEnds(estimate, error, skewness, quantile);
    const half = quantile * error;
    return { low: Math.min(estimate - half, skewed.low), high: Math.max(estimate + half, skewed.high) };
  }
}
