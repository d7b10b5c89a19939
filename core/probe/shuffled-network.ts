import type { Graph, ValueId } from '../network/graph.js';
import { randomStream } from '../random.js';
import type { Tensor } from '../tensor.js';
import { convolutionsOf } from './recalibration.js';

/** The weights of each convolution permuted among themselves, seeded, by the convolution's place in the network. */
export function shuffledNetwork(graph: Graph, seed: number, index: number): Graph {
  const constants = new Map(graph.constants);
  convolutionsOf(graph).forEach((node, place) => {
    const id = node.inputs[1] as ValueId;
    const weights = constants.get(id) as Tensor<'float32'>;
    const stream = randomStream(seed, 'shuffled-network', index, place);
    constants.set(id, { ...weights, data: Float32Array.from(stream.shuffled([...weights.data])) });
  });
  return { ...graph, constants };
}
