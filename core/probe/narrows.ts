import { nodeInputs } from '../network/build.js';
import { wiringOf, type Graph, type ValueId } from '../network/graph.js';
import { fusibleRoles } from '../network/operators/operator.js';
import { operatorOf } from '../network/operators/table.js';
import { liveOut } from './segment.js';

/** A place where one value carries everything that is still needed. */
export interface Narrow {
  readonly value: ValueId;
  /** Number of the node behind which it lies. */
  readonly node: number;
  /** Bytes of the constants of all nodes up to it. */
  readonly weightBytes: number;
}

/** The narrow places of a network, in the order in which it computes, but for those where engines fuse what comes next. */
export function narrowsOf(graph: Graph, output: ValueId): readonly Narrow[] {
  const counted = new Set<ValueId>();
  const { consumers } = wiringOf(graph);
  const narrows: Narrow[] = [];
  let weightBytes = 0;
  graph.nodes.forEach((node, i) => {
    for (const input of node.inputs) {
      const constant = graph.constants.get(input);
      if (constant && !counted.has(input)) weightBytes += constant.data.byteLength;
      counted.add(input);
    }
    const live = liveOut(graph, i, [output]);
    const [value] = live;
    if (
      value === undefined ||
      live.length > 1 ||
      value === output ||
      graph.truths.has(value) ||
      !node.outputs.includes(value)
    )
      return;
    const readers = consumers.get(value) ?? [];
    if (readers.some((reader) => fusibleRoles.has(operatorOf(reader).role(reader, nodeInputs(graph, reader))))) return;
    narrows.push({ value, node: i, weightBytes });
  });
  return narrows;
}
