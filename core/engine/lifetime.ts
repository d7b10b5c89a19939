import type { Graph, Node, ValueId } from '../network/graph.js';

/** After which node nobody reads a value any more; outputs of the graph are read for ever. */
export function lastReaders(graph: Graph): ReadonlyMap<Node, readonly ValueId[]> {
  const last = new Map<ValueId, Node>();
  for (const node of graph.nodes) for (const value of [...node.outputs, ...node.inputs]) last.set(value, node);
  const dead = new Map<Node, ValueId[]>();
  for (const [value, node] of last) {
    if (graph.outputs.includes(value)) continue;
    const list = dead.get(node);
    if (list) list.push(value);
    else dead.set(node, [value]);
  }
  return dead;
}
