import { randomStream } from '../random.js';
import { explainedKernels, poolSizes, type ExplainedOptions, type PoolSizes } from './explained.js';
import type { R2Bracket } from './ridge.js';
import type { SignatureSet } from './signature.js';

/** R² of the kernels of a site, from the same site and from far ones. */
export interface SiteR2 {
  readonly site: string;
  readonly pools: PoolSizes;
  readonly same: readonly (R2Bracket | null)[];
  readonly far: readonly (R2Bracket | null)[];
}

/** R² of every kernel when only some of the base images are known. */
export interface LearningPoint {
  readonly bases: number;
  readonly sites: readonly SiteR2[];
}

/** Fewest base images of a point: one a fold. */
const FEWEST = 4;

/** Powers of two, from one base image a fold, below all. */
function sizesBelow(all: number): number[] {
  const sizes: number[] = [];
  for (let size = FEWEST; size < all; size *= 2) sizes.push(size);
  return sizes;
}

/** The signatures of some base images, in their order. Which kernels are live stays, so that pools hold the same ones. */
function ofBases(set: SignatureSet, bases: readonly number[]): SignatureSet {
  const starts = [0];
  for (const base of bases) starts.push(starts.at(-1)! + set.starts[base + 1]! - set.starts[base]!);
  const features = starts.at(-1)!;
  return {
    features,
    starts,
    sites: set.sites.map((site) => {
      const data = new Float32Array(site.kernels * features);
      for (let kernel = 0; kernel < site.kernels; kernel++) {
        bases.forEach((base, b) => {
          const from = kernel * set.features + set.starts[base]!;
          data.set(site.data.subarray(from, from + starts[b + 1]! - starts[b]!), kernel * features + starts[b]!);
        });
      }
      return { ...site, data, totals: Float64Array.from(bases, (base) => site.totals[base]!) };
    }),
  };
}

/**
 * The learning curve of R² over the number of base images: at powers of two up to all, each from the first so many of one seeded
 * order, of the same kernels and with the same ones in the pools. That of all is given, as it is known. The Gram matrices of all other points together
 * cost no more than those of all base images; the fits cost as much at each point.
 */
export function learningCurve(
  set: SignatureSet,
  options: ExplainedOptions,
  whole: ReadonlyMap<string, Pick<SiteR2, 'same' | 'far'>>,
): LearningPoint[] {
  const all = set.starts.length - 1;
  const pools = poolSizes(set, options);
  const order = randomStream(options.seed, 'learning').shuffled(Array.from({ length: all }, (_, base) => base));
  const points = sizesBelow(all).map((bases): LearningPoint => {
    const some = order.slice(0, bases).sort((a, b) => a - b);
    return { bases, sites: explainedKernels(ofBases(set, some), options, pools) };
  });
  const last = set.sites.flatMap(({ site }, at): SiteR2[] => {
    const r2 = whole.get(site);
    return r2 ? [{ site, pools: pools[at]!, ...r2 }] : [];
  });
  return onSameKernels([...points, { bases: all, sites: last }]);
}

/** The same points without the kernels that have no value at some of them, being silent on the first base images: each curve is of the same ones. */
function onSameKernels(points: readonly LearningPoint[]): LearningPoint[] {
  const known = (site: string, pool: 'same' | 'far'): readonly boolean[] => {
    const own = points.flatMap(({ sites }) => sites.filter((one) => one.site === site).map((one) => one[pool]));
    return (own[0] ?? []).map((_, kernel) => own.every((values) => values[kernel] !== null));
  };
  const masks = new Map(
    points[0]!.sites.map(({ site }) => [site, { same: known(site, 'same'), far: known(site, 'far') }]),
  );
  const masked = (values: SiteR2['same'], mask: readonly boolean[]): SiteR2['same'] =>
    values.map((r2, kernel) => (mask[kernel] ? r2 : null));
  return points.map(({ bases, sites }) => ({
    bases,
    sites: sites.map((own) => {
      const mask = masks.get(own.site)!;
      return { ...own, same: masked(own.same, mask.same), far: masked(own.far, mask.far) };
    }),
  }));
}
