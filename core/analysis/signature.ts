import { PercussError } from '../errors.js';

/**
 * One site's signatures: a row a kernel, unit norm over all features, or 0 throughout for a kernel that is silent.
 * Features are grouped by base image (see `SignatureSet`), so that fits and scores can use different ones.
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
 * Lays odd parts out as signatures: for each kernel all bases, in each all impulses, in each all points; then unit norm.
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
    const live = unitRows(data, site.kernels, features);
    return { site: site.site, depth: site.depth, kernels: site.kernels, data, live };
  });
  return { features, starts, sites: rows.sort((a, b) => a.depth - b.depth) };
}

/** Scales each row to unit norm, in place; the rows that are not 0 throughout. */
function unitRows(data: Float32Array, count: number, features: number): number[] {
  const live: number[] = [];
  for (let k = 0; k < count; k++) {
    const row = data.subarray(k * features, (k + 1) * features);
    const length = norm(row);
    if (length === 0 || !Number.isFinite(length)) {
      row.fill(0);
      continue;
    }
    live.push(k);
    for (let i = 0; i < features; i++) row[i]! /= length;
  }
  return live;
}

/** Euclidean norm, in float64. */
function norm(values: ArrayLike<number>): number {
  let squares = 0;
  for (let i = 0; i < values.length; i++) squares += values[i]! * values[i]!;
  return Math.sqrt(squares);
}
