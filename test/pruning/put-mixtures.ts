import type { Removals } from '../../core/pruning/constant-channels.js';
import type { Mixtures } from '../../core/pruning/mixtures.js';
import { buildGraph, type NodeDraft } from '../../core/network/build.js';
import type { Graph } from '../../core/network/graph.js';
import { float32, type Tensor } from '../../core/tensor.js';

/** The network with these channels put to mixtures of others of their value and a number each, by a product of matrices behind each value. */
export function withMixtures(graph: Graph, mixtures: Mixtures, shifts: Removals): Graph {
  const constants = new Map<string, Tensor>(graph.constants);
  const nodes = graph.nodes.flatMap((node): NodeDraft[] => {
    const [value] = node.outputs as [string];
    const mixed = mixtures.get(value);
    if (mixed === undefined) return [node];
    const [, channels, ...space] = graph.shapes.get(value) as readonly [number, number, ...number[]];
    const matrix = new Float32Array(channels * channels);
    for (let c = 0; c < channels; c++) {
      if (!mixed.has(c)) matrix[c * channels + c] = 1;
      for (const [other, share] of mixed.get(c) ?? []) matrix[c * channels + other] = share;
    }
    const shift = Float32Array.from({ length: channels }, (_, c) => shifts.get(value)?.get(c) ?? 0);
    constants.set(`${value}?matrix`, float32([channels, channels, ...space.map(() => 1)], matrix));
    constants.set(`${value}?shift`, float32([channels], shift));
    const inputs = [`${value}?raw`, `${value}?matrix`, `${value}?shift`];
    const id = `${value}?mixed`;
    return [
      { ...node, outputs: [`${value}?raw`, ...node.outputs.slice(1)] },
      space.length === 0
        ? { id, op: 'Gemm', inputs, outputs: [value], attributes: { alpha: 1, beta: 1, transA: 0, transB: 1 } }
        : {
            id,
            op: 'Conv',
            inputs,
            outputs: [value],
            attributes: { strides: [1, 1], pads: [0, 0, 0, 0], dilations: [1, 1], group: 1 },
          },
    ];
  });
  return buildGraph({ ...graph, nodes, constants });
}
