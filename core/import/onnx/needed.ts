import type { GraphProto, NodeProto } from 'onnx-buf';
import type { ValueId } from '../../network/graph.js';

/** What one output of a file is computed from. */
export interface Needed {
  readonly nodes: ReadonlySet<NodeProto>;
  readonly values: ReadonlySet<ValueId>;
  /** Outputs of the file besides it. */
  readonly others: readonly ValueId[];
}

/** Nodes and values that lead to `output`, in time linear in the file. */
export function neededFor(graph: GraphProto, output: ValueId | undefined): Needed {
  const producer = new Map<ValueId, NodeProto>();
  for (const node of graph.node) for (const value of node.output) producer.set(value, node);
  const nodes = new Set<NodeProto>();
  const values = new Set<ValueId>(output === undefined ? [] : [output]);
  for (const value of values) {
    const node = producer.get(value);
    if (node === undefined || nodes.has(node)) continue;
    nodes.add(node);
    for (const input of node.input) if (input !== '') values.add(input);
  }
  const others = graph.output.map(({ name }) => name).filter((name) => name !== output);
  return { nodes, values, others };
}
