import { randomStream } from '../random.js';
import { partGrams, predictorOf, signatureOf, type FeatureRanges, type KernelRef } from './gram.js';
import { mean } from './moments.js';
import { leaveOneOutR2, ridgeR2, type R2Bracket } from './ridge.js';
import { filledUp, type SignatureSet } from './signature.js';

export interface ExplainedOptions {
  readonly seed: number | string;
  /** Sites count as far where their depths differ by at least this. */
  readonly distance: number;
  /** Largest number of kernels that predict one; 64 unless told. */
  readonly poolSize?: number;
  /** Seeded draws of a pool that are averaged, where there are more candidates than it holds; 4 unless told. */
  readonly draws?: number;
  /** Folds of base images; 4 unless told, at most as many as there are. */
  readonly folds?: number;
}

/** How many kernels predict one kernel of a site, from the same site and from sites far away. */
export interface PoolSizes {
  readonly same: number;
  readonly far: number;
}

/** R² of one site's kernels; null for kernels that are silent, and where the pool or the base images are too few. */
export interface SiteExplained {
  readonly site: string;
  readonly depth: number;
  readonly pools: PoolSizes;
  /** By kernel; means over draws of pools. */
  readonly same: readonly (R2Bracket | null)[];
  readonly far: readonly (R2Bracket | null)[];
  /** Means of the lower ends over the kernels that have one. */
  readonly meanSame: number | null;
  readonly meanFar: number | null;
  /** Lower ends by the first draw of pools alone, by kernel: what is ranked among networks that get one draw. */
  readonly once: { readonly same: readonly (number | null)[]; readonly far: readonly (number | null)[] };
}

/** Mean of the numbers among values; null where there is none. */
export function meanOfKnown(values: readonly (number | null)[]): number | null {
  return mean(values.filter((v) => v !== null));
}

/** Mean of both ends over the brackets that there are; null where there is none. */
export function meanBracket(brackets: readonly (R2Bracket | null)[]): R2Bracket | null {
  const known = brackets.filter((r2) => r2 !== null);
  const [low, high] = [meanOfKnown(known.map((r2) => r2.low)), meanOfKnown(known.map((r2) => r2.high))];
  return low === null || high === null ? null : { low, high };
}

/** Base images dealt to folds in seeded order, ascending in each. Null below two base images. */
export function basesByFold(set: SignatureSet, folds: number, seed: number | string): number[][] | null {
  const bases = set.starts.length - 1;
  if (bases < 2) return null;
  const count = Math.min(Math.max(2, folds), bases);
  const order = randomStream(seed, 'base-folds').shuffled(Array.from({ length: bases }, (_, b) => b));
  return Array.from({ length: count }, (_, fold) =>
    order.filter((_base, i) => i % count === fold).sort((a, b) => a - b),
  );
}

/** The feature ranges of each fold of base images. Null below two base images. */
export function baseFolds(set: SignatureSet, folds: number, seed: number | string): FeatureRanges[] | null {
  const dealt = basesByFold(set, folds, seed);
  return dealt && dealt.map((bases) => bases.map((base) => [set.starts[base]!, set.starts[base + 1]!] as const));
}

const farFrom = (set: SignatureSet, site: number, distance: number): KernelRef[] =>
  set.sites.flatMap((other, index) =>
    Math.abs(other.depth - set.sites[site]!.depth) >= distance
      ? other.live.map((kernel) => ({ site: index, kernel }))
      : [],
  );

/**
 * Pool sizes by site, of the network that is measured. Its nulls get the same, so that they are judged alike; what they can't fill with
 * live kernels they fill with silent ones, so that no null changes what is said of the network.
 */
export function poolSizes(set: SignatureSet, options: ExplainedOptions): PoolSizes[] {
  const most = options.poolSize ?? 64;
  return set.sites.map(({ live }, site) => ({
    same: Math.min(most, Math.max(0, live.length - 1)),
    far: Math.min(most, farFrom(set, site, options.distance).length),
  }));
}

/**
 * R²(k | same site) and R²(k | sites at least d away) of every kernel: ridge on a pool of other kernels' signatures,
 * scored on base images not used to fit (`ridge.ts` states folds and penalty), averaged over seeded draws of the pool.
 * `pools` fixes the sizes; give those of the network to its nulls, too, and the difference of their means is the excess
 * (design §2).
 */
export function explainedKernels(
  set: SignatureSet,
  options: ExplainedOptions,
  pools: readonly PoolSizes[] = poolSizes(set, options),
): SiteExplained[] {
  return [...explainedSites(set, options, pools)];
}

/** As `explainedKernels`, site by site: of a deep network on hundreds of base images each takes seconds. */
export function* explainedSites(
  set: SignatureSet,
  options: ExplainedOptions,
  pools: readonly PoolSizes[],
): Generator<SiteExplained> {
  const folds = baseFolds(set, options.folds ?? 4, options.seed);
  for (const [index, site] of set.sites.entries()) {
    const size = pools[index] ?? { same: 0, far: 0 };
    const none = new Draws(site.kernels);
    const same = folds === null ? none : explainedBySite(set, index, size.same, folds, options);
    const far = folds === null ? none : explainedFromAfar(set, index, size.far, folds, options);
    yield {
      site: site.site,
      depth: site.depth,
      pools: size,
      same: same.means(),
      far: far.means(),
      meanSame: meanOfKnown(same.means().map((r2) => r2?.low ?? null)),
      meanFar: meanOfKnown(far.means().map((r2) => r2?.low ?? null)),
      once: { same: same.first(), far: far.first() },
    };
  }
}

/** Collects R² by kernel over draws; kernels without any stay null. */
class Draws {
  readonly #values: R2Bracket[][];

  constructor(kernels: number) {
    this.#values = Array.from({ length: kernels }, () => []);
  }

  add(kernel: number, value: R2Bracket | null): void {
    if (value !== null) this.#values[kernel]!.push(value);
  }

  means(): (R2Bracket | null)[] {
    return this.#values.map(meanBracket);
  }

  /** Lower ends of the first draw. */
  first(): (number | null)[] {
    return this.#values.map(([r2]) => r2?.low ?? null);
  }
}

/** Kernels in groups of pool + 1, in each of which every kernel is predicted from the rest. */
function explainedBySite(
  set: SignatureSet,
  site: number,
  pool: number,
  folds: readonly FeatureRanges[],
  { seed, draws = 4 }: ExplainedOptions,
): Draws {
  const { live, kernels, site: name } = set.sites[site]!;
  const collected = new Draws(kernels);
  const group = Math.min(pool + 1, kernels);
  if (group < 2 || live.length === 0) return collected;
  const random = randomStream(seed, 'pool-same', name);
  for (let draw = 0; draw < (group >= live.length ? 1 : draws); draw++) {
    const order = group >= live.length ? filledUp(set.sites[site]!, group) : random.shuffled(live);
    for (let from = 0; from < order.length; from += group) {
      // The last group is filled up with kernels that were targets before and don't count again.
      const start = Math.min(from, order.length - group);
      const members = order.slice(start, start + group);
      const rows = members.map((kernel) => predictorOf(set, { site, kernel }, site));
      const r2 = leaveOneOutR2(partGrams(rows, rows, folds), group);
      members.forEach((kernel, i) => {
        if (start + i >= from) collected.add(kernel, r2[i]!);
      });
    }
  }
  return collected;
}

/** One pool serves all kernels of the site in a draw. */
function explainedFromAfar(
  set: SignatureSet,
  site: number,
  pool: number,
  folds: readonly FeatureRanges[],
  { seed, distance, draws = 4 }: ExplainedOptions,
): Draws {
  const { live, kernels, site: name } = set.sites[site]!;
  const collected = new Draws(kernels);
  const candidates = farFrom(set, site, distance);
  const size = Math.min(pool, candidates.length);
  if (pool < 1 || live.length === 0) return collected;
  const targets = live.map((kernel) => signatureOf(set, { site, kernel }));
  const energies = partEnergies(targets, folds);
  const random = randomStream(seed, 'pool-far', name);
  for (let draw = 0; draw < (size === candidates.length ? 1 : draws); draw++) {
    const drawn = random.sample(size, candidates.length).map((i) => predictorOf(set, candidates[i]!, site));
    while (drawn.length < pool) drawn.push(new Float32Array(set.features));
    const r2 = ridgeR2(
      { pool: partGrams(drawn, drawn, folds), cross: partGrams(drawn, targets, folds), energies },
      pool,
    );
    live.forEach((kernel, i) => collected.add(kernel, r2[i]!));
  }
  return collected;
}

/** Squared norm of each row over each part: [parts][rows]. */
export function partEnergies(rows: readonly Float32Array[], parts: readonly FeatureRanges[]): Float64Array[] {
  return parts.map((ranges) =>
    Float64Array.from(rows, (row) => {
      let energy = 0;
      for (const [from, to] of ranges) for (let f = from; f < to; f++) energy += row[f]! * row[f]!;
      return energy;
    }),
  );
}
