import { markedInterval } from './hypergeometric.js';
import type { Interval } from './interval.js';

/** What a screen is judged by: one number of each pair that was measured. */
export interface ScreenedValues {
  /** Of the pairs that were kept. */
  readonly kept: ArrayLike<number>;
  /** Of those drawn by chance of the others. */
  readonly random: ArrayLike<number>;
  /** How many others there are, drawn or not. */
  readonly rest: number;
}

/** How much of what is large a screen has missed. */
export interface Missed {
  /** So many kept pairs are at least as large, in absolute value, as the last of `rank`, and above what rounding leaves of 0. */
  readonly rank: number;
  readonly found: number;
  readonly threshold: number;
  /** Of the random pairs, those that are larger. */
  readonly beyond: number;
  /** Of all that were not kept; null where none was drawn. */
  readonly missed: Interval | null;
  /** Of all pairs as large, the share that was kept; null where that is not known, or there are none. */
  readonly share: Interval | null;
}

/** Ranks at which a screen is judged: a tenth, a third, and all of what is kept. */
export const judgedRanks = (kept: number): readonly number[] => [
  ...new Set(kept < 1 ? [] : [Math.ceil(kept / 10), Math.ceil(kept / 3), kept]),
];

/**
 * Of the pairs that a screen left out, how many are larger than the `rank`-th largest of those it kept. What is large follows from the kept pairs alone, so
 * that those drawn by chance are a sample of the others whatever the screen looks at, and the interval is exact.
 *
 * @param rounding what is as small as this is not large.
 */
export function missedBeyond(
  { kept, random, rest }: ScreenedValues,
  rank: number,
  rounding: number,
  level = 0.95,
): Missed {
  const sizes = Float64Array.from(kept, Math.abs).sort().reverse();
  const threshold = Math.max(rounding, sizes[rank - 1] ?? 0);
  const found = sizes.filter((size) => size >= threshold && size > rounding).length;
  const beyond = Array.from(random).filter((value) => Math.abs(value) > threshold).length;
  const missed =
    rest === 0 ? { estimate: 0, low: 0, high: 0, level } : markedInterval(beyond, random.length, rest, level);
  const shareOf = (left: number): number => found / (found + left);
  const share =
    missed && found + missed.estimate > 0
      ? { estimate: shareOf(missed.estimate), low: shareOf(missed.high), high: shareOf(missed.low), level }
      : null;
  return { rank, found, threshold, beyond, missed, share };
}
