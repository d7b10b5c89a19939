import { largest } from '../extremes.js';
import { incompleteBeta, normalQuantile } from './special.js';

/** Images that a network got right. */
export interface Share {
  readonly correct: number;
  readonly images: number;
}

/** P(X ≥ correct) of a binomial with this chance of success: exact. */
export function atLeast({ correct, images }: Share, chance: number): number {
  return correct === 0 ? 1 : incompleteBeta(chance, correct, images - correct + 1);
}

/**
 * How likely it is to be right by chance: 1 of all classes, or, where labels are uneven, the share of the commonest label, which
 * a network reaches that always gives the same answer. Where all labels are the same that share tells nothing, and 1 of all counts.
 */
export function chanceOf(labels: ArrayLike<number>, classes: number): number {
  const counts = new Map<number, number>();
  for (let i = 0; i < labels.length; i++) counts.set(labels[i] as number, (counts.get(labels[i] as number) ?? 0) + 1);
  const commonest = largest(counts.values()) / labels.length;
  return counts.size === 1 ? 1 / classes : Math.max(1 / classes, commonest);
}

/** Score bounds of a proportion (Wilson, JASA 22, 1927). */
function bounds({ correct, images }: Share, level: number): { readonly low: number; readonly high: number } {
  const z = normalQuantile((1 + level) / 2);
  const [p, squared] = [correct / images, (z * z) / images];
  const centre = (p + squared / 2) / (1 + squared);
  const half = (z / (1 + squared)) * Math.sqrt((p * (1 - p)) / images + squared / (4 * images));
  return { low: centre - half, high: centre + half };
}

/** By how much one accuracy may fall below another before that is no matter of training: 20 points, or half of it. */
export const MARGIN = 0.2;

/**
 * The least that `times` a proportion is above another, at a two-sided level (Newcombe, Statistics in Medicine 17, 1998, method 10).
 */
export function leastDifference(higher: Share, lower: Share, level: number, times = 1): number {
  const [q, p] = [higher.correct / higher.images, lower.correct / lower.images];
  return times * q - p - Math.hypot(times * (q - bounds(higher, level).low), bounds(lower, level).high - p);
}

/**
 * Whether an accuracy is far below another beyond chance: the lower bound (99 %) of the difference of the two proportions
 * is above 20 points, or above half of the higher accuracy.
 */
export function farBelow(lower: Share, higher: Share, level = 0.99): boolean {
  return leastDifference(higher, lower, level) > MARGIN || leastDifference(higher, lower, level, 0.5) > 0;
}
