/**
 * Lower Cholesky factor of a symmetric positive definite n × n matrix with `shift` added to its diagonal, row-major.
 * Null where it is not positive definite.
 */
export function cholesky(matrix: Float64Array, n: number, shift = 0): Float64Array | null {
  const factor = new Float64Array(n * n);
  for (let i = 0; i < n; i++) {
    const rowI = i * n;
    for (let j = 0; j <= i; j++) {
      const rowJ = j * n;
      let rest = matrix[rowI + j]!;
      if (i === j) rest += shift;
      for (let k = 0; k < j; k++) rest -= factor[rowI + k]! * factor[rowJ + k]!;
      if (i !== j) {
        factor[rowI + j] = rest / factor[rowJ + j]!;
      } else {
        if (!(rest > 0)) return null;
        factor[rowI + i] = Math.sqrt(rest);
      }
    }
  }
  return factor;
}

/** Solves (L Lᵀ) X = B for the `count` columns of B [n × count], in place: all right-hand sides move together. */
export function solveCholesky(factor: Float64Array, n: number, right: Float64Array, count: number): void {
  for (let i = 0; i < n; i++) {
    for (let k = 0; k < i; k++) subtractRow(right, i, k, count, factor[i * n + k]!);
    scaleRow(right, i, count, 1 / factor[i * n + i]!);
  }
  for (let i = n - 1; i >= 0; i--) {
    for (let k = i + 1; k < n; k++) subtractRow(right, i, k, count, factor[k * n + i]!);
    scaleRow(right, i, count, 1 / factor[i * n + i]!);
  }
}

function subtractRow(values: Float64Array, to: number, from: number, count: number, factor: number): void {
  for (let c = 0; c < count; c++) values[to * count + c]! -= factor * values[from * count + c]!;
}

function scaleRow(values: Float64Array, row: number, count: number, factor: number): void {
  for (let c = 0; c < count; c++) values[row * count + c]! *= factor;
}

/** The inverse of L Lᵀ, [n × n]. */
export function inverseFromCholesky(factor: Float64Array, n: number): Float64Array {
  const inverse = new Float64Array(n * n);
  for (let i = 0; i < n; i++) inverse[i * n + i] = 1;
  solveCholesky(factor, n, inverse, n);
  return inverse;
}
