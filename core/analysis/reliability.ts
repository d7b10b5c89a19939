import { randomStream } from '../random.js';
import { combineCorrelations, pearson, spearman } from './rank.js';

export interface ReliabilityOptions {
  readonly seed: number | string;
  /** Random halvings of the images to average over. */
  readonly splits?: number;
  readonly method?: 'spearman' | 'pearson';
}

/** What the units of one group score on some of the images, an entry a unit. */
export type GroupScore = (images: Uint32Array) => ArrayLike<number>;

/** Reliability of `factor` times as many images (Spearman 1910; Brown 1910). */
export function spearmanBrown(correlation: number, factor = 2): number {
  return (factor * correlation) / (1 + (factor - 1) * correlation);
}

/**
 * Split-half reliability of any score that is computed from images: how well units agree between random halves of the
 * images, averaged over `splits` seeded halvings, then stepped up to all images by Spearman-Brown. One group compares all
 * its units; several (sites) compare within each, combined by Fisher z. Null below 4 images, without a group of 4 units,
 * or where units don't differ.
 */
export function splitHalfOf(groups: readonly GroupScore[], images: number, options: ReliabilityOptions): number | null {
  const { splits = 50, method = 'spearman' } = options;
  if (images < 4) return null;
  const random = randomStream(options.seed, 'split-half');
  const correlate = method === 'spearman' ? spearman : pearson;
  const all = Array.from({ length: images }, (_, i) => i);
  const half = images >> 1;
  let [total, count] = [0, 0];
  for (let split = 0; split < splits; split++) {
    const order = random.shuffled(all);
    const first = Uint32Array.from(order.slice(0, half)).sort();
    const second = Uint32Array.from(order.slice(half, 2 * half)).sort();
    const within = groups.map((group) => {
      const [a, b] = [group(first), group(second)];
      return { correlation: a.length < 4 ? null : correlate(a, b), size: a.length };
    });
    const correlation = within.length === 1 ? within[0]!.correlation : combineCorrelations(within);
    if (correlation === null) continue;
    total += correlation;
    count += 1;
  }
  return count === 0 || total <= -count ? null : spearmanBrown(total / count);
}

/**
 * Split-half reliability of a ranking of units by their mean over images (see `splitHalfOf`). `groups[g][unit]` holds a
 * unit's value for each image; every unit saw the same images.
 */
export function splitHalfReliability(
  groups: readonly (readonly ArrayLike<number>[])[],
  options: ReliabilityOptions,
): number | null {
  const images = groups.find((group) => group.length > 0)?.[0]?.length ?? 0;
  const scores = groups.map(
    (group): GroupScore =>
      (drawn) =>
        Float64Array.from(group, (row) => sumAt(row, drawn)),
  );
  return splitHalfOf(scores, images, options);
}

/** Sum of the values at indices, in their order. */
export function sumAt(values: ArrayLike<number>, indices: Uint32Array): number {
  let total = 0;
  for (let i = 0; i < indices.length; i++) total += values[indices[i]!]!;
  return total;
}

/** The highest correlation that anything can have with a target of this reliability; null where it has none. */
export function correlationCeiling(reliability: number | null): number | null {
  return reliability === null || reliability < 0 ? null : Math.sqrt(Math.min(1, reliability));
}
