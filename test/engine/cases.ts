import { buildGraph } from '../../core/network/build.js';
import { DYNAMIC, type Shape } from '../../core/network/graph.js';
import { float32, type Tensor } from '../../core/tensor.js';
import { mask, noise, single, type Attributes, type ConformanceCase } from './conformance-case.js';
import { truthCases } from './truth-cases.js';

const plain: Attributes = { strides: [1, 1], pads: [0, 0, 0, 0], dilations: [1, 1], group: 1 };

const convolutions: readonly (readonly [string, Shape, Shape, Attributes])[] = [
  ['plain', [2, 3, 8, 8], [4, 3, 3, 3], {}],
  ['padded', [2, 3, 8, 8], [4, 3, 3, 3], { pads: [1, 1, 1, 1] }],
  ['with different pads on each side', [2, 3, 7, 9], [4, 3, 3, 3], { pads: [2, 0, 1, 3] }],
  ['strided', [2, 4, 9, 8], [4, 4, 3, 3], { strides: [2, 3], pads: [1, 1, 1, 1] }],
  ['dilated', [1, 2, 11, 11], [3, 2, 3, 3], { dilations: [2, 3], pads: [2, 3, 2, 3] }],
  ['in groups', [2, 6, 6, 6], [4, 3, 3, 3], { group: 2, pads: [1, 1, 1, 1] }],
  ['depthwise', [2, 16, 8, 8], [16, 1, 3, 3], { group: 16, pads: [1, 1, 1, 1] }],
  ['depthwise with two kernels a channel, strided', [2, 3, 8, 8], [6, 1, 3, 3], { group: 3, strides: [2, 2] }],
  ['pointwise', [2, 16, 5, 5], [8, 16, 1, 1], {}],
  ['one by one with stride 2', [2, 16, 8, 8], [8, 16, 1, 1], { strides: [2, 2] }],
  ['of even size, padded as TensorFlow does', [1, 3, 8, 8], [4, 3, 4, 4], { strides: [2, 2], pads: [1, 1, 1, 1] }],
  ['wide', [1, 2, 4, 20], [3, 2, 1, 7], { pads: [0, 3, 0, 3] }],
];

const pools: readonly (readonly [string, Shape, Attributes])[] = [
  ['plain', [2, 3, 8, 8], { kernel_shape: [2, 2], strides: [2, 2] }],
  ['overlapping and padded', [2, 3, 9, 9], { kernel_shape: [3, 3], strides: [2, 2], pads: [1, 1, 1, 1] }],
  ['in ceil mode', [2, 3, 8, 9], { kernel_shape: [3, 3], strides: [2, 2], ceil_mode: 1 }],
  [
    'in ceil mode, last window in the padding',
    [1, 2, 6, 6],
    { kernel_shape: [2, 2], strides: [2, 2], pads: [0, 0, 1, 1], ceil_mode: 1 },
  ],
  ['with different pads on each side', [1, 2, 7, 7], { kernel_shape: [3, 2], strides: [1, 2], pads: [1, 0, 2, 1] }],
];

const poolAttributes: Attributes = { strides: [1, 1], pads: [0, 0, 0, 0], dilations: [1, 1], ceil_mode: 0 };

/** Every case of our own; those of the ONNX project come on top. */
export function conformanceCases(): readonly ConformanceCase[] {
  const x = noise('x', [3, 4, 5, 6]);
  const rows = noise('rows', [5, 7]);
  return [
    ...convolutions.flatMap(([name, shape, weights, attributes]) => [
      single(`Conv ${name}`, 'Conv', [noise(name, shape)], [noise(`w ${name}`, weights)], { ...plain, ...attributes }),
      single(
        `Conv ${name}, with bias`,
        'Conv',
        [noise(name, shape)],
        [noise(`w ${name}`, weights), noise(`b ${name}`, weights.slice(0, 1))],
        { ...plain, ...attributes },
      ),
    ]),
    ...pools.flatMap(([name, shape, attributes]) => [
      single(`MaxPool ${name}`, 'MaxPool', [noise(name, shape)], [], { ...poolAttributes, ...attributes }),
      single(`AveragePool ${name}`, 'AveragePool', [noise(name, shape)], [], {
        ...poolAttributes,
        count_include_pad: 0,
        ...attributes,
      }),
      single(`AveragePool ${name}, padding counted`, 'AveragePool', [noise(name, shape)], [], {
        ...poolAttributes,
        count_include_pad: 1,
        ...attributes,
      }),
    ]),
    single('MaxPool dilated', 'MaxPool', [noise('dilated', [1, 2, 9, 9])], [], {
      ...poolAttributes,
      kernel_shape: [2, 3],
      dilations: [3, 2],
    }),
    single('GlobalAveragePool', 'GlobalAveragePool', [x], [], {}),
    single('GlobalMaxPool', 'GlobalMaxPool', [x], [], {}),
    single('ReduceMean over space', 'ReduceMean', [x], [], { axes: [2, 3], keepdims: 0 }),
    single('ReduceMean over channels, kept', 'ReduceMean', [x], [], { axes: [1], keepdims: 1 }),
    single('ReduceMean of everything, dropped', 'ReduceMean', [x], [], { axes: [1, 2, 3], keepdims: 0 }),
    single('ReduceSum over space', 'ReduceSum', [x], [], { axes: [2, 3], keepdims: 1 }),
    single('ReduceMax over channels', 'ReduceMax', [x], [], { axes: [1], keepdims: 0 }),
    single('ReduceL2 over space', 'ReduceL2', [x], [], { axes: [2, 3], keepdims: 1 }),
    ...truthCases(x),
    single('Relu', 'Relu', [x], [], {}),
    single('Abs', 'Abs', [x], [], {}),
    single('Neg', 'Neg', [x], [], {}),
    single('Exp', 'Exp', [x], [], {}),
    single('Log', 'Log', [positive('log', [3, 4, 5, 6])], [], {}),
    single('Sqrt', 'Sqrt', [positive('sqrt', [3, 4, 5, 6])], [], {}),
    single('Reciprocal', 'Reciprocal', [positive('reciprocal', [3, 4, 5, 6])], [], {}),
    single('Erf', 'Erf', [noise('erf', [40, 50])], [], {}),
    single('Gelu', 'Gelu', [noise('gelu', [40, 50])], [], { approximate: 'none' }),
    single('Gelu by tanh', 'Gelu', [noise('gelu', [40, 50])], [], { approximate: 'tanh' }),
    single('Selu', 'Selu', [x], [], { alpha: Math.fround(1.6732632), gamma: Math.fround(1.050701) }),
    single('Softsign', 'Softsign', [x], [], {}),
    single('Pow with a constant exponent', 'Pow', [x], [float32([], [2])], {}),
    single('Pow of activations', 'Pow', [positive('base', [3, 4, 5, 6]), noise('exponent', [3, 4, 1, 1])], [], {}),
    single('Max', 'Max', [x, noise('other', [3, 4, 5, 6])], [], {}),
    single('Min with a constant per channel', 'Min', [x], [noise('c', [4, 1, 1])], {}),
    single('LeakyRelu', 'LeakyRelu', [x], [], { alpha: 0.1 }),
    single('PRelu', 'PRelu', [x], [noise('slope', [4, 1, 1])], {}),
    single('Elu', 'Elu', [x], [], { alpha: 0.7 }),
    single('Softplus', 'Softplus', [x], [], {}),
    single('Clip', 'Clip', [x], [], { min: 0, max: 0.75 }),
    single('Sigmoid', 'Sigmoid', [x], [], {}),
    single('Tanh', 'Tanh', [x], [], {}),
    single('HardSigmoid', 'HardSigmoid', [x], [], { alpha: 0.25, beta: 0.4 }),
    single('HardSwish', 'HardSwish', [x], [], {}),
    single(
      'BatchNormalization',
      'BatchNormalization',
      [x],
      [noise('s', [4]), noise('b', [4]), noise('m', [4]), positive('v', [4])],
      {
        epsilon: 1e-3,
      },
    ),
    single('InstanceNormalization', 'InstanceNormalization', [x], [noise('s', [4]), noise('b', [4])], {
      epsilon: 1e-3,
    }),
    single(
      'InstanceNormalization of lines',
      'InstanceNormalization',
      [noise('lines', [3, 4, 30])],
      [noise('s', [4]), noise('b', [4])],
      { epsilon: 1e-5 },
    ),
    single('LayerNormalization of lines', 'LayerNormalization', [x], [noise('s', [6]), noise('b', [6])], {
      axis: 3,
      epsilon: 1e-6,
    }),
    single('LayerNormalization from channels on, without bias', 'LayerNormalization', [x], [noise('s', [4, 5, 6])], {
      axis: 1,
      epsilon: 1e-5,
    }),
    single('LRN', 'LRN', [noise('lrn', [2, 8, 3, 3])], [], { alpha: 0.5, beta: 0.75, bias: 1, size: 5 }),
    single('LRN of even size', 'LRN', [noise('lrn', [2, 8, 3, 3])], [], { alpha: 0.5, beta: 0.75, bias: 1, size: 4 }),
    single('Gemm', 'Gemm', [rows], [noise('b', [7, 3]), noise('c', [3])], { alpha: 1, beta: 1, transA: 0, transB: 0 }),
    single('Gemm transposed and scaled', 'Gemm', [rows], [noise('b', [3, 7]), noise('c', [3])], {
      alpha: 0.5,
      beta: 2,
      transA: 0,
      transB: 1,
    }),
    single('MatMul', 'MatMul', [rows], [noise('b', [7, 3])], {}),
    single('MatMul of stacks', 'MatMul', [noise('a', [2, 3, 4, 5])], [noise('b', [3, 5, 6])], {}),
    single('Softmax', 'Softmax', [rows], [], { axis: 1 }),
    single('Softmax over channels', 'Softmax', [x], [], { axis: 1 }),
    single('LogSoftmax', 'LogSoftmax', [rows], [], { axis: 1 }),
    single('Add of a constant per channel', 'Add', [x], [noise('c', [4, 1, 1])], {}),
    single('Sub of activations', 'Sub', [x, noise('other', [3, 4, 1, 6])], [], {}),
    single('Mul of a gate', 'Mul', [x, noise('gate', [3, 4, 1, 1])], [], {}),
    single('Div', 'Div', [x], [positive('d', [1, 4, 1, 1])], {}),
    single(
      'Where in five dimensions',
      'Where',
      [mask('keep', [2, 1, 4, 1, 1]), noise('x5', [1, 3, 4, 5, 6]), noise('y5', [2, 1, 4, 5, 6])],
      [],
      {},
    ),
    single(
      'Where with one shift for all',
      'Where',
      [mask('keep', [3, 4, 1, 1]), x, noise('shift', [1, 4, 1, 1])],
      [],
      {},
    ),
    single('Expand', 'Expand', [noise('e', [3, 1, 5])], [], { shape: [1, 4, 1] }),
    single('Concat', 'Concat', [x, noise('x2', [3, 2, 5, 6])], [], { axis: 1 }),
    single('Split', 'Split', [x], [], { axis: 1, split: [1, 3] }, 2),
    single('Split along the width', 'Split', [x], [], { axis: 3, split: [4, 1, 1] }, 3),
    single('Gather of channels, turned round and doubled', 'Gather', [x], [], { axis: 1, indices: [3, 2, 1, 0, 0] }),
    single('Gather of one column', 'Gather', [x], [], { axis: 3, indices: [4] }),
    single('Slice with steps', 'Slice', [x], [], { starts: [0, 1], ends: [5, 6], axes: [2, 3], steps: [2, 2] }),
    single('Slice backwards', 'Slice', [x], [], { starts: [-1], ends: [-100], axes: [3], steps: [-1] }),
    single('Pad channels', 'Pad', [x], [], { mode: 'constant', pads: [0, 2, 0, 0, 0, 3, 0, 0], value: 0.5 }),
    single('Pad reflected', 'Pad', [x], [], { mode: 'reflect', pads: [0, 0, 2, 1, 0, 0, 1, 3], value: 0 }),
    single('Pad with the edge', 'Pad', [x], [], { mode: 'edge', pads: [0, 0, 2, 1, 0, 0, 1, 3], value: 0 }),
    single('Transpose', 'Transpose', [x], [], { perm: [0, 2, 3, 1] }),
    single('Flatten', 'Flatten', [x], [], { axis: 1 }),
    single('Reshape by 0 and −1', 'Reshape', [x], [], { shape: [0, -1] }),
    single('Reshape to one more dimension', 'Reshape', [x], [], { shape: [1, -1, 4, 5, 6] }),
    // Engines choose a layout for neighbours together; vectors of 3 numbers have caught one out.
    ...[3, 5, 6, 8, 9].map(twoConvolutions),
  ];
}

/** A convolution right behind another, so many channels between them. */
function twoConvolutions(channels: number): ConformanceCase {
  const name = `Conv behind Conv, ${channels} channels between`;
  const x = noise(name, [2, 4, 9, 9]);
  return {
    name,
    feeds: new Map([['x', x]]),
    graph: buildGraph({
      name,
      inputs: [{ id: 'x', shape: [DYNAMIC, 4, 9, 9], dtype: 'float32' }],
      outputs: ['y'],
      nodes: [
        { id: 'first', op: 'Conv', inputs: ['x', 'w'], outputs: ['between'], attributes: plain },
        { id: 'second', op: 'Conv', inputs: ['between', 'v'], outputs: ['y'], attributes: plain },
      ],
      constants: new Map([
        ['w', noise('w two', [channels, 4, 3, 3])],
        ['v', noise('v two', [16, channels, 3, 3])],
      ]),
    }),
  };
}

function positive(purpose: string, shape: Shape): Tensor<'float32'> {
  const t = noise(purpose, shape);
  return float32(
    t.shape,
    t.data.map((value) => Math.abs(value) + 0.1),
  );
}
