/** Features that are multiplied at a time: so many of all rows stay in the cache, and no more memory is taken, however many there are. */
const SLICE = 512;

/**
 * Adds the inner products of rows a[i], b[j] over features [from, to) to a matrix [a.length × b.length]. Blocks of 2 × 4 rows keep
 * the multiplier busy; each sum still runs over the features in order, slice by slice. Of a symmetric matrix, `a` and `b` being one
 * list, only the upper blocks are computed: `mirror` gives the others.
 */
export function addProducts(
  gram: Float64Array,
  a: readonly Float32Array[],
  b: readonly Float32Array[],
  from: number,
  to: number,
): void {
  const width = Math.min(SLICE, to - from);
  const own = new Float64Array(a.length * width);
  const other = a === b ? own : new Float64Array(b.length * width);
  const sums = new Float64Array(a.length * b.length);
  for (let start = from; start < to; start += width) {
    const end = Math.min(start + width, to);
    pack(own, a, start, end);
    if (a !== b) pack(other, b, start, end);
    addSlice(sums, { own, other, rows: a.length, columns: b.length, width: end - start, isSymmetric: a === b });
  }
  for (let i = 0; i < sums.length; i++) gram[i]! += sums[i]!;
}

/**
 * Features [from, to) of all rows, one row after the other, in float64: so they are turned once, not in every product. One by one, since
 * `set` between arrays of two types is several times slower.
 */
function pack(into: Float64Array, rows: readonly Float32Array[], from: number, to: number): void {
  let at = 0;
  for (const row of rows) for (let f = from; f < to; f++) into[at++] = row[f]!;
}

/** Rows that are multiplied with each other, packed. */
interface Packed {
  readonly own: Float64Array;
  readonly other: Float64Array;
  readonly rows: number;
  readonly columns: number;
  readonly width: number;
  readonly isSymmetric: boolean;
}

function addSlice(sums: Float64Array, { own, other, rows, columns, width, isSymmetric }: Packed): void {
  const block = new Float64Array(8);
  const offsets = new Int32Array(6);
  for (let i = 0; i < rows; i += 2) {
    const height = Math.min(2, rows - i);
    offsets[0] = i * width;
    offsets[1] = (i + height - 1) * width;
    for (let j = isSymmetric ? i - (i % 4) : 0; j < columns; j += 4) {
      const across = Math.min(4, columns - j);
      for (let c = 0; c < 4; c++) offsets[2 + c] = (j + Math.min(c, across - 1)) * width;
      for (let r = 0; r < height; r++)
        for (let c = 0; c < across; c++) block[4 * r + c] = sums[(i + r) * columns + j + c]!;
      productBlock(block, own, other, offsets, width);
      for (let r = 0; r < height; r++)
        for (let c = 0; c < across; c++) sums[(i + r) * columns + j + c] = block[4 * r + c]!;
    }
  }
}

/** Goes on with the eight sums of two rows with four. */
function productBlock(sums: Float64Array, a: Float64Array, b: Float64Array, offsets: Int32Array, width: number): void {
  let s0 = sums[0]!;
  let s1 = sums[1]!;
  let s2 = sums[2]!;
  let s3 = sums[3]!;
  let t0 = sums[4]!;
  let t1 = sums[5]!;
  let t2 = sums[6]!;
  let t3 = sums[7]!;
  const x0 = offsets[0]!;
  const y0 = offsets[1]!;
  const p0 = offsets[2]!;
  const q0 = offsets[3]!;
  const r0 = offsets[4]!;
  const z0 = offsets[5]!;
  for (let f = 0; f < width; f++) {
    const x = a[x0 + f]!;
    const y = a[y0 + f]!;
    const p = b[p0 + f]!;
    const q = b[q0 + f]!;
    const r = b[r0 + f]!;
    const s = b[z0 + f]!;
    s0 += x * p;
    s1 += x * q;
    s2 += x * r;
    s3 += x * s;
    t0 += y * p;
    t1 += y * q;
    t2 += y * r;
    t3 += y * s;
  }
  sums[0] = s0;
  sums[1] = s1;
  sums[2] = s2;
  sums[3] = s3;
  sums[4] = t0;
  sums[5] = t1;
  sums[6] = t2;
  sums[7] = t3;
}

/** Of a symmetric matrix [n × n] whose upper triangle is known, the lower one. */
export function mirror(gram: Float64Array, n: number): void {
  for (let i = 0; i < n; i++) for (let j = 0; j < i; j++) gram[i * n + j] = gram[j * n + i]!;
}
