import { buildGraph, type NodeDraft } from '../../core/network/build.js';
import { DYNAMIC, type Graph } from '../../core/network/graph.js';
import { randomStream } from '../../core/random.js';
import { float32, sizeOf, tensor, type Tensor } from '../../core/tensor.js';

/** Height and width of an image. */
const side = 4;
const classes = 3;

const normals = (name: string, shape: readonly number[]): Tensor<'float32'> => {
  const stream = randomStream(1, 'simulated network', name);
  return float32(
    shape,
    Float32Array.from({ length: sizeOf(shape) }, () => stream.normal()),
  );
};

/** Two convolutions of three kernels each and a dense layer: what a study asks of it is planned and stored within a millisecond. */
export function smallNetwork(): Graph {
  const constants = new Map<string, Tensor>([
    ['w1', normals('w1', [3, 1, 3, 3])],
    ['w2', normals('w2', [3, 3, 3, 3])],
    ['w3', normals('w3', [classes, 3])],
    ['b3', normals('b3', [classes])],
  ]);
  const window = { kernel_shape: [3, 3], strides: [1, 1], pads: [1, 1, 1, 1], dilations: [1, 1], group: 1 };
  const node = (id: string, op: NodeDraft['op'], inputs: string[], attributes: NodeDraft['attributes'] = {}) => ({
    id,
    op,
    inputs,
    outputs: [id],
    attributes,
  });
  return buildGraph({
    name: 'small',
    inputs: [{ id: 'input', shape: [DYNAMIC, 1, side, side], dtype: 'float32' }],
    outputs: ['logits'],
    nodes: [
      node('conv1', 'Conv', ['input', 'w1'], window),
      node('relu1', 'Relu', ['conv1']),
      node('conv2', 'Conv', ['relu1', 'w2'], window),
      node('relu2', 'Relu', ['conv2']),
      node('pool', 'GlobalAveragePool', ['relu2']),
      node('flat', 'Flatten', ['pool'], { axis: 1 }),
      node('logits', 'Gemm', ['flat', 'w3', 'b3'], { alpha: 1, beta: 1, transA: 0, transB: 1 }),
    ],
    constants,
  });
}

/** Grey images [n, side, side] and their labels. */
export function smallImages(count: number): { readonly images: Tensor<'uint8'>; readonly labels: Tensor<'uint8'> } {
  const stream = randomStream(1, 'simulated images');
  return {
    images: tensor(
      'uint8',
      [count, side, side],
      Uint8Array.from({ length: count * side * side }, () => stream.below(256)),
    ),
    labels: tensor(
      'uint8',
      [count],
      Uint8Array.from({ length: count }, () => stream.below(classes)),
    ),
  };
}
