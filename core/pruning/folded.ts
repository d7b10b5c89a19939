import type { Role } from '../network/operators/operator.js';
import { float32, type Tensor } from '../tensor.js';

/** A sum or a product with a constant [1, C, …] behind a node. */
export interface Step {
  readonly op: 'Add' | 'Mul';
  readonly constant: Tensor;
}

/**
 * A convolution's weights and bias with the steps behind it taken in, as far as they are the same all over the map; for other nodes,
 * and from the first step that is a map on, the steps are left as they are.
 *
 * @param tensors Constant inputs by place: weights [K, C, rows, columns] at 1, a bias [K] at 2 or none.
 */
export function folded(
  role: Role,
  tensors: readonly (Tensor | undefined)[],
  steps: readonly Step[],
): { readonly tensors: readonly (Tensor | undefined)[]; readonly steps: readonly Step[] } {
  const weights = tensors[1];
  if (role !== 'convolution' || weights === undefined) return { tensors, steps };
  const kernels = weights.shape[0] as number;
  const firstMap = steps.findIndex(({ constant }) => constant.data.length !== kernels);
  const own = firstMap < 0 ? steps : steps.slice(0, firstMap);
  if (own.length === 0) return { tensors, steps };
  const scale = new Float64Array(kernels).fill(1);
  const shift = Float64Array.from({ length: kernels }, (_, k) => Number(tensors[2]?.data[k] ?? 0));
  for (const { op, constant } of own) {
    for (let k = 0; k < kernels; k++) {
      const by = Number(constant.data[k]);
      if (op === 'Add') shift[k] = (shift[k] as number) + by;
      else [scale[k], shift[k]] = [(scale[k] as number) * by, (shift[k] as number) * by];
    }
  }
  const size = weights.data.length / kernels;
  const scaled = Float32Array.from(
    weights.data as ArrayLike<number>,
    (w, i) => w * (scale[Math.floor(i / size)] as number),
  );
  return {
    tensors: [tensors[0], float32(weights.shape, scaled), float32([kernels], Float32Array.from(shift))],
    steps: steps.slice(own.length),
  };
}
