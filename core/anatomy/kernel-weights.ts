import type { Graph } from '../network/graph.js';
import type { Tensor } from '../tensor.js';
import type { Anatomy } from './site.js';

/** The weights of each kernel, [in × height × width] in the order in which they stand, by layer; they share memory with the graph. */
export function kernelWeights(graph: Graph, anatomy: Anatomy): ReadonlyMap<string, readonly Float32Array[]> {
  const nodes = new Map(graph.nodes.map((node) => [node.id, node]));
  return new Map(
    anatomy.layers.flatMap((layer) => {
      const weights = graph.constants.get(nodes.get(layer.node)?.inputs[1] ?? '') as Tensor<'float32'> | undefined;
      if (!weights) return [];
      const each = weights.data.length / layer.kernels;
      return [
        [layer.name, Array.from({ length: layer.kernels }, (_, k) => weights.data.subarray(k * each, (k + 1) * each))],
      ];
    }),
  );
}
