import { satterthwaite } from './crossed.js';
import { studentInterval, type Interval } from './interval.js';
import { sum, variance } from './moments.js';

/** Two units that were removed alone and together. */
export interface UnitPair {
  /** Which units: numbers that are equal where the units are. */
  readonly a: number;
  readonly b: number;
  /** Whether they lie in different layers. */
  readonly across: boolean;
  /** Mean damage of one plus that of the other, each alone. */
  readonly singles: number;
  /** For how many pairs it stands, 1 unless pairs were run with unequal probabilities. */
  readonly weight: number;
}

/** Pairs on common images. `values` gives the interaction of one, image by image, in the same order for all. */
export interface PairSample {
  readonly pairs: readonly UnitPair[];
  values(index: number): Float64Array;
}

/**
 * Δ(A∪B) − Δ(A) − Δ(B), image by image: above 0 where each covers for the other, below 0 where losing one has already
 * lost what both do together.
 */
export function interactionOf(
  joint: ArrayLike<number>,
  a: ArrayLike<number>,
  b: ArrayLike<number>,
  intact?: ArrayLike<number>,
): Float64Array {
  return Float64Array.from(joint, (value, i) => value - a[i]! - b[i]! + (intact?.[i] ?? 0));
}

/**
 * Mean interaction of some pairs, over images. Pairs that share a unit are dependent, so the variance over pairs is the dyadic
 * one, Σ over units of the square of their pairs' residuals, less the squares counted twice (Fafchamps and Gubert, Journal of
 * Development Economics 83, 2007), and never less than that of independent pairs; the variance over images is added, as in
 * `crossedMean`, so that pairs, units and images all count as sampled. Pairs count by their weights (Hájek's ratio; residuals by their weights, as in the
 * linearised variance of a ratio). Null without two pairs and two images.
 */
export function meanInteraction(sample: PairSample, members: readonly number[], level = 0.95): Interval | null {
  if (members.length < 2) return null;
  let perImage = new Float64Array(0);
  const weights = members.map((index) => sample.pairs[index]!.weight);
  const total = sum(weights);
  const effective = (total * total) / sum(weights.map((weight) => weight ** 2));
  const means = members.map((index, m) => {
    const values = sample.values(index);
    if (m === 0) perImage = new Float64Array(values.length);
    for (let i = 0; i < values.length; i++) perImage[i]! += (weights[m]! * values[i]!) / total;
    return sum(values) / values.length;
  });
  const images = perImage.length;
  if (images < 2) return null;
  const estimate = sum(means.map((value, m) => weights[m]! * value)) / total;
  const byUnit = new Map<number, number>();
  let squares = 0;
  members.forEach((index, m) => {
    const { a, b } = sample.pairs[index]!;
    const residual = (weights[m]! * (means[m]! - estimate)) / total;
    squares += residual ** 2;
    byUnit.set(a, (byUnit.get(a) ?? 0) + residual);
    byUnit.set(b, (byUnit.get(b) ?? 0) + residual);
  });
  const dyadic = sum([...byUnit.values()].map((total) => total ** 2)) - squares;
  const spread = sum(means.map((value, m) => (weights[m]! * (value - estimate)) ** 2)) / (members.length - 1);
  const independent = spread / (total * (total / members.length));
  const combined = satterthwaite([
    {
      variance: Math.max(dyadic, independent),
      freedom: Math.min(effective - 1, Math.max(1, byUnit.size - 1)),
    },
    { variance: variance(perImage)! / images, freedom: images - 1 },
  ]);
  return studentInterval(estimate, Math.sqrt(combined.variance), combined.freedom, level);
}
