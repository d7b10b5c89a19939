import { largest } from '../extremes.js';
import { randomStream } from '../random.js';
import { symmetricEigenvalues } from './eigen.js';
import { baseRanges, partGrams, signatureOf, sumGrams } from './gram.js';
import { jackknifeInterval, type Interval } from './interval.js';
import { sum, variance } from './moments.js';
import type { SignatureSet } from './signature.js';

export interface SystemicOptions {
  readonly seed: number | string;
  /** B: sites that are compared, equally spaced among those with enough kernels. */
  readonly sites?: number;
  /** m: kernels drawn at each of them. */
  readonly kernels?: number;
  readonly draws?: number;
  readonly level?: number;
}

/** Systemic redundancy of one network. */
export interface SystemicRedundancy {
  readonly value: number;
  /** Delete-one jackknife over base images, with the Monte Carlo variance of the draws; null below three base images. */
  readonly interval: Interval | null;
  readonly sites: number;
  readonly kernels: number;
  /** The value without each base image, in order: pairs with another network's on the same images. */
  readonly leaveOneOut: readonly number[];
  /** Variance of the mean over draws. */
  readonly drawVariance: number;
}

/** exp of the entropy of eigenvalues as shares of the trace: between 1 and n (Roy and Vetterli, EUSIPCO 2007, for singular values). */
export function effectiveRank(eigenvalues: ArrayLike<number>): number {
  let total = 0;
  for (let i = 0; i < eigenvalues.length; i++) total += Math.max(0, eigenvalues[i]!);
  let entropy = 0;
  for (let i = 0; i < eigenvalues.length; i++) {
    const share = Math.max(0, eigenvalues[i]!) / total;
    if (share > 0) entropy -= share * Math.log(share);
  }
  return total > 0 ? Math.exp(entropy) : 0;
}

/**
 * SR of one Gram matrix of B sites × m kernels each: clip[(Σr_l − r_all) / (Σr_l − max r_l)] to [0, 1], r being effective
 * ranks of unit-norm kernels. In r_all each site has a weight (trace) proportional to its r_l: then orthogonal sites give
 * r_all = Σr_l and SR = 0 whatever their ranks, while with equal weights r_all is B times the geometric mean of the r_l,
 * and orthogonal sites of ranks 2 and 8 would score 1. Null where all sites but one are without response.
 */
export function systemicScore(gram: Float64Array, sites: number, kernels: number): number | null {
  const n = sites * kernels;
  const unit = unitDiagonal(gram, n);
  const ranks = Array.from({ length: sites }, (_, l) => {
    const block = new Float64Array(kernels * kernels);
    for (let i = 0; i < kernels; i++) {
      const from = (l * kernels + i) * n + l * kernels;
      block.set(unit.subarray(from, from + kernels), i * kernels);
    }
    return { rank: effectiveRank(symmetricEigenvalues(block, kernels)), trace: trace(block, kernels) };
  });
  const weights = ranks.map((site) => (site.trace > 0 ? Math.sqrt(site.rank / site.trace) : 0));
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < n; j++) {
      unit[i * n + j]! *= weights[Math.floor(i / kernels)]! * weights[Math.floor(j / kernels)]!;
    }
  }
  const total = sum(ranks.map((site) => site.rank));
  const most = largest(ranks.map((site) => site.rank));
  if (total - most <= 1e-9 * total) return null;
  const all = effectiveRank(symmetricEigenvalues(unit, n));
  return Math.min(1, Math.max(0, (total - all) / (total - most)));
}

function unitDiagonal(gram: Float64Array, n: number): Float64Array {
  const scale = Float64Array.from({ length: n }, (_, i) =>
    gram[i * n + i]! > 0 ? 1 / Math.sqrt(gram[i * n + i]!) : 0,
  );
  return gram.map((v, at) => v * scale[Math.floor(at / n)]! * scale[at % n]!);
}

function trace(matrix: Float64Array, n: number): number {
  let total = 0;
  for (let i = 0; i < n; i++) total += matrix[i * n + i]!;
  return total;
}

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
 * Systemic redundancy, rarefied (design §2): the mean of `systemicScore` over seeded draws of m live kernels at each of B
 * equally spaced sites. 0: the sites' responses are orthogonal; 1: all lie within the largest. Compare networks at equal
 * B and m only. Null where fewer than two sites have m live kernels.
 */
export function systemicRedundancy(set: SignatureSet, options: SystemicOptions): SystemicRedundancy | null {
  const { seed, kernels = 8, draws = 32, level = 0.95 } = options;
  const chosen = spacedSites(set, options.sites ?? 8, kernels);
  if (chosen.length < 2) return null;
  const parts = baseRanges(set);
  const bases = parts.map((_, base) => base);
  const values: number[] = [];
  const left = bases.map(() => 0);
  for (let draw = 0; draw < draws; draw++) {
    const rows = chosen.flatMap((site) => {
      const { live, site: name } = set.sites[site]!;
      const random = randomStream(seed, 'systemic', name, draw);
      return random.sample(kernels, live.length).map((i) => signatureOf(set, { site, kernel: live[i]! }));
    });
    const grams = partGrams(rows, rows, parts);
    const score = (kept: readonly number[]): number | null =>
      systemicScore(sumGrams(grams, kept), chosen.length, kernels);
    const value = score(bases);
    if (value === null) continue;
    values.push(value);
    for (const out of parts.length < 3 ? [] : bases) left[out]! += score(bases.filter((base) => base !== out)) ?? value;
  }
  if (values.length === 0) return null;
  const value = sum(values) / values.length;
  const leaveOneOut = parts.length < 3 ? [] : left.map((total) => total / values.length);
  const drawVariance = (variance(values) ?? 0) / values.length;
  const interval = jackknifeInterval(value, leaveOneOut, level, { least: 0, most: 1, noise: drawVariance });
  return { value, interval, sites: chosen.length, kernels, leaveOneOut, drawVariance };
}

/**
 * SR of a network less that of its null, in [−1, 1], paired by base image. Without an interval (null) where the two were
 * not measured on the same number of base images.
 */
export function systemicExcess(
  network: SystemicRedundancy,
  nullNetwork: SystemicRedundancy,
  level = 0.95,
): { readonly value: number; readonly interval: Interval | null } {
  const value = network.value - nullNetwork.value;
  const paired = network.leaveOneOut.length === nullNetwork.leaveOneOut.length;
  const differences = paired ? network.leaveOneOut.map((v, i) => v - nullNetwork.leaveOneOut[i]!) : [];
  const noise = network.drawVariance + nullNetwork.drawVariance;
  return { value, interval: jackknifeInterval(value, differences, level, { least: -1, most: 1, noise }) };
}
