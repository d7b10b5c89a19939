import { smallest } from '../extremes.js';
import { randomStream } from '../random.js';
import { excessOver } from './exceedance.js';
import { baseRanges, partGrams, signatureOf } from './gram.js';
import { jackknifeInterval, jackknifeVariance, meanInterval, studentInterval, type Interval } from './interval.js';
import { sum, variance } from './moments.js';
import { PairSums, systemicScore, type PoolGrams } from './pair-moments.js';
import type { SignatureSet } from './signature.js';

export interface SystemicOptions {
  readonly seed: number | string;
  /** B: sites that are compared, equally spaced among those with enough kernels. */
  readonly sites?: number;
  /** m: kernels drawn at each of them. */
  readonly kernels?: number;
  readonly level?: number;
}

/** Systemic redundancy of one network. */
export interface SystemicRedundancy {
  /** Not clipped: where sites have nothing in common it is as often below 0 as above. */
  readonly value: number;
  /** What averages over bases squared as they are would give: too large, the more the fewer bases. */
  readonly plugin: number | null;
  /** Of bases like these, and of pools like these where not all kernels were taken; null below three bases. */
  readonly interval: Interval | null;
  readonly sites: number;
  readonly kernels: number;
  /** The value without each base, in order: pairs with another network's on the same bases. */
  readonly leaveOneOut: readonly number[];
  /** Variance that comes from taking a pool of a site's kernels instead of all. */
  readonly poolVariance: number;
}

/** Kernels of a site at most, from which the draws are: all that respond, up to here. */
const POOL = 64;
/** Entries of all Gram matrices together: 128 MiB. */
const ENTRIES = 2 ** 24;
/** Parts of a pool that are left out in turn to see how much it matters which kernels it holds. */
const PARTS = 8;

/** Indices of B sites spread evenly over those with at least m live kernels. */
export function spacedSites(set: SignatureSet, sites: number, kernels: number): number[] {
  const able = set.sites.flatMap((site, index) => (site.live.length >= kernels ? [index] : []));
  const count = Math.min(sites, able.length);
  return Array.from(
    { length: count },
    (_, i) => able[count === 1 ? 0 : Math.round((i * (able.length - 1)) / (count - 1))]!,
  );
}

/**
 * Systemic redundancy, rarefied (design §2): of m kernels at each of B equally spaced sites, over all draws of these kernels,
 * exactly. 0: the sites' responses have nothing in common; 1: all lie within the largest. Squares of averages over bases are
 * taken over pairs of different bases (`pair-moments.ts`), so that its value does not hang on how many bases there are.
 * Compare networks at equal B and m only. Null where fewer than two sites have m live kernels, below two bases, and where noise
 * leaves a site no rank.
 */
export function systemicRedundancy(set: SignatureSet, options: SystemicOptions): SystemicRedundancy | null {
  const { seed, kernels = 8, level = 0.95 } = options;
  const chosen = spacedSites(set, options.sites ?? 8, kernels);
  const parts = baseRanges(set);
  if (chosen.length < 2 || parts.length < 2) return null;
  const most = Math.max(kernels, Math.min(POOL, Math.floor(Math.sqrt(ENTRIES / parts.length) / chosen.length)));
  const pools = chosen.map((site) => {
    const { live, site: name } = set.sites[site]!;
    return live.length <= most
      ? live
      : randomStream(seed, 'systemic', name)
          .sample(most, live.length)
          .map((i) => live[i]!);
  });
  const rows = chosen.flatMap((site, i) => pools[i]!.map((kernel) => signatureOf(set, { site, kernel })));
  let at = 0;
  const members = pools.map((pool) => pool.map(() => at++));
  const grams: PoolGrams = { grams: partGrams(rows, rows, parts), members };
  const sums = new PairSums(grams, kernels);
  const value = systemicScore(sums.unbiased());
  if (value === null) return null;
  const leaveOneOut = parts.length < 3 ? [] : parts.map((_, base) => systemicScore(sums.without(base)) ?? value);
  const shares = chosen.map((site, i) => pools[i]!.length / set.sites[site]!.live.length);
  const poolVariance = varianceOfPools(grams, kernels, value, shares);
  return {
    value,
    plugin: systemicScore(sums.plugin()),
    interval: jackknifeInterval(value, leaveOneOut, level, { noise: poolVariance }),
    sites: chosen.length,
    kernels,
    leaveOneOut,
    poolVariance,
  };
}

/** Delete-a-part jackknife over the kernels of pools, less what is certain because a pool holds a share of its site. */
function varianceOfPools(
  { grams, members }: PoolGrams,
  kernels: number,
  value: number,
  shares: readonly number[],
): number {
  const share = smallest(shares);
  if (share >= 1) return 0;
  const without = Array.from({ length: PARTS }, (_, part) => {
    const kept = members.map((pool, i) => (shares[i]! < 1 ? pool.filter((_k, k) => k % PARTS !== part) : pool));
    if (kept.some((pool) => pool.length < kernels)) return value;
    return systemicScore(new PairSums({ grams, members: kept }, kernels).unbiased()) ?? value;
  });
  return jackknifeVariance(without) * (1 - share);
}

/** SR of a network against its nulls. */
export interface SystemicExcess {
  /** Mean over nulls, with Student's interval over them; without one below three nulls. */
  readonly none: { readonly value: number; readonly interval: Interval | null };
  /** SR less that mean; its interval holds what bases and nulls vary, paired by base. Without one below three nulls. */
  readonly excess: { readonly value: number; readonly interval: Interval | null };
  /** Share of the networks, this one among them, that reach its value: the chance of it if it were one more null. */
  readonly p: number;
  /** The excess without each base, in order; empty unless the nulls have the same bases. */
  readonly leaveOneOut: readonly number[];
}

/** SR of a network less that of its nulls; null without nulls. */
export function systemicExcess(
  network: SystemicRedundancy,
  nulls: readonly SystemicRedundancy[],
  level = 0.95,
): SystemicExcess | null {
  const values = nulls.map((one) => one.value);
  const over = excessOver(network.value, values);
  if (over === null) return null;
  const { mean: none, excess: value, p } = over;
  const spread = nulls.length < 3 ? null : variance(values);
  const paired = nulls.filter((one) => one.leaveOneOut.length === network.leaveOneOut.length);
  const bases = network.leaveOneOut.length;
  let interval: Interval | null = null;
  const differences =
    paired.length < nulls.length
      ? []
      : network.leaveOneOut.map((own, base) => own - sum(nulls.map((one) => one.leaveOneOut[base]!)) / nulls.length);
  if (spread !== null && bases >= 3 && paired.length === nulls.length) {
    const error = Math.sqrt(jackknifeVariance(differences) + network.poolVariance + spread / nulls.length);
    interval = studentInterval(value, error, Math.min(bases, nulls.length) - 1, level);
  }
  return {
    none: { value: none, interval: nulls.length < 3 ? null : meanInterval(values, level) },
    excess: { value, interval },
    p,
    leaveOneOut: differences,
  };
}
