import { buildGraph, type NodeDraft } from '../core/network/build.js';
import { DYNAMIC, type Graph, type ValueId } from '../core/network/graph.js';
import { randomStream } from '../core/random.js';
import { sizeOf, type Tensor } from '../core/tensor.js';

const [channels, side, images, length] = [256, 14, 8, 8];

/** Convolutions of 3 × 3, 256 to 256 channels on 14 × 14, one behind the other: what an engine does best, its peak. */
export function convolutionChain(): { readonly graph: Graph; readonly rows: Tensor<'float32'> } {
  const stream = randomStream(7, 'peak');
  const filled = (shape: readonly number[], reach: number): Tensor<'float32'> => ({
    dtype: 'float32',
    shape,
    data: Float32Array.from({ length: sizeOf(shape) }, () => reach * (2 * stream.uniform() - 1)),
  });
  const shape = [channels, channels, 3, 3];
  const constants = new Map<ValueId, Tensor>();
  const nodes = Array.from({ length }, (_, i): NodeDraft => {
    constants.set(`w${i}`, filled(shape, Math.sqrt(3 / sizeOf(shape.slice(1)))));
    const window = { kernel_shape: [3, 3], pads: [1, 1, 1, 1], strides: [1, 1], dilations: [1, 1], group: 1 };
    return {
      id: `y${i}`,
      op: 'Conv',
      inputs: [i === 0 ? 'x' : `y${i - 1}`, `w${i}`],
      outputs: [`y${i}`],
      attributes: window,
    };
  });
  const image = [channels, side, side];
  return {
    graph: buildGraph({
      name: 'peak',
      inputs: [{ id: 'x', shape: [DYNAMIC, ...image], dtype: 'float32' }],
      outputs: [`y${length - 1}`],
      nodes,
      constants,
    }),
    rows: filled([images, ...image], 1),
  };
}
