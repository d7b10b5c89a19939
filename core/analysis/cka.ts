/** Below this many examples debiased CKA's own noise hides what it measures. */
export const fewestExamples = 100;

/** Inner products of every two examples: i with j < i stands at i(i − 1)/2 + j. */
export type ExampleGram = ArrayLike<number>;

/** How many examples a Gram is of. */
export const examplesOf = ({ length }: ExampleGram): number => (1 + Math.sqrt(1 + 8 * length)) / 2;

/** Sums of each row of a Gram whose diagonal is 0. */
function rowSums(gram: ExampleGram, n: number): Float64Array {
  const sums = new Float64Array(n);
  for (let i = 0, at = 0; i < n; i++) {
    for (let j = 0; j < i; j++, at++) {
      sums[i]! += gram[at]!;
      sums[j]! += gram[at]!;
    }
  }
  return sums;
}

/** Unbiased HSIC of two Gram matrices without their diagonals, times n(n − 3) (Song et al., JMLR 13, 2012, eq. 5). */
function unbiasedHsic(k: ExampleGram, l: ExampleGram, n: number): number {
  const [rowsK, rowsL] = [rowSums(k, n), rowSums(l, n)];
  let [product, sumK, sumL, rows] = [0, 0, 0, 0];
  for (let at = 0; at < k.length; at++) product += 2 * k[at]! * l[at]!;
  for (let i = 0; i < n; i++) {
    rows += rowsK[i]! * rowsL[i]!;
    sumK += rowsK[i]!;
    sumL += rowsL[i]!;
  }
  return product + (sumK * sumL) / ((n - 1) * (n - 2)) - (2 * rows) / (n - 2);
}

/**
 * Debiased linear CKA of two representations of the same examples, from the inner products of each, not centred beforehand
 * (Kornblith et al., ICML 2019, with the unbiased HSIC as in Nguyen, Raghu and Kornblith, ICLR 2021). 1: the same up to
 * rotation and scale; about 0, on either side, for unrelated ones. Null below `fewestExamples`, of different examples, where a
 * side is constant, and where one is not finite.
 */
export function debiasedCka(k: ExampleGram, l: ExampleGram): number | null {
  const n = examplesOf(k);
  if (n < fewestExamples || k.length !== l.length) return null;
  const scale = unbiasedHsic(k, k, n) * unbiasedHsic(l, l, n);
  return scale > 0 ? unbiasedHsic(k, l, n) / Math.sqrt(scale) : null;
}
