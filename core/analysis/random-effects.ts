import { mean, sum, variance } from './moments.js';

/** The mean of what groups (sites) say, for groups like these. */
export interface GroupMean {
  readonly estimate: number;
  /** Standard error, to be read with Student's t; null below three groups, which tell too little of others. */
  readonly error: number | null;
  readonly freedom: number;
}

/** What one group says, on a scale on which its error is about normal. */
export interface GroupEstimate {
  readonly value: number;
  /** Of the value around the group's own truth, above 0. */
  readonly variance: number;
}

/**
 * The mean over groups whose truths differ: each group counts equally, and the error comes from how far the groups are apart, with
 * k − 1 degrees of freedom. That is unbiased however large the groups and their own errors are, which weights by these errors are not
 * where groups are few or of unequal size (docs/science.md shows both). Null without groups.
 *
 * @param more variance of the mean that the groups' distances don't show: what they have in common (`commonVariance`), and rounding.
 */
export function groupMean(values: readonly number[], more = 0): GroupMean | null {
  const estimate = mean(values);
  if (estimate === null) return null;
  const k = values.length;
  const spread = variance(values);
  if (spread === null || k < 3) return { estimate, error: null, freedom: k - 1 };
  const between = spread / k;
  const total = between + more;
  // Satterthwaite: only the part that the groups' distances gave has so few degrees of freedom.
  const freedom = between > 0 ? ((k - 1) * total ** 2) / between ** 2 : k - 1;
  return { estimate, error: Math.sqrt(total), freedom };
}

/**
 * Variance of the mean over groups that comes from what they have in common (the same images): of the mean over resamples, less what
 * groups that vary independently would give it. At least 0.
 *
 * @param resampled by group, its value in each resample; the resamples are the same for all
 */
export function commonVariance(resampled: readonly ArrayLike<number>[]): number {
  const groups = resampled.length;
  if (groups === 0) return 0;
  const draws = resampled[0]?.length ?? 0;
  const means = new Float64Array(draws);
  for (const values of resampled) for (let b = 0; b < draws; b++) means[b]! += values[b]! / groups;
  const alone = sum(resampled.map((values) => variance(values) ?? 0)) / groups ** 2;
  return Math.max(0, (variance(means) ?? 0) - alone);
}

/** Σ w (y − mean)², w = 1/(variance + τ²). */
function spreadAt(groups: readonly GroupEstimate[], between: number): number {
  const weights = groups.map((group) => 1 / (group.variance + between));
  const centre = sum(groups.map(({ value }, g) => weights[g]! * value)) / sum(weights);
  return sum(groups.map(({ value }, g) => weights[g]! * (value - centre) ** 2));
}

/**
 * τ²: variance of the groups' truths, at which Σ w (y − mean)² has its expectation k − 1 (Paule and Mandel, Journal of Research of the
 * NBS 87, 1982); 0 where groups are no farther apart than their own errors make them. Null below three groups.
 */
export function betweenVariance(groups: readonly GroupEstimate[]): number | null {
  const freedom = groups.length - 1;
  if (freedom < 2) return null;
  if (spreadAt(groups, 0) <= freedom) return 0;
  let [low, high] = [0, 1];
  while (spreadAt(groups, high) > freedom) [low, high] = [high, 2 * high];
  for (let i = 0; i < 100; i++) {
    const middle = (low + high) / 2;
    if (middle === low || middle === high) break;
    if (spreadAt(groups, middle) > freedom) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}
