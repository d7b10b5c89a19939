import { PercussError } from '../errors.js';

/**
 * One site's signatures: a row a kernel, 0 throughout for a kernel that is silent. On each base image the responses of all
 * kernels of the site together have the norm 1, so that each image counts equally at each site. Features are grouped by base
 * image (see `SignatureSet`), so that fits and scores can use different ones.
 */
export interface SiteSignatures {
  readonly site: string;
  /** Position among the sites of the network, from 0, in the unit in which "at least d away" is counted. */
  readonly depth: number;
  readonly kernels: number;
  /** [kernels × features], row-major. */
  readonly data: Float32Array;
  /** Kernels that respond at all, ascending. */
  readonly live: readonly number[];
  /** By base: the norm that all its kernels together had, by which they were divided. */
  readonly totals: Float64Array;
}

/** Signatures of sites that were all sampled at the points of one grid for the same impulses: their features correspond. */
export interface SignatureSet {
  readonly features: number;
  /** Features [starts[b], starts[b + 1]) belong to base image b; bases + 1 entries. */
  readonly starts: readonly number[];
  /** By ascending depth. */
  readonly sites: readonly SiteSignatures[];
}

/** Odd parts of one site: parts[base][impulse] is [kernels × points], sampled at the common grid. */
export interface SiteParts {
  readonly site: string;
  readonly depth: number;
  readonly kernels: number;
  readonly parts: readonly (readonly Float32Array[])[];
}

/**
 * Lays odd parts out as signatures: for each kernel all bases, in each all impulses, in each all points; then base by base
 * scaled by the site's total response, without which few images would decide.
 * @throws PercussError BUG where sites differ in bases, impulses or points.
 */
export function signatureSet(sites: readonly SiteParts[]): SignatureSet {
  const pointsOf = (site: SiteParts): number[][] =>
    site.parts.map((base) => base.map((part) => part.length / site.kernels));
  const layout = sites[0] ? pointsOf(sites[0]) : [];
  const starts = [0];
  for (const base of layout) starts.push(base.reduce((total, points) => total + points, starts.at(-1)!));
  const features = starts.at(-1)!;
  const rows = sites.map((site): SiteSignatures => {
    if (JSON.stringify(pointsOf(site)) !== JSON.stringify(layout)) {
      throw new PercussError(
        'BUG',
        `signatures of site ${site.site}: its responses have other bases, impulses or points than those of ${sites[0]!.site}; sample all at one grid`,
      );
    }
    const data = new Float32Array(site.kernels * features);
    let at = 0;
    for (const part of site.parts.flat()) {
      const points = part.length / site.kernels;
      for (let k = 0; k < site.kernels; k++) data.set(part.subarray(k * points, (k + 1) * points), k * features + at);
      at += points;
    }
    const { live, totals } = scaleBases(data, site.kernels, features, starts);
    return { site: site.site, depth: site.depth, kernels: site.kernels, data, live, totals };
  });
  return { features, starts, sites: rows.sort((a, b) => a.depth - b.depth) };
}

/** So many kernels of a site: the live ones, and where they are too few, silent ones behind them. */
export function filledUp({ live, kernels }: SiteSignatures, count: number): number[] {
  const responds = new Set(live);
  const silent = Array.from({ length: kernels }, (_, kernel) => kernel).filter((kernel) => !responds.has(kernel));
  return [...live, ...silent].slice(0, count);
}

/** Scales each base of a site to unit norm over all its kernels, in place; the kernels that respond at all. */
function scaleBases(
  data: Float32Array,
  kernels: number,
  features: number,
  starts: readonly number[],
): Pick<SiteSignatures, 'live' | 'totals'> {
  const responds = new Uint8Array(kernels);
  const finite = new Uint8Array(kernels).fill(1);
  for (let k = 0; k < kernels; k++) {
    const squares = energy(data, k * features, (k + 1) * features);
    if (squares > 0) responds[k] = 1;
    // A kernel that is not finite counts as silent: it must not take the others with it.
    if (!Number.isFinite(squares)) {
      finite[k] = 0;
      data.fill(0, k * features, (k + 1) * features);
    }
  }
  const totals = new Float64Array(starts.length - 1);
  for (let base = 0; base + 1 < starts.length; base++) {
    const [from, to] = [starts[base]!, starts[base + 1]!];
    let total = 0;
    for (let k = 0; k < kernels; k++) total += energy(data, k * features + from, k * features + to);
    if (total === 0) continue;
    const scale = Math.sqrt(total);
    totals[base] = scale;
    for (let k = 0; k < kernels; k++) for (let i = from; i < to; i++) data[k * features + i]! /= scale;
  }
  const live = Array.from({ length: kernels }, (_, k) => k).filter((k) => responds[k] === 1 && finite[k] === 1);
  return { live, totals };
}

/** Sum of squares of [from, to), in float64. */
function energy(values: Float32Array, from: number, to: number): number {
  let squares = 0;
  for (let i = from; i < to; i++) squares += values[i]! * values[i]!;
  return squares;
}
