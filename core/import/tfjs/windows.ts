/** Rows and columns. */
export type Pair = readonly [number, number];

export interface Windows {
  /** Top, left, bottom, right. */
  readonly pads: readonly [number, number, number, number];
  readonly output: Pair;
}

export interface Sliding {
  readonly kernel: Pair;
  readonly stride: Pair;
  readonly dilation: Pair;
}

/**
 * Pads and output size of a sliding window as TensorFlow has them: `same` gives ⌈size / stride⌉ windows and puts the
 * larger part of an odd padding behind; `valid` has none. Four numbers (top, left, bottom, right) are pads as given.
 */
export function windowsOf(
  padding: 'same' | 'valid' | readonly [number, number, number, number],
  size: Pair,
  { kernel, stride, dilation }: Sliding,
): Windows {
  const axes = ([0, 1] as const).map((axis) => {
    const reach = (kernel[axis] - 1) * dilation[axis] + 1;
    if (padding !== 'same') {
      const [before, after] = padding === 'valid' ? [0, 0] : [padding[axis], padding[axis === 0 ? 2 : 3]];
      return { before, after, count: Math.floor((size[axis] + before + after - reach) / stride[axis]) + 1 };
    }
    const count = Math.ceil(size[axis] / stride[axis]);
    const total = Math.max(0, (count - 1) * stride[axis] + reach - size[axis]);
    return { before: Math.floor(total / 2), after: Math.ceil(total / 2), count };
  });
  const [rows, columns] = axes as [(typeof axes)[number], (typeof axes)[number]];
  return { pads: [rows.before, columns.before, rows.after, columns.after], output: [rows.count, columns.count] };
}
