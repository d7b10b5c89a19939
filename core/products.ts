/**
 * Adds the inner products of rows a[i], b[j] over features [from, to) to a matrix [a.length × b.length]. Blocks of 2 × 4 rows keep
 * the multiplier busy; each sum still runs over the features in order. Of a symmetric matrix, `a` and `b` being one list, only the
 * upper blocks are computed: `mirror` gives the others.
 */
export function addProducts(
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

/** Of a symmetric matrix [n × n] whose upper triangle is known, the lower one. */
export function mirror(gram: Float64Array, n: number): void {
  for (let i = 0; i < n; i++) for (let j = 0; j < i; j++) gram[i * n + j] = gram[j * n + i]!;
}
