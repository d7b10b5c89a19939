import { float32, type Tensor } from '../../tensor.js';
import type { ValueId } from '../../network/graph.js';
import { activated, activationName } from './activation.js';
import type { Activation } from './builder.js';
import { inForm, type LayerCall, type LayerImporter } from './layer.js';
import { permuted } from './permuted.js';
import { windowsOf, type Pair } from './windows.js';

interface Kernels {
  readonly name: string;
  /** ONNX order: [kernels, channels of a group, rows, columns]. */
  readonly tensor: Tensor<'float32'>;
  readonly group: number;
}

/** [rows, columns, channels of a group, kernels] as ONNX has it. */
function plainKernels(call: LayerCall, part: string, group: number): Kernels {
  const { name, tensor } = call.weight(part);
  if (tensor.shape.length !== 4)
    throw call.invalid(`has ${part} of shape [${tensor.shape.join(', ')}], not of four axes`);
  return { name, tensor: permuted(tensor, [3, 2, 0, 1]), group };
}

/** [rows, columns, channels, multiplier] as a grouped convolution: kernel number channel · multiplier + m. */
function depthwiseKernels(call: LayerCall, part: string): Kernels {
  // Keras 3 gives a depthwise convolution's weight the name of every other convolution's.
  const { name, tensor } = call.weight(call.hasWeight(part) ? part : 'kernel');
  if (tensor.shape.length !== 4)
    throw call.invalid(`has ${part} of shape [${tensor.shape.join(', ')}], not of four axes`);
  const turned = permuted(tensor, [2, 3, 0, 1]);
  const [channels, multiplier, rows, columns] = turned.shape as [number, number, number, number];
  return { name, tensor: float32([channels * multiplier, 1, rows, columns], turned.data), group: channels };
}

interface Sliding {
  readonly part: string;
  readonly strides: Pair;
  readonly dilations: Pair;
  readonly bias: boolean;
}

function convolved(
  call: LayerCall,
  value: ValueId,
  shape: readonly [number, number, number],
  kernels: Kernels,
  sliding: Sliding,
): { readonly value: ValueId; readonly shape: readonly [number, number, number] } {
  const [count, perGroup, rows, columns] = kernels.tensor.shape as [number, number, number, number];
  if (perGroup * kernels.group !== shape[2]) {
    throw call.invalid(`has kernels for ${perGroup * kernels.group} channels, but its input has ${shape[2]}`);
  }
  const { strides, dilations } = sliding;
  const { pads, output } = windowsOf(call.padding(), [shape[0], shape[1]], {
    kernel: [rows, columns],
    stride: strides,
    dilation: dilations,
  });
  const bias = sliding.bias ? call.weight('bias') : undefined;
  const result = call.node(
    'Conv',
    sliding.part,
    [value, call.constant(kernels.name, kernels.tensor), ...(bias ? [call.constant(bias.name, bias.tensor)] : [])],
    { strides, dilations, group: kernels.group, pads },
  );
  return { value: result, shape: [output[0], output[1], count] };
}

function finished(call: LayerCall, result: { value: ValueId; shape: readonly number[] }): Activation {
  return activated(call, inForm(result.shape, 'nchw', result.value), activationName(call.config.raw('activation')));
}

const strides = (call: LayerCall): Pair => call.config.pair('strides', [1, 1]);
const dilations = (call: LayerCall): Pair => call.config.pair('dilation_rate', [1, 1]);
const hasBias = (call: LayerCall): boolean => call.config.boolean('use_bias', true);

export const conv2d: LayerImporter = (call) => {
  const { value, shape } = call.map();
  const kernels = plainKernels(call, 'kernel', call.config.number('groups', 1));
  const sliding = { part: '', strides: strides(call), dilations: dilations(call), bias: hasBias(call) };
  return finished(call, convolved(call, value, shape, kernels, sliding));
};

export const depthwiseConv2d: LayerImporter = (call) => {
  const { value, shape } = call.map();
  const sliding = { part: '', strides: strides(call), dilations: dilations(call), bias: hasBias(call) };
  return finished(call, convolved(call, value, shape, depthwiseKernels(call, 'depthwise_kernel'), sliding));
};

export const separableConv2d: LayerImporter = (call) => {
  const { value, shape } = call.map();
  const depthwise = convolved(call, value, shape, depthwiseKernels(call, 'depthwise_kernel'), {
    part: 'depthwise',
    strides: strides(call),
    dilations: dilations(call),
    bias: false,
  });
  const pointwise = convolved(call, depthwise.value, depthwise.shape, plainKernels(call, 'pointwise_kernel', 1), {
    part: '',
    strides: [1, 1],
    dilations: [1, 1],
    bias: hasBias(call),
  });
  return finished(call, pointwise);
};

export const dense: LayerImporter = (call) => {
  const { input } = call;
  const { name, tensor } = call.weight('kernel');
  const [features, units] = tensor.shape as [number, number];
  if (input.shape.at(-1) !== features) {
    throw call.invalid(`takes ${features} features, got [${input.shape.join(', ')}]`);
  }
  const value = call.builder.form(input, 'keras');
  const kernel = call.constant(name, tensor);
  const bias = hasBias(call) ? call.weight('bias') : undefined;
  const biasId = bias && call.constant(bias.name, bias.tensor);
  const shape = [...input.shape.slice(0, -1), units];
  const matrix = input.shape.length === 1;
  let result = matrix
    ? call.node('Gemm', '', [value, kernel, ...(biasId === undefined ? [] : [biasId])], {
        alpha: 1,
        beta: 1,
        transA: 0,
        transB: 0,
      })
    : call.node('MatMul', '', [value, kernel]);
  if (!matrix && biasId !== undefined) result = call.node('Add', 'bias_add', [result, biasId]);
  return activated(call, inForm(shape, 'keras', result), activationName(call.config.raw('activation')));
};
