import { float32, type Tensor } from '../../../tensor.js';
import type { ValueId } from '../../../network/graph.js';
import { UnsupportedNode } from '../../unsupported.js';
import type { Activation, Form } from '../builder.js';
import { permuted } from '../permuted.js';
import { windowsOf, type Pair } from '../windows.js';
import { fusedOf } from './activations.js';
import type { NodeCall, NodeImporter } from './call.js';
import { batchToSpace, spaceToBatch } from './space-to-batch.js';
import { spreadConvolution, spreadOf } from './spread.js';

/** Rows and columns of an attribute with four numbers, in the order that `data_format` says. */
function pairOf(call: NodeCall, name: string, form: Form): Pair {
  const given = call.attributes.ints(name) ?? [];
  const four = given.length === 0 ? [1, 1, 1, 1] : given;
  const [n, c, y, x] = form === 'nchw' ? [four[0], four[3], four[1], four[2]] : four;
  if (four.length !== 4 || n !== 1 || c !== 1 || y === undefined || x === undefined) {
    throw new UnsupportedNode(`${name} [${four.join(', ')}]`);
  }
  return [y, x];
}

type Padding = Parameters<typeof windowsOf>[0];

function paddingOf(call: NodeCall, form: Form): Padding {
  const padding = call.attributes.text('padding', 'VALID');
  if (padding === 'SAME') return 'same';
  if (padding === 'VALID') return 'valid';
  const pads = call.attributes.ints('explicit_paddings');
  const rows = form === 'nchw' ? 2 : 4;
  const [top, bottom, left, right] = pads?.slice(rows, rows + 4) ?? [];
  if (padding !== 'EXPLICIT' || pads?.length !== 8 || top === undefined)
    throw new UnsupportedNode(`padding ${padding}`);
  return [top, left as number, bottom as number, right as number];
}

interface Kernels {
  /** ONNX order: [kernels, channels of a group, rows, columns]. */
  readonly tensor: Tensor<'float32'>;
  readonly group: number;
}

/** [rows, columns, channels of a group, kernels]; there are as many groups as the input's channels need. */
function plainKernels(filter: Tensor<'float32'>, channels: number): Kernels {
  const perGroup = filter.shape[2] as number;
  if (channels % perGroup !== 0)
    throw new UnsupportedNode(`kernels for ${perGroup} channels, but ${channels} are there`);
  return { tensor: permuted(filter, [3, 2, 0, 1]), group: channels / perGroup };
}

/** [rows, columns, channels, multiplier]: kernel number channel · multiplier + m. */
function depthwiseKernels(filter: Tensor<'float32'>, channels: number): Kernels {
  const turned = permuted(filter, [2, 3, 0, 1]);
  const [own, multiplier, rows, columns] = turned.shape as [number, number, number, number];
  if (own !== channels) throw new UnsupportedNode(`kernels for ${own} channels, but ${channels} are there`);
  return { tensor: float32([own * multiplier, 1, rows, columns], turned.data), group: own };
}

const convolution =
  (kernelsOf: (filter: Tensor<'float32'>, channels: number) => Kernels): NodeImporter =>
  (call) => {
    const spread = spreadOf(call.inputs[0]);
    const { value, shape, form } = call.mapIn(spread?.source ?? call.activation(0));
    const filter = call.floats(1, 'kernels');
    if (filter.shape.length !== 4) throw new UnsupportedNode(`kernels of ${filter.shape.length} dimensions`);
    const { tensor, group } = kernelsOf(filter, shape[2]);
    const [count, , rows, columns] = tensor.shape as [number, number, number, number];
    const { bias, main, finish } = fusedOf(call, 'Conv2D');
    const [stride, dilation] = [pairOf(call, 'strides', form), pairOf(call, 'dilations', form)];
    const convolved = (padding: Padding, apart: Pair): Activation => {
      const windows = windowsOf(padding, [shape[0], shape[1]], { kernel: [rows, columns], stride, dilation: apart });
      const inputs = [value, call.weight(1, tensor), ...(bias === undefined ? [] : [biasOf(call, bias, count)])];
      const attributes = { strides: stride, dilations: apart, group, pads: windows.pads };
      return finish(call.mapOf(form, call.emit('Conv', main, inputs, attributes), [...windows.output, count]));
    };
    const padding = paddingOf(call, form);
    if (!spread) return convolved(padding, dilation);
    if (padding !== 'valid' || [...stride, ...dilation].some((step) => step !== 1)) {
      throw new UnsupportedNode('padding, strides or a dilation of its own between SpaceToBatchND and BatchToSpaceND');
    }
    return spreadConvolution(spread, (pads) => convolved(pads, spread.block));
  };

function biasOf(call: NodeCall, input: number, count: number): ValueId {
  const bias = call.floats(input, 'bias');
  if (bias.data.length !== count)
    throw new UnsupportedNode(`a bias of ${bias.data.length} numbers for ${count} kernels`);
  return call.weight(input, float32([count], bias.data));
}

const pooling =
  (op: 'MaxPool' | 'AveragePool'): NodeImporter =>
  (call) => {
    const { value, shape, form } = call.mapIn(call.activation(0));
    const kernel = pairOf(call, 'ksize', form);
    const stride = pairOf(call, 'strides', form);
    const windows = windowsOf(paddingOf(call, form), [shape[0], shape[1]], { kernel, stride, dilation: [1, 1] });
    const attributes = { kernel_shape: kernel, strides: stride, dilations: [1, 1], pads: windows.pads, ceil_mode: 0 };
    const own = op === 'AveragePool' ? { count_include_pad: 0 } : {};
    return call.mapOf(form, call.emit(op, '', [value], { ...attributes, ...own }), [...windows.output, shape[2]]);
  };

/** Normalisation by stored statistics; in training mode it would use those of the batch. */
const batchNormalisation: NodeImporter = (call) => {
  if (call.attributes.flag('is_training', true)) {
    throw new UnsupportedNode('it is in training mode; export the model for inference');
  }
  const { value, shape, form } = call.mapIn(call.activation(0));
  const parameters = [1, 2, 3, 4].map((index) => call.weight(index, call.floats(index, 'parameters')));
  const result = call.emit('BatchNormalization', '', [value, ...parameters], {
    epsilon: call.attributes.float('epsilon', 1e-4),
  });
  return call.mapOf(form, result, shape);
};

const product: NodeImporter = (call) => {
  const input = call.activation(0);
  if (call.attributes.flag('transpose_a') || call.attributes.flag('adj_x'))
    throw new UnsupportedNode('a transposed input');
  const matrix = call.floats(1, 'weights');
  if (matrix.shape.length !== 2) throw new UnsupportedNode(`weights of ${matrix.shape.length} dimensions`);
  const turned = call.attributes.flag('transpose_b') || call.attributes.flag('adj_y');
  const [features, units] = (turned ? matrix.shape.toReversed() : matrix.shape) as [number, number];
  if (input.shape.at(-1) !== features) {
    throw new UnsupportedNode(`weights for ${features} features, but ${input.shape.at(-1) ?? 0} are there`);
  }
  const { bias, main, finish } = fusedOf(call, 'MatMul');
  const shape = [...input.shape.slice(0, -1), units];
  const value = call.builder.form(input, 'keras');
  if (input.shape.length === 1) {
    const inputs = [value, call.weight(1, matrix), ...(bias === undefined ? [] : [biasOf(call, bias, units)])];
    const made = call.emit('Gemm', main, inputs, { alpha: 1, beta: 1, transA: 0, transB: turned ? 1 : 0 });
    return finish({ shape, forms: { keras: made } });
  }
  if (bias !== undefined) throw new UnsupportedNode('a bias fused into a stack of matrices');
  const right = call.weight(1, turned ? permuted(matrix, [1, 0]) : matrix);
  return finish({ shape, forms: { keras: call.emit('MatMul', main, [value, right]) } });
};

/** Convolutions, pools, products and what is fused into them. */
export const windowImporters: Readonly<Record<string, NodeImporter>> = {
  AvgPool: pooling('AveragePool'),
  BatchMatMul: product,
  BatchMatMulV2: product,
  BatchToSpaceND: batchToSpace,
  Conv2D: convolution(plainKernels),
  DepthwiseConv2dNative: convolution(depthwiseKernels),
  FusedBatchNorm: batchNormalisation,
  FusedBatchNormV2: batchNormalisation,
  FusedBatchNormV3: batchNormalisation,
  FusedDepthwiseConv2dNative: convolution(depthwiseKernels),
  MatMul: product,
  MaxPool: pooling('MaxPool'),
  SpaceToBatchND: spaceToBatch,
  _FusedConv2D: convolution(plainKernels),
  _FusedMatMul: product,
};
