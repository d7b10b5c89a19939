import { dot } from './moments.js';
import type { SignatureSet, SiteSignatures } from './signature.js';

/** A kernel of a set: index of its site within the set, and its channel. */
export interface KernelRef {
  readonly site: number;
  readonly kernel: number;
}

/** The row of a kernel, sharing memory with the set. */
export function signatureOf(set: SignatureSet, { site, kernel }: KernelRef): Float32Array {
  return (set.sites[site] as SiteSignatures).data.subarray(kernel * set.features, (kernel + 1) * set.features);
}

/**
 * By base: what a row of site `from` is to be multiplied by to be scaled as those of site `to` are. A kernel that is predicted from
 * another site must be compared with it base by base on one scale, its own: else a copy would not be a multiple of what it copies.
 */
export function rescaling(set: SignatureSet, from: number, to: number): Float64Array {
  return rescalingBetween(set.sites[from]!.totals, set.sites[to]!.totals);
}

/** The same for sites of two sets, by their totals. */
export function rescalingBetween(own: Float64Array, other: Float64Array): Float64Array {
  return own.map((total, base) => (other[base]! > 0 ? total / other[base]! : 0));
}

/**
 * The row of a kernel as it predicts kernels of site `to`, a copy: scaled base by base as those are, then to unit norm, since the
 * penalty of a ridge regression must not depend on how strongly a kernel responds.
 */
export function predictorOf(set: SignatureSet, ref: KernelRef, to: number): Float32Array {
  const row = Float32Array.from(signatureOf(set, ref));
  if (ref.site !== to) {
    rescaling(set, ref.site, to).forEach((factor, base) => {
      for (let i = set.starts[base]!; i < set.starts[base + 1]!; i++) row[i]! *= factor;
    });
  }
  const norm = Math.sqrt(dot(row, row));
  return norm > 0 ? row.map((value) => value / norm) : row;
}

/** Ranges of features [from, to) that make up one part (a fold, or a base image). */
export type FeatureRanges = readonly (readonly [from: number, to: number])[];

/** Feature ranges of each base image alone. */
export function baseRanges(set: SignatureSet): FeatureRanges[] {
  return set.starts.slice(1).map((to, base) => [[set.starts[base]!, to] as const]);
}

/** Inner products of rows a[i], b[j] over each part: [parts][a.length × b.length], float64, features in order. */
export function partGrams(
  a: readonly Float32Array[],
  b: readonly Float32Array[],
  parts: readonly FeatureRanges[],
): Float64Array[] {
  return parts.map((ranges) => {
    const gram = new Float64Array(a.length * b.length);
    for (const [from, to] of ranges) addProducts(gram, a, b, from, to);
    if (a === b) mirror(gram, a.length);
    return gram;
  });
}

/**
 * Blocks of 2 × 4 rows keep the multiplier busy; each sum still runs over the features in order. Of a symmetric matrix
 * only the upper blocks are computed.
 */
function addProducts(
  gram: Float64Array,
  a: readonly Float32Array[],
  b: readonly Float32Array[],
  from: number,
  to: number,
): void {
  const block = new Float64Array(8);
  for (let i = 0; i < a.length; i += 2) {
    const height = Math.min(2, a.length - i);
    for (let j = a === b ? i - (i % 4) : 0; j < b.length; j += 4) {
      const width = Math.min(4, b.length - j);
      const at = (k: number): Float32Array => b[j + Math.min(k, width - 1)]!;
      productBlock(block, a[i]!, a[i + height - 1]!, at(0), at(1), at(2), at(3), from, to);
      for (let r = 0; r < height; r++) {
        for (let c = 0; c < width; c++) gram[(i + r) * b.length + j + c]! += block[4 * r + c]!;
      }
    }
  }
}

function productBlock(
  out: Float64Array,
  a0: Float32Array,
  a1: Float32Array,
  b0: Float32Array,
  b1: Float32Array,
  b2: Float32Array,
  b3: Float32Array,
  from: number,
  to: number,
): void {
  let s0 = 0;
  let s1 = 0;
  let s2 = 0;
  let s3 = 0;
  let t0 = 0;
  let t1 = 0;
  let t2 = 0;
  let t3 = 0;
  for (let f = from; f < to; f++) {
    const x = a0[f]!;
    const y = a1[f]!;
    const p = b0[f]!;
    const q = b1[f]!;
    const r = b2[f]!;
    const s = b3[f]!;
    s0 += x * p;
    s1 += x * q;
    s2 += x * r;
    s3 += x * s;
    t0 += y * p;
    t1 += y * q;
    t2 += y * r;
    t3 += y * s;
  }
  out[0] = s0;
  out[1] = s1;
  out[2] = s2;
  out[3] = s3;
  out[4] = t0;
  out[5] = t1;
  out[6] = t2;
  out[7] = t3;
}

function mirror(gram: Float64Array, n: number): void {
  for (let i = 0; i < n; i++) for (let j = 0; j < i; j++) gram[i * n + j] = gram[j * n + i]!;
}

/** Sum of the grams of some parts. */
export function sumGrams(grams: readonly Float64Array[], parts: readonly number[]): Float64Array {
  const total = new Float64Array(grams[0]!.length);
  for (const part of parts) {
    const gram = grams[part]!;
    for (let i = 0; i < total.length; i++) total[i]! += gram[i]!;
  }
  return total;
}
