import { float32, sizeOf, zeros, type Tensor } from '../../tensor.js';
import { DYNAMIC, type Operation, type Shape } from '../operation.js';
import { floatsAt, imageShapeAt, inputsOf, invalidNode, numberOf, padsOf, pairOf, printShape } from './attribute.js';
import { elementsPerImage } from './layout.js';
import { along } from './narrow.js';
import type { NodeInputs, Operator } from './operator.js';
import { constantAt, cotangentOf, inputAt, NoAdjoint } from './term.js';
import { transposedConv } from './transposed-conv.js';

function outputShape(node: Operation, inputs: NodeInputs): readonly [number, number, number, number] {
  const [images, channels, height, width] = imageShapeAt(node, inputs, 0);
  const [kernels, perGroup, rows, columns] = imageShapeAt(node, inputs, 1);
  const group = numberOf(node, 'group');
  if (!(Number.isInteger(group) && group >= 1) || channels !== perGroup * group || kernels % group !== 0) {
    throw invalidNode(
      node,
      `weights of shape ${printShape(inputs.shapes[1])} in ${group} group(s) do not fit an input of shape ${printShape(inputs.shapes[0])}`,
    );
  }
  const bias = inputs.shapes[2];
  if (bias !== undefined && (bias.length !== 1 || bias[0] !== kernels)) {
    throw invalidNode(node, `the bias must hold ${kernels} numbers, got shape ${printShape(bias)}`);
  }
  const [[strideY, strideX], [dilationY, dilationX]] = [pairOf(node, 'strides'), pairOf(node, 'dilations')];
  const [top, left, bottom, right] = padsOf(node);
  const along = (size: number, kernel: number, stride: number, dilation: number, pad: number): number => {
    if (size === DYNAMIC) return DYNAMIC;
    const result = Math.floor((size + pad - dilation * (kernel - 1) - 1) / stride) + 1;
    if (result < 1) throw invalidNode(node, `a window of ${kernel} does not fit into ${size} pixels with its padding`);
    return result;
  };
  return [
    images,
    kernels,
    along(height, rows, strideY, dilationY, top + bottom),
    along(width, columns, strideX, dilationX, left + right),
  ];
}

/** Output positions, from `first` to before `end`, whose input position lies in the image. */
interface Reach {
  readonly first: number;
  readonly end: number;
}

function reach(size: number, count: number, stride: number, shift: number): Reach {
  const first = Math.max(0, Math.ceil(-shift / stride));
  return { first, end: Math.max(first, Math.min(count, Math.floor((size - 1 - shift) / stride) + 1)) };
}

/**
 * Two-dimensional cross-correlation with strides, pads, dilations and groups. Inputs: x [N, C, H, W], weights
 * [K, C/group, rows, columns], and maybe a bias [K]. Each output is summed in float64 over channel, row, column.
 */
function evaluate(node: Operation, inputs: readonly (Tensor | undefined)[]): readonly Tensor[] {
  const [x, weights] = [floatsAt(node, inputs, 0), floatsAt(node, inputs, 1)];
  const bias = inputs[2] === undefined ? undefined : floatsAt(node, inputs, 2).data;
  const shape = outputShape(node, inputsOf(inputs));
  const [images, kernels, outHeight, outWidth] = shape;
  const [, channels, height, width] = x.shape as [number, number, number, number];
  const [, perGroup, rows, columns] = weights.shape as [number, number, number, number];
  const [[strideY, strideX], [dilationY, dilationX]] = [pairOf(node, 'strides'), pairOf(node, 'dilations')];
  const [top, left] = padsOf(node);
  const kernelsPerGroup = kernels / numberOf(node, 'group');
  const plane = outHeight * outWidth;
  const result = new Float32Array(images * kernels * plane);
  const sums = new Float64Array(plane);
  const [source, factors] = [x.data, weights.data];
  const reachY = Array.from({ length: rows }, (_, row) => reach(height, outHeight, strideY, row * dilationY - top));
  const reachX = Array.from({ length: columns }, (_, i) => reach(width, outWidth, strideX, i * dilationX - left));
  for (let n = 0; n < images; n++) {
    for (let k = 0; k < kernels; k++) {
      sums.fill(bias?.[k] ?? 0);
      const firstChannel = Math.floor(k / kernelsPerGroup) * perGroup;
      for (let c = 0, w = k * perGroup * rows * columns; c < perGroup; c++) {
        const input = (n * channels + firstChannel + c) * height * width;
        for (let row = 0; row < rows; row++) {
          const { first: fromY, end: toY } = reachY[row] as Reach;
          for (let column = 0; column < columns; column++, w++) {
            const weight = factors[w] as number;
            const { first: fromX, end: toX } = reachX[column] as Reach;
            for (let y = fromY; y < toY; y++) {
              const line = input + (y * strideY + row * dilationY - top) * width;
              const end = y * outWidth + toX;
              let i = line + fromX * strideX + column * dilationX - left;
              for (let o = y * outWidth + fromX; o < end; o++) {
                sums[o] = (sums[o] as number) + weight * (source[i] as number);
                i += strideX;
              }
            }
          }
        }
      }
      result.set(sums, (n * kernels + k) * plane);
    }
  }
  return [float32(shape, result)];
}

export const conv: Operator = {
  role: (_, inputs) => (inputs.constants[1] === undefined ? 'other' : 'convolution'),
  rectifies: () => false,
  infer: (node, inputs) => [outputShape(node, inputs)],
  macs: (node, inputs, outputs) =>
    elementsPerImage(outputs[0] as Shape) * elementsPerImage(imageShapeAt(node, inputs, 1).slice(1)),
  work: (_, inputs, outputs) => sizeOf(outputs[0] as Shape) * sizeOf((inputs.shapes[1] as Shape).slice(1)),
  adjoint(passage) {
    const { node, write, wanted } = passage;
    if (wanted[2] === true) throw new NoAdjoint('its bias is computed in the network, not constant');
    const weights = constantAt(passage, 1, 'weights');
    const [, , height, width] = inputAt(passage, 0).shape as readonly [number, number, number, number];
    const [top, left] = padsOf(node);
    const form = {
      strides: pairOf(node, 'strides'),
      dilations: pairOf(node, 'dilations'),
      padding: [top, left],
      group: numberOf(node, 'group'),
    } as const;
    return [transposedConv(write, cotangentOf(passage), weights, form, [height, width])];
  },
  channels(node, inputs) {
    const [kernels, perGroup] = imageShapeAt(node, inputs, 1);
    const groups = numberOf(node, 'group');
    const kernelsPerGroup = kernels / groups;
    // A convolution of a grey image reads one channel, too, and mixes no fewer for that: its kernels are not copies of the image.
    if (perGroup !== 1 || groups === 1 || inputs.constants[1] === undefined) return 'mixed';
    return Array.from({ length: kernels }, (_, k) => [{ input: 0, channel: Math.floor(k / kernelsPerGroup) }]);
  },
  narrow(node, inputs, kept) {
    const [kernels, perGroup] = imageShapeAt(node, inputs, 1);
    const groups = numberOf(node, 'group');
    const left = kept.outputs[0] ?? [...Array(kernels).keys()];
    const read = kept.inputs[0] ?? [...Array(perGroup * groups).keys()];
    const groupOf = (kernel: number): number => Math.floor(kernel / (kernels / groups));
    const columns = Array.from({ length: groups }, (_, g) =>
      read.filter((c) => Math.floor(c / perGroup) === g).map((c) => c % perGroup),
    );
    const [weights, bias] = [inputs.constants[1] as Tensor, inputs.constants[2]];
    const alive = [...new Set(left.map(groupOf))];
    const parts = alive.map((g) => {
      const rows = left.filter((kernel) => groupOf(kernel) === g);
      return along(along(weights, 0, rows), 1, columns[g]) as Tensor<'float32'>;
    });
    const width = parts[0]?.shape[1] ?? 0;
    const narrowed = zeros('float32', [left.length, width, ...weights.shape.slice(2)]);
    parts.reduce((at, part) => {
      narrowed.data.set(part.data, at);
      return at + part.data.length;
    }, 0);
    return {
      attributes: { group: alive.length },
      constants: new Map([[1, narrowed], ...(bias ? [[2, along(bias, 0, left)] as const] : [])]),
    };
  },
  readAxis: (node) => (numberOf(node, 'group') === 1 ? 1 : undefined),
  window(node, inputs) {
    const [, , rows, columns] = imageShapeAt(node, inputs, 1);
    const [top, left] = padsOf(node);
    return {
      size: [rows, columns],
      stride: pairOf(node, 'strides'),
      padding: [top, left],
      dilation: pairOf(node, 'dilations'),
    };
  },
  emit: (node) => ({
    opType: 'Conv',
    attributes: {
      dilations: pairOf(node, 'dilations'),
      group: numberOf(node, 'group'),
      pads: padsOf(node),
      strides: pairOf(node, 'strides'),
    },
  }),
  evaluate,
};
