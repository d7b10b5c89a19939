import { addProducts, mirror } from '../products.js';
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
  const row = signatureOf(set, ref).slice();
  const factors = ref.site === to ? undefined : rescaling(set, ref.site, to);
  let energy = 0;
  for (let base = 0; base + 1 < set.starts.length; base++) {
    const until = set.starts[base + 1]!;
    for (let i = set.starts[base]!; i < until; i++) {
      if (factors) row[i]! *= factors[base]!;
      energy += row[i]! * row[i]!;
    }
  }
  const norm = Math.sqrt(energy);
  if (norm > 0) for (let i = 0; i < row.length; i++) row[i]! /= norm;
  return row;
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

/** Sum of the grams of some parts. */
export function sumGrams(grams: readonly Float64Array[], parts: readonly number[]): Float64Array {
  const total = new Float64Array(grams[0]!.length);
  for (const part of parts) {
    const gram = grams[part]!;
    for (let i = 0; i < total.length; i++) total[i]! += gram[i]!;
  }
  return total;
}
