export interface ArrayOf {
  readonly float32: Float32Array;
  readonly float64: Float64Array;
  readonly int32: Int32Array;
  readonly int64: BigInt64Array;
  readonly uint8: Uint8Array;
  readonly uint16: Uint16Array;
  /** One byte an element, 0 or 1. */
  readonly bool: Uint8Array;
}
export type DType = keyof ArrayOf;

/** A dense array on the host, row-major (C order). `data.length` is the product of `shape`; a scalar has shape []. */
export interface Tensor<D extends DType = DType> {
  readonly dtype: D;
  readonly shape: readonly number[];
  readonly data: ArrayOf[D];
}

/** Number of elements of a shape. */
export function sizeOf(shape: readonly number[]): number {
  return shape.reduce((product, dim) => product * dim, 1);
}

const constructors: { [D in DType]: new (length: number) => ArrayOf[D] } = {
  float32: Float32Array,
  float64: Float64Array,
  int32: Int32Array,
  int64: BigInt64Array,
  uint8: Uint8Array,
  uint16: Uint16Array,
  bool: Uint8Array,
};

export const bytesPerElement: Readonly<Record<DType, number>> = {
  float32: 4,
  float64: 8,
  int32: 4,
  int64: 8,
  uint8: 1,
  uint16: 2,
  bool: 1,
};

/** A tensor of zeros. */
export function zeros<D extends DType>(dtype: D, shape: readonly number[]): Tensor<D> {
  return { dtype, shape, data: new constructors[dtype](sizeOf(shape)) };
}

/**
 * Wraps data without copying.
 * @throws RangeError if the number of elements is not the product of the shape.
 */
export function tensor<D extends DType>(dtype: D, shape: readonly number[], data: ArrayOf[D]): Tensor<D> {
  if (data.length !== sizeOf(shape)) {
    throw new RangeError(
      `a ${dtype} tensor of shape [${shape.join(', ')}] holds ${sizeOf(shape)} elements, got ${data.length}`,
    );
  }
  return { dtype, shape, data };
}

/** A float32 tensor from plain numbers. */
export function float32(shape: readonly number[], data: ArrayLike<number>): Tensor<'float32'> {
  return tensor('float32', shape, data instanceof Float32Array ? data : Float32Array.from(data));
}

/** Rows [from, to) of the first axis, sharing memory with the original. */
export function rows<D extends DType>(t: Tensor<D>, from: number, to: number): Tensor<D> {
  const row = sizeOf(t.shape.slice(1));
  return {
    dtype: t.dtype,
    shape: [to - from, ...t.shape.slice(1)],
    data: t.data.subarray(from * row, to * row) as ArrayOf[D],
  };
}
