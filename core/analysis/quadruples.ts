import { satterthwaite } from './crossed.js';
import { studentInterval } from './interval.js';
import { sum, variance } from './moments.js';

/** Contrasts of quadruples on common images. */
export interface QuadrupleSample {
  /** The two layers of each quadruple: numbers that are equal where layers are. */
  readonly layers: readonly (readonly [number, number])[];
  /** The contrast of one, image by image, see `contrastOf`; in the same order of images for all. */
  values(index: number): Float64Array;
}

/** A mean contrast, and what it rests on. Null where there are too few layers to tell how they differ; freedom also where nothing does. */
export interface MeanContrast {
  readonly estimate: number;
  readonly low: number | null;
  readonly high: number | null;
  readonly freedom: number | null;
  readonly quadruples: number;
  readonly layers: number;
}

/** From so many layers on there is an interval: of fewer, hardly any two quadruples share none. */
const LEAST_LAYERS = 5;

/**
 * The contrast of a quadruple, image by image: mean excess of the two pairs across layers, less that of the two within one.
 * Above 0 where back-up lies across the depth, below 0 where it lies within layers. What is a sum over units, or over layers of
 * units, cancels.
 */
export function contrastOf(
  across: readonly [ArrayLike<number>, ArrayLike<number>],
  within: readonly [ArrayLike<number>, ArrayLike<number>],
): Float64Array {
  const [c, d] = across;
  const [a, b] = within;
  return Float64Array.from(c, (value, i) => (value + d[i]! - a[i]! - b[i]!) / 2);
}

/** Contrasts less the mean of all: how many, their sum, and the sum of their squares. */
interface Group {
  count: number;
  total: number;
  squares: number;
}

const join = (group: Group, residual: number): void => {
  group.count += 1;
  group.total += residual;
  group.squares += residual ** 2;
};

const empty = (): Group => ({ count: 0, total: 0, squares: 0 });

/** Means of quadruples over images, by the layers that they share. */
class Contrasts {
  readonly estimate: number;
  readonly all = empty();
  readonly layers: readonly Group[];
  /** Quadruples of the same two layers. */
  readonly pairs: readonly Group[];

  constructor(means: readonly number[], layersOf: readonly (readonly [number, number])[]) {
    this.estimate = sum(means) / means.length;
    const layers = new Map<number, Group>();
    const pairs = new Map<string, Group>();
    means.forEach((value, i) => {
      const both = layersOf[i]!.toSorted((l, m) => l - m);
      const pair = pairs.get(both.join()) ?? empty();
      pairs.set(both.join(), pair);
      const groups = both.map((layer) => layers.get(layer) ?? empty());
      groups.forEach((group, side) => void layers.set(both[side]!, group));
      for (const group of [this.all, pair, ...groups]) join(group, value - this.estimate);
    });
    this.layers = [...layers.values()];
    this.pairs = [...pairs.values()];
  }
}

/** Half the mean squared difference of some quadruples, from sums over groups of them. */
class Differences {
  #squares = 0;
  /** Number of pairs of quadruples. */
  pairs = 0;

  /** Adds, or takes off, all pairs within a group. */
  add({ count, total, squares }: Group, factor = 1): void {
    this.#squares += factor * (count * squares - total ** 2);
    this.pairs += (factor * count * (count - 1)) / 2;
  }

  get half(): number {
    return this.pairs > 0 ? Math.max(0, this.#squares) / this.pairs / 2 : 0;
  }
}

/** A variance of the mean, and its degrees of freedom. */
interface Spread {
  readonly variance: number;
  readonly freedom: number;
}

/**
 * Variance of the mean where quadruples that share a layer are dependent, without the bias that residuals bring where layers
 * are few: half the mean squared difference of quadruples that share no layer is the variance of one, of those that share one
 * layer, or both, that less their covariance. Freedom: the effective number of layers (Carter, Schnepel and Steigerwald, Review
 * of Economics and Statistics 99, 2017) less 1. Null where any two share a layer.
 */
function overLayers({ pairs, layers, all }: Contrasts): Spread | null {
  const [none, one, both] = [new Differences(), new Differences(), new Differences()];
  none.add(all);
  for (const layer of layers) {
    one.add(layer);
    none.add(layer, -1);
  }
  for (const group of pairs) {
    both.add(group);
    // Two of the same two layers were met with either.
    one.add(group, -2);
    none.add(group);
  }
  if (none.pairs === 0) return null;
  const single = none.half;
  const covariances = 2 * (both.pairs * (single - both.half) + one.pairs * (single - one.half));
  const effective = (2 * all.count) ** 2 / sum(layers.map(({ count }) => count ** 2));
  return { variance: (all.count * single + covariances) / all.count ** 2, freedom: Math.max(1, effective - 1) };
}

/** As if only quadruples of the same two layers were dependent. */
function overLayerPairs({ pairs, all }: Contrasts): Spread {
  const n = pairs.length;
  const squares = sum(pairs.map(({ total }) => total ** 2));
  return { variance: ((squares / all.count ** 2) * n) / (n - 1), freedom: n - 1 };
}

/** As if none were. */
function overQuadruples({ all }: Contrasts): Spread {
  const { count, squares } = all;
  return { variance: squares / (count - 1) / count, freedom: count - 1 };
}

/**
 * Mean contrast over some quadruples, with an interval for images, layers and kernels like these. A quadruple belongs to the
 * clusters of both its layers. How much layers differ is known badly where they are few, and then the unbiased variance may
 * be far too small, or below 0; so the interval is the widest of three: with quadruples dependent that share a layer, that share
 * both, and none. The variance over images is added, less what of it the quadruples' own variance holds already.
 * Null without quadruples or images.
 */
export function meanContrast(sample: QuadrupleSample, members: readonly number[], level = 0.95): MeanContrast | null {
  let perImage = new Float64Array(0);
  let interaction = 0;
  const means = members.map((index, m) => {
    const values = sample.values(index);
    if (m === 0) perImage = new Float64Array(values.length);
    for (let i = 0; i < values.length; i++) perImage[i]! += values[i]! / members.length;
    interaction += (variance(values) ?? 0) / members.length ** 2;
    return sum(values) / values.length;
  });
  const images = perImage.length;
  if (images === 0) return null;
  const contrasts = new Contrasts(
    means,
    members.map((index) => sample.layers[index]!),
  );
  const { estimate } = contrasts;
  const layers = contrasts.layers.length;
  const named = { estimate, quadruples: members.length, layers };
  const spread = layers < LEAST_LAYERS ? null : overLayers(contrasts);
  if (!spread || images < 2) return { ...named, low: null, high: null, freedom: null };
  const ofImages = { variance: Math.max(0, variance(perImage)! - interaction) / images, freedom: images - 1 };
  const intervals = [spread, overLayerPairs(contrasts), overQuadruples(contrasts)].map((one) => {
    const combined = satterthwaite([{ ...one, variance: Math.max(0, one.variance) }, ofImages]);
    return { ...studentInterval(estimate, Math.sqrt(combined.variance), combined.freedom, level), ...combined };
  });
  const { low, high, freedom } = intervals.reduce((widest, one) => (one.high > widest.high ? one : widest));
  return { ...named, low, high, freedom: Number.isFinite(freedom) ? freedom : null };
}
