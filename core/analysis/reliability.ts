import { randomStream } from '../random.js';
import { combineCorrelations, pearson, spearman } from './rank.js';

export interface ReliabilityOptions {
  readonly seed: number | string;
  /** Random halvings of the images to average over. */
  readonly splits?: number;
  readonly method?: 'spearman' | 'pearson';
}

/** Reliability of `factor` times as many images (Spearman 1910; Brown 1910). */
export function spearmanBrown(correlation: number, factor = 2): number {
  return (factor * correlation) / (1 + (factor - 1) * correlation);
}

/**
 * Split-half reliability of a ranking of units by their mean over images: how well the ranking by one random half of
 * the images agrees with the ranking by the other half, averaged over `splits` seeded halvings, then stepped up to all
 * images by Spearman-Brown. `groups[g][unit]` holds the unit's value for each image; every unit saw the same images.
 * One group ranks all units together; several (sites) rank within each, combined by Fisher z.
 * Null below 4 units in every group or below 4 images.
 */
export function splitHalfReliability(
  groups: readonly (readonly ArrayLike<number>[])[],
  options: ReliabilityOptions,
): number | null {
  const { splits = 50, method = 'spearman' } = options;
  const images = groups.find((group) => group.length > 0)?.[0]?.length ?? 0;
  if (images < 4) return null;
  const random = randomStream(options.seed, 'split-half');
  const correlate = method === 'spearman' ? spearman : pearson;
  const all = Array.from({ length: images }, (_, i) => i);
  let [total, count] = [0, 0];
  for (let split = 0; split < splits; split++) {
    const order = random.shuffled(all);
    const half = images >> 1;
    const parts = [Uint32Array.from(order.slice(0, half)).sort(), Uint32Array.from(order.slice(half, 2 * half)).sort()];
    const within = groups.map((group) => {
      const [first, second] = parts.map((part) => Float64Array.from(group, (values) => sumAt(values, part)));
      return { correlation: correlate(first!, second!), size: group.length };
    });
    const only = groups.length === 1 && within[0]!.size >= 4 ? within[0]!.correlation : combineCorrelations(within);
    if (only === null) continue;
    total += only;
    count += 1;
  }
  if (count === 0) return null;
  const correlation = total / count;
  return correlation <= -1 ? null : spearmanBrown(correlation);
}

function sumAt(values: ArrayLike<number>, indices: Uint32Array): number {
  let total = 0;
  for (let i = 0; i < indices.length; i++) total += values[indices[i]!]!;
  return total;
}

/** The highest correlation that anything can have with a target of this reliability; null where it has none. */
export function correlationCeiling(reliability: number | null): number | null {
  return reliability === null || reliability < 0 ? null : Math.sqrt(Math.min(1, reliability));
}
