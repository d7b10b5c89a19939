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
    return gram;
  });
}

/** Four rows at a time keep the multiplier busy; each sum still runs over the features in order. */
function addProducts(
  gram: Float64Array,
  a: readonly Float32Array[],
  b: readonly Float32Array[],
  from: number,
  to: number,
): void {
  const width = b.length;
  for (let i = 0; i < a.length; i += 2) {
    const a0 = a[i]!;
    const a1 = a[i + 1] ?? a0;
    for (let j = 0; j < width; j += 2) {
      const b0 = b[j]!;
      const b1 = b[j + 1] ?? b0;
      let [s00, s01, s10, s11] = [0, 0, 0, 0];
      for (let f = from; f < to; f++) {
        const [x0, x1, y0, y1] = [a0[f]!, a1[f]!, b0[f]!, b1[f]!];
        s00 += x0 * y0;
        s01 += x0 * y1;
        s10 += x1 * y0;
        s11 += x1 * y1;
      }
      gram[i * width + j]! += s00;
      if (j + 1 < width) gram[i * width + j + 1]! += s01;
      if (i + 1 >= a.length) continue;
      gram[(i + 1) * width + j]! += s10;
      if (j + 1 < width) gram[(i + 1) * width + j + 1]! += s11;
    }
  }
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
