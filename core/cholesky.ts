/**
 * Lower Cholesky factor of a symmetric positive definite n × n matrix with `shift` added to its diagonal, row-major, column by column:
 * four rows move together, so that none waits for the sum of another. Null where it is not positive definite.
 */
export function cholesky(matrix: Float64Array, n: number, shift = 0): Float64Array | null {
  const factor = new Float64Array(n * n);
  for (let j = 0; j < n; j++) {
    const rowJ = j * n;
    let rest = matrix[rowJ + j]! + shift;
    for (let k = 0; k < j; k++) rest -= factor[rowJ + k]! * factor[rowJ + k]!;
    if (!(rest > 0)) return null;
    const diagonal = Math.sqrt(rest);
    factor[rowJ + j] = diagonal;
    let i = j + 1;
    for (; i + 4 <= n; i += 4) fourRows(factor, matrix, n, i, j);
    for (; i < n; i++) {
      const rowI = i * n;
      let own = matrix[rowI + j]!;
      for (let k = 0; k < j; k++) own -= factor[rowI + k]! * factor[rowJ + k]!;
      factor[rowI + j] = own / diagonal;
    }
  }
  return factor;
}

/** Column j of rows i to i + 3 of the factor. */
function fourRows(factor: Float64Array, matrix: Float64Array, n: number, i: number, j: number): void {
  const [a, b, c, d] = [i * n, (i + 1) * n, (i + 2) * n, (i + 3) * n] as const;
  const row = j * n;
  let p = matrix[a + j]!;
  let q = matrix[b + j]!;
  let r = matrix[c + j]!;
  let s = matrix[d + j]!;
  for (let k = 0; k < j; k++) {
    const f = factor[row + k]!;
    p -= factor[a + k]! * f;
    q -= factor[b + k]! * f;
    r -= factor[c + k]! * f;
    s -= factor[d + k]! * f;
  }
  const diagonal = factor[row + j]!;
  factor[a + j] = p / diagonal;
  factor[b + j] = q / diagonal;
  factor[c + j] = r / diagonal;
  factor[d + j] = s / diagonal;
}

/**
 * Solves (L Lᵀ) X = B for the `count` columns of B [n × count], in place: four of them move together, each by sums in the order of
 * the rows.
 */
export function solveCholesky(factor: Float64Array, n: number, right: Float64Array, count: number): void {
  let c = 0;
  for (; c + 4 <= count; c += 4) {
    for (let i = 0; i < n; i++) fourSums(right, count, c, i, { factor, at: i * n, step: 1, from: 0, to: i, n });
    for (let i = n - 1; i >= 0; i--) fourSums(right, count, c, i, { factor, at: i, step: n, from: i + 1, to: n, n });
  }
  for (; c < count; c++) {
    for (let i = 0; i < n; i++) oneSum(right, count, c, i, { factor, at: i * n, step: 1, from: 0, to: i, n });
    for (let i = n - 1; i >= 0; i--) oneSum(right, count, c, i, { factor, at: i, step: n, from: i + 1, to: n, n });
  }
}

/** Rows `from` to `to` that are taken from row i, each by the factor's element `at` + row · `step`. */
interface Taken {
  readonly factor: Float64Array;
  readonly n: number;
  readonly at: number;
  readonly step: number;
  readonly from: number;
  readonly to: number;
}

/** Row i of columns c to c + 3 of a triangular solution. */
function fourSums(
  right: Float64Array,
  count: number,
  c: number,
  i: number,
  { factor, n, at, step, from, to }: Taken,
): void {
  const own = i * count + c;
  let p = right[own]!;
  let q = right[own + 1]!;
  let r = right[own + 2]!;
  let s = right[own + 3]!;
  for (let k = from; k < to; k++) {
    const f = factor[at + k * step]!;
    const row = k * count + c;
    p -= f * right[row]!;
    q -= f * right[row + 1]!;
    r -= f * right[row + 2]!;
    s -= f * right[row + 3]!;
  }
  const scale = 1 / factor[i * n + i]!;
  right[own] = p * scale;
  right[own + 1] = q * scale;
  right[own + 2] = r * scale;
  right[own + 3] = s * scale;
}

function oneSum(
  right: Float64Array,
  count: number,
  c: number,
  i: number,
  { factor, n, at, step, from, to }: Taken,
): void {
  let p = right[i * count + c]!;
  for (let k = from; k < to; k++) p -= factor[at + k * step]! * right[k * count + c]!;
  right[i * count + c] = p * (1 / factor[i * n + i]!);
}

/** The inverse of L Lᵀ, [n × n]. */
export function inverseFromCholesky(factor: Float64Array, n: number): Float64Array {
  const inverse = new Float64Array(n * n);
  for (let i = 0; i < n; i++) inverse[i * n + i] = 1;
  solveCholesky(factor, n, inverse, n);
  return inverse;
}
