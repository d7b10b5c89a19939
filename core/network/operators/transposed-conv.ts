import { float32, type Tensor } from '../../tensor.js';
import { spaced, type Spacing } from './placing.js';
import type { Term, TermWriter } from './term.js';

export interface ConvForm {
  readonly strides: readonly [number, number];
  readonly dilations: readonly [number, number];
  /** Before the first row and column. */
  readonly padding: readonly [number, number];
  readonly group: number;
}

/**
 * The transpose of a convolution with constant weights [K, C/group, rows, columns], from its output's rows to its input's, [C, …size]: a convolution
 * with the weights turned round, of the cotangent set apart by the strides.
 */
export function transposedConv(
  write: TermWriter,
  cotangent: Term,
  weights: Tensor<'float32'>,
  { strides, dilations, padding, group }: ConvForm,
  size: readonly [number, number],
): Term {
  const kernel = weights.shape.slice(2) as readonly number[] as readonly [number, number];
  const turned = turnedWeights(weights, group);
  const convolve = (x: Term, pads: readonly number[]): Term =>
    write.apply('Conv', [x, write.constant(turned.shape, turned.data)], {
      dilations: [...dilations],
      group,
      pads: [...pads],
      strides: [1, 1],
    });
  if (kernel.every((extent) => extent === 1)) {
    const through = convolve(cotangent, [0, 0, 0, 0]);
    return spaced(
      write,
      through,
      ([0, 1] as const).map((side) => ({
        axis: side + 2,
        stride: strides[side],
        shift: -padding[side],
        size: size[side],
      })),
    );
  }
  const before: number[] = [];
  const behind: number[] = [];
  const apart = ([0, 1] as const).map((side): Spacing => {
    const [stride, places] = [strides[side], cotangent.shape[side + 2] as number];
    const reach = (kernel[side] - 1) * dilations[side];
    const first = reach - padding[side];
    const last = size[side] - 1 - (places - 1) * stride + padding[side];
    before.push(Math.max(0, first));
    behind.push(Math.max(0, last));
    const shift = Math.min(0, first);
    return { axis: side + 2, stride, shift, size: (places - 1) * stride + 1 + shift + Math.min(0, last) };
  });
  return convolve(spaced(write, cotangent, apart), [...before, ...behind]);
}

/** [K, C/group, rows, columns] to [C, K/group, rows, columns], turned by half a circle. */
function turnedWeights({ shape, data }: Tensor<'float32'>, group: number): Tensor<'float32'> {
  const [kernels, perGroup, rows, columns] = shape as [number, number, number, number];
  const kernelsPerGroup = kernels / group;
  const window = rows * columns;
  const result = new Float32Array(data.length);
  for (let k = 0; k < kernels; k++) {
    const [own, g] = [k % kernelsPerGroup, Math.floor(k / kernelsPerGroup)];
    for (let c = 0; c < perGroup; c++) {
      const from = (k * perGroup + c) * window;
      const to = ((g * perGroup + c) * kernelsPerGroup + own) * window;
      for (let i = 0; i < window; i++) result[to + i] = data[from + window - 1 - i] as number;
    }
  }
  return float32([perGroup * group, kernelsPerGroup, rows, columns], result);
}
