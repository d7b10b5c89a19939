/**
 * Eigenvalues of a symmetric n × n matrix (row-major), ascending: Householder reduction to a tridiagonal matrix, then the
 * QL method with implicit shifts (Golub and Van Loan, "Matrix Computations", §8.3; Bowdler, Martin, Reinsch and Wilkinson,
 * Numerische Mathematik 11, 1968). Float64, no randomness.
 */
export function symmetricEigenvalues(matrix: Float64Array, n: number): Float64Array {
  const { diagonal, beside } = tridiagonal(Float64Array.from(matrix), n);
  for (let l = 0; l < n; l++) {
    for (let sweep = 0; sweep < 100; sweep++) {
      let m = l;
      while (m < n - 1 && Math.abs(beside[m]!) > Number.EPSILON * (Math.abs(diagonal[m]!) + Math.abs(diagonal[m + 1]!)))
        m++;
      if (m === l) break;
      implicitShift(diagonal, beside, l, m);
    }
  }
  return diagonal.sort();
}

/** Diagonal, and off-diagonal at [i] between i and i + 1, of a tridiagonal matrix similar to `a`, which is overwritten. */
function tridiagonal(a: Float64Array, n: number): { diagonal: Float64Array; beside: Float64Array } {
  const beside = new Float64Array(n);
  const vector = new Float64Array(n);
  const image = new Float64Array(n);
  for (let k = 0; k < n - 2; k++) {
    let length = 0;
    for (let i = k + 1; i < n; i++) length += a[i * n + k]! ** 2;
    length = Math.sqrt(length);
    const first = a[(k + 1) * n + k]!;
    const alpha = first > 0 ? -length : length;
    beside[k] = alpha;
    // H = 1 − 2 v vᵀ / vᵀv with v = x − alpha·e₁ maps the column x to alpha·e₁.
    const half = length * (length + Math.abs(first));
    if (half === 0) continue;
    for (let i = k + 1; i < n; i++) vector[i] = a[i * n + k]! - (i === k + 1 ? alpha : 0);
    let along = 0;
    for (let i = k + 1; i < n; i++) {
      let product = 0;
      for (let j = k + 1; j < n; j++) product += a[i * n + j]! * vector[j]!;
      image[i] = product / half;
      along += image[i]! * vector[i]!;
    }
    for (let i = k + 1; i < n; i++) image[i]! -= (along / (2 * half)) * vector[i]!;
    for (let i = k + 1; i < n; i++) {
      for (let j = k + 1; j < n; j++) a[i * n + j]! -= vector[i]! * image[j]! + image[i]! * vector[j]!;
    }
  }
  if (n > 1) beside[n - 2] = a[(n - 1) * n + n - 2]!;
  return { diagonal: Float64Array.from({ length: n }, (_, i) => a[i * n + i]!), beside };
}

/** One QL step with Wilkinson's shift on the unreduced block l … m. */
function implicitShift(diagonal: Float64Array, beside: Float64Array, l: number, m: number): void {
  const ratio = (diagonal[l + 1]! - diagonal[l]!) / (2 * beside[l]!);
  const root = Math.sqrt(ratio * ratio + 1);
  let g = diagonal[m]! - diagonal[l]! + beside[l]! / (ratio + (ratio < 0 ? -root : root));
  let [sine, cosine, shift] = [1, 1, 0];
  for (let i = m - 1; i >= l; i--) {
    const f = sine * beside[i]!;
    const b = cosine * beside[i]!;
    const r = Math.sqrt(f * f + g * g);
    beside[i + 1] = r;
    if (r === 0) {
      diagonal[i + 1]! -= shift;
      beside[m] = 0;
      return;
    }
    sine = f / r;
    cosine = g / r;
    g = diagonal[i + 1]! - shift;
    const turn = (diagonal[i]! - g) * sine + 2 * cosine * b;
    shift = sine * turn;
    diagonal[i + 1] = g + shift;
    g = cosine * turn - b;
  }
  diagonal[l]! -= shift;
  beside[l] = g;
  beside[m] = 0;
}
