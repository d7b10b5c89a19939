import { float32, sizeOf, type Tensor } from '../../tensor.js';

/** A tensor with its axes in another order. */
export function permuted(source: Tensor<'float32'>, order: readonly number[]): Tensor<'float32'> {
  const shape = order.map((axis) => source.shape[axis] as number);
  const steps = order.map((axis) => sizeOf(source.shape.slice(axis + 1)));
  const data = new Float32Array(source.data.length);
  const at = shape.map(() => 0);
  for (let o = 0, from = 0; o < data.length; o++) {
    data[o] = source.data[from] as number;
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      at[axis] = (at[axis] as number) + 1;
      from += steps[axis] as number;
      if ((at[axis] as number) < (shape[axis] as number)) break;
      from -= (at[axis] as number) * (steps[axis] as number);
      at[axis] = 0;
    }
  }
  return float32(shape, data);
}
