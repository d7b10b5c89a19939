/** Below this many examples debiased CKA's own noise hides what it measures. */
export const fewestExamples = 100;

/** K = X Xᵀ of [examples × features], with a diagonal of 0. */
function hollowGram(values: ArrayLike<number>, examples: number): Float64Array {
  const features = values.length / examples;
  const gram = new Float64Array(examples * examples);
  for (let i = 0; i < examples; i++) {
    for (let j = 0; j < i; j++) {
      let total = 0;
      for (let f = 0; f < features; f++) total += values[i * features + f]! * values[j * features + f]!;
      gram[i * examples + j] = total;
      gram[j * examples + i] = total;
    }
  }
  return gram;
}

/** Unbiased HSIC of two hollow Gram matrices, times n(n − 3) (Song et al., JMLR 13, 2012, eq. 5). */
function unbiasedHsic(k: Float64Array, l: Float64Array, n: number): number {
  let [product, sumK, sumL, rows] = [0, 0, 0, 0];
  for (let i = 0; i < n; i++) {
    let [rowK, rowL] = [0, 0];
    for (let j = 0; j < n; j++) {
      const a = k[i * n + j]!;
      const b = l[i * n + j]!;
      product += a * b;
      rowK += a;
      rowL += b;
    }
    rows += rowK * rowL;
    sumK += rowK;
    sumL += rowL;
  }
  return product + (sumK * sumL) / ((n - 1) * (n - 2)) - (2 * rows) / (n - 2);
}

/**
 * Debiased linear CKA of two representations of the same examples, x [examples × p] and y [examples × q], row-major, not
 * centred beforehand (Kornblith et al., ICML 2019, with the unbiased HSIC as in Nguyen, Raghu and Kornblith, ICLR 2021). 1: the
 * same up to rotation and scale; about 0, on either side, for unrelated ones. Null below `fewestExamples` or where a side is constant.
 */
export function debiasedCka(x: ArrayLike<number>, y: ArrayLike<number>, examples: number): number | null {
  if (examples < fewestExamples) return null;
  const [k, l] = [hollowGram(x, examples), hollowGram(y, examples)];
  const scale = unbiasedHsic(k, k, examples) * unbiasedHsic(l, l, examples);
  return scale > 0 ? unbiasedHsic(k, l, examples) / Math.sqrt(scale) : null;
}
