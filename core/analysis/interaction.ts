import { randomStream } from '../random.js';
import { satterthwaite } from './crossed.js';
import { studentInterval, type Interval } from './interval.js';
import { quantile, sum, variance } from './moments.js';

/** Two units that were removed alone and together. */
export interface UnitPair {
  /** Which units: numbers that are equal where the units are. */
  readonly a: number;
  readonly b: number;
  /** Whether they lie in different layers. */
  readonly across: boolean;
  /** Mean damage of one plus that of the other, each alone. */
  readonly singles: number;
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

/** Pairs that are averaged together, and the factor with which their mean enters an estimate. */
interface Part {
  readonly members: readonly number[];
  readonly factor: number;
}

/**
 * Σ factor · mean of the part's pairs, over images. Pairs that share a unit are dependent, so the variance over pairs is the
 * dyadic one, Σ over units of the square of their pairs' residuals, less the squares counted twice (Fafchamps and Gubert,
 * Journal of Development Economics 83, 2007), and never less than that of independent pairs; the variance over images is
 * added, as in `crossedMean`. Null without two pairs in each part and two images.
 */
function contrast(sample: PairSample, parts: readonly Part[], level: number): Interval | null {
  if (parts.length === 0 || parts.some(({ members }) => members.length < 2)) return null;
  let perImage: Float64Array | undefined;
  const byUnit = new Map<number, number>();
  let [estimate, squares, independent, freedom] = [0, 0, 0, 0];
  for (const { members, factor } of parts) {
    const means: number[] = [];
    for (const index of members) {
      const values = sample.values(index);
      perImage ??= new Float64Array(values.length);
      for (let i = 0; i < values.length; i++) perImage[i]! += (factor * values[i]!) / members.length;
      means.push(sum(values) / values.length);
    }
    const centre = sum(means) / means.length;
    estimate += factor * centre;
    independent += (factor ** 2 * variance(means)!) / members.length;
    freedom += members.length - 1;
    members.forEach((index, m) => {
      const { a, b } = sample.pairs[index]!;
      const residual = (factor * (means[m]! - centre)) / members.length;
      squares += residual ** 2;
      byUnit.set(a, (byUnit.get(a) ?? 0) + residual);
      byUnit.set(b, (byUnit.get(b) ?? 0) + residual);
    });
  }
  const images = perImage?.length ?? 0;
  if (perImage === undefined || images < 2) return null;
  const dyadic = sum([...byUnit.values()].map((total) => total ** 2)) - squares;
  const combined = satterthwaite([
    { variance: Math.max(dyadic, independent), freedom: Math.min(freedom, Math.max(1, byUnit.size - 1)) },
    { variance: variance(perImage)! / images, freedom: images - 1 },
  ]);
  return studentInterval(estimate, Math.sqrt(combined.variance), combined.freedom, level);
}

/** Mean interaction of some pairs, with an interval that counts pairs, the units they share, and images as sampled. */
export function meanInteraction(sample: PairSample, members: readonly number[], level = 0.95): Interval | null {
  return contrast(sample, [{ members, factor: 1 }], level);
}

/** Pairs of nearly equal single damage are compared with one another: so many classes of it. */
const CLASSES = 5;

/** Pairs across layers less pairs within, at equal single damage. */
export interface DepthContrast {
  readonly interval: Interval;
  /** Two-sided, over which pairs are called across; the least it can be is 1 / (1 + permutations). */
  readonly p: number;
  readonly permutations: number;
  /** Pairs in classes that hold both kinds. */
  readonly pairs: number;
}

/**
 * Mean interaction across layers less that within, compared among pairs of about equal single damage: fifths of the pooled
 * pairs by `singles`, weighted by the precision of their comparison, n_across · n_within / n. The p-value permutes within each
 * fifth which pairs are called across (Phipson and Smyth, Statistical Applications in Genetics and Molecular Biology 9,
 * 2010). Null where no fifth holds two pairs of either kind.
 */
export function depthContrast(
  sample: PairSample,
  options: { readonly seed: number | string; readonly purpose: readonly string[]; readonly level?: number },
): DepthContrast | null {
  const classes = damageClasses(sample.pairs);
  const total = sum(classes.map(({ within, across }) => weightOf(within.length, across.length)));
  if (total === 0) return null;
  const parts = classes.flatMap(({ within, across }): Part[] => {
    const factor = weightOf(within.length, across.length) / total;
    return [
      { members: across, factor },
      { members: within, factor: -factor },
    ];
  });
  const interval = contrast(sample, parts, options.level ?? 0.95);
  if (!interval) return null;
  const pairs = sum(classes.map(({ within, across }) => within.length + across.length));
  const permutations = Math.max(199, Math.min(1000, Math.floor(2e7 / pairs)));
  const random = randomStream(options.seed, 'interaction', ...options.purpose);
  const scored = classes.map(({ within, across }) => {
    const means = Float64Array.from([...within, ...across], (index) => {
      const values = sample.values(index);
      return sum(values) / values.length;
    });
    return { means, n: across.length, all: sum(means), weight: weightOf(within.length, across.length) / total };
  });
  let extreme = 0;
  for (let round = 0; round < permutations; round++) {
    let difference = 0;
    for (const { means, n, all, weight } of scored) {
      let chosen = 0;
      for (let i = 0; i < n; i++) {
        const other = i + random.below(means.length - i);
        [means[i], means[other]] = [means[other]!, means[i]!];
        chosen += means[i]!;
      }
      difference += weight * (chosen / n - (all - chosen) / (means.length - n));
    }
    // Rounding must not make an equal difference less extreme.
    if (Math.abs(difference) >= Math.abs(interval.estimate) * (1 - 1e-12)) extreme += 1;
  }
  return { interval, p: (1 + extreme) / (1 + permutations), permutations, pairs };
}

const weightOf = (within: number, across: number): number => (within * across) / (within + across);

/** Classes of single damage that hold at least two pairs of either kind. */
function damageClasses(
  pairs: readonly UnitPair[],
): { readonly within: readonly number[]; readonly across: readonly number[] }[] {
  const ascending = Float64Array.from(pairs, (pair) => pair.singles).sort();
  if (ascending.length === 0) return [];
  const bounds = Array.from({ length: CLASSES - 1 }, (_, i) => quantile(ascending, (i + 1) / CLASSES));
  const classes = Array.from({ length: CLASSES }, () => ({ within: [] as number[], across: [] as number[] }));
  pairs.forEach(({ singles, across }, index) => {
    const at = bounds.findIndex((bound) => singles <= bound);
    classes[at < 0 ? CLASSES - 1 : at]![across ? 'across' : 'within'].push(index);
  });
  return classes.filter(({ within, across }) => within.length > 1 && across.length > 1);
}
