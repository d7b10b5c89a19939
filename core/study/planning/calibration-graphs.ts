import { buildGraph, type NodeDraft } from '../../network/build.js';
import { DYNAMIC, type Graph, type ValueId } from '../../network/graph.js';
import { randomStream } from '../../random.js';
import { sizeOf, type Tensor } from '../../tensor.js';

/** Seeded numbers of about the size that convolutions want. */
export const uniform = (name: string, shape: readonly number[]): Tensor<'float32'> => {
  const stream = randomStream(7, 'calibration', name);
  const reach = Math.sqrt(6 / sizeOf(shape.slice(1)));
  return {
    dtype: 'float32',
    shape,
    data: Float32Array.from({ length: sizeOf(shape) }, () => reach * (2 * stream.uniform() - 1)),
  };
};

/** Convolutions of 3 × 3 and activations, one behind the other. */
export function convolutions(channels: number, side: number): Graph {
  return network(
    `${channels} channels of ${side} × ${side}`,
    [channels, side, side],
    [channels, channels, channels, channels],
  );
}

/** A network of convolutions of so many kernels each; with `classes`, an average and a dense layer behind them. */
export function network(name: string, image: readonly number[], kernels: readonly number[], classes = 0): Graph {
  const nodes: NodeDraft[] = [];
  const constants = new Map<ValueId, Tensor>();
  let [value, channels] = ['x', image[0] as number];
  const node = (op: NodeDraft['op'], inputs: readonly ValueId[], attributes: NodeDraft['attributes'] = {}): void => {
    const id = `${op}${nodes.length}`;
    nodes.push({ id, op, inputs, outputs: [id], attributes });
    value = id;
  };
  const weights = (shape: readonly number[]): ValueId => {
    const id = `w${constants.size}`;
    constants.set(id, uniform(`${name} ${id}`, shape));
    return id;
  };
  for (const count of kernels) {
    const window = { kernel_shape: [3, 3], pads: [1, 1, 1, 1], strides: [1, 1], dilations: [1, 1], group: 1 };
    node('Conv', [value, weights([count, channels, 3, 3])], window);
    node('Relu', [value]);
    channels = count;
  }
  if (classes > 0) {
    node('GlobalAveragePool', [value]);
    node('Flatten', [value], { axis: 1 });
    node('Gemm', [value, weights([classes, channels])], { alpha: 1, beta: 1, transA: 0, transB: 1 });
  }
  const input = { id: 'x', shape: [DYNAMIC, ...image], dtype: 'float32' as const };
  return buildGraph({ name, inputs: [input], outputs: [value], nodes, constants });
}

/** So many additions of the input to what came before. */
export function chain(op: 'Add', length: number, image: readonly number[]): Graph {
  const nodes = Array.from({ length }, (_, i): NodeDraft => {
    const before = i === 0 ? 'x' : `y${i - 1}`;
    return { id: `y${i}`, op, inputs: [before, 'x'], outputs: [`y${i}`] };
  });
  const input = { id: 'x', shape: [DYNAMIC, ...image], dtype: 'float32' as const };
  const outputs = [`y${length - 1}`];
  return buildGraph({ name: `${length} × ${op}`, inputs: [input], outputs, nodes, constants: new Map() });
}
