import type { Graph, ValueId } from '../network/graph.js';
import { randomStream } from '../random.js';
import type { Tensor } from '../tensor.js';
import { convolutionsOf } from './recalibration.js';

/**
 * The network before training: the weights of each convolution drawn from a normal distribution of variance 2 / fan-in (He et al.,
 * ICCV 2015), seeded, by the convolution's place in the network; its biases 0.
 */
export function reinitialisedNetwork(graph: Graph, seed: number, index: number): Graph {
  const constants = new Map(graph.constants);
  convolutionsOf(graph).forEach((node, place) => {
    const [, weightId, biasId] = node.inputs as [ValueId, ValueId, ValueId?];
    const weights = graph.constants.get(weightId) as Tensor<'float32'>;
    const [kernels] = weights.shape as [number];
    const deviation = Math.sqrt((2 * kernels) / weights.data.length);
    const stream = randomStream(seed, 'reinitialised-network', index, place);
    constants.set(weightId, { ...weights, data: weights.data.map(() => deviation * stream.normal()) });
    const bias = biasId ? graph.constants.get(biasId) : undefined;
    if (biasId && bias) constants.set(biasId, { ...bias, data: new Float32Array(bias.data.length) });
  });
  return { ...graph, constants };
}
