/** Float32 values of which many are 0, exactly: a bit for each that says whether it is another number, and these numbers. */
export interface Sparse {
  /** Bit i % 8 of byte i >> 3 is value i's, the lowest first. */
  readonly mask: Uint8Array;
  readonly values: Float32Array;
}

/** Leaves out what is 0; −0 counts as 0. */
export function toSparse(dense: Float32Array): Sparse {
  const mask = new Uint8Array(Math.ceil(dense.length / 8));
  let count = 0;
  for (let i = 0; i < dense.length; i++) {
    if (dense[i] === 0) continue;
    mask[i >> 3] = (mask[i >> 3] as number) | (1 << (i & 7));
    count++;
  }
  const values = new Float32Array(count);
  let at = 0;
  for (let i = 0; i < dense.length; i++) if (dense[i] !== 0) values[at++] = dense[i] as number;
  return { mask, values };
}

/** The values again, `length` of them. */
export function fromSparse({ mask, values }: Sparse, length: number): Float32Array {
  const dense = new Float32Array(length);
  let at = 0;
  for (let i = 0; i < length; i++) {
    if (((mask[i >> 3] as number) >> (i & 7)) & 1) dense[i] = values[at++] as number;
  }
  return dense;
}

/** How many values a mask says there are. */
export function countOf(mask: Uint8Array): number {
  let count = 0;
  for (const byte of mask) for (let bits = byte; bits > 0; bits &= bits - 1) count++;
  return count;
}
