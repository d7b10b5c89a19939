import type { Removals } from '../../core/pruning/constant-channels.js';
import { buildGraph, type NodeDraft } from '../../core/network/build.js';
import type { Graph } from '../../core/network/graph.js';
import { float32, type Tensor } from '../../core/tensor.js';

/** The network with these channels put to constants, by a product and a sum behind each value: nothing is smaller. */
export function withConstants(graph: Graph, removals: Removals): Graph {
  const constants = new Map<string, Tensor>(graph.constants);
  const nodes = graph.nodes.flatMap((node): NodeDraft[] => {
    const [value] = node.outputs as [string];
    const put = removals.get(value);
    if (put === undefined) return [node];
    const [, channels, ...space] = graph.shapes.get(value) as readonly number[];
    const shape = [1, channels as number, ...space.map(() => 1)];
    const of = (kept: number, gone: (put: number) => number): Tensor =>
      float32(
        shape,
        Float32Array.from({ length: channels as number }, (_, c) => (put.has(c) ? gone(put.get(c) as number) : kept)),
      );
    constants.set(
      `${value}?mask`,
      of(1, () => 0),
    );
    constants.set(
      `${value}?shift`,
      of(0, (value) => value),
    );
    return [
      { ...node, outputs: [`${value}?raw`, ...node.outputs.slice(1)] },
      { id: `${value}?mul`, op: 'Mul', inputs: [`${value}?raw`, `${value}?mask`], outputs: [`${value}?cut`] },
      { id: `${value}?add`, op: 'Add', inputs: [`${value}?cut`, `${value}?shift`], outputs: [value] },
    ];
  });
  return buildGraph({ ...graph, nodes, constants });
}

/** Numbers that the constants of a network hold. */
export function parametersOf(graph: Graph): number {
  return [...graph.constants.values()].reduce((sum, { data }) => sum + data.length, 0);
}
