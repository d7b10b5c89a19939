import { nodeInputs, nodeOutputs } from './build.js';
import type { Graph } from './graph.js';
import { operatorOf } from './operators/table.js';
import { trafficOf } from './traffic.js';

export interface NodeCost {
  /** Numbers that training chose. Constants that several nodes share count at the first; measured statistics do not. */
  readonly parameters: number;
  /** Multiply-accumulates for one image. */
  readonly macs: number;
  /** Bytes of activations that an engine reads and writes for one image; see `trafficOf`. */
  readonly bytes: number;
}

/** Parameters, multiply-accumulates and traffic of every node, by its id. */
export function nodeCosts(graph: Graph): ReadonlyMap<string, NodeCost> {
  const counted = new Set<string>();
  const costs = new Map<string, NodeCost>();
  const traffic = trafficOf(graph);
  for (const node of graph.nodes) {
    const operator = operatorOf(node);
    let parameters = 0;
    node.inputs.forEach((input, index) => {
      const constant = graph.constants.get(input);
      if (constant?.dtype !== 'float32' || counted.has(input) || operator.statistics?.includes(index)) return;
      counted.add(input);
      parameters += constant.data.length;
    });
    const inputs = nodeInputs(graph, node);
    const macs = operator.macs(node, inputs, nodeOutputs(graph, node));
    costs.set(node.id, { parameters, macs, bytes: traffic.get(node.id) as number });
  }
  return costs;
}

/** Parameters, multiply-accumulates and traffic of the whole graph. */
export function graphCost(graph: Graph): NodeCost {
  let [parameters, macs, bytes] = [0, 0, 0];
  for (const cost of nodeCosts(graph).values()) {
    parameters += cost.parameters;
    macs += cost.macs;
    bytes += cost.bytes;
  }
  return { parameters, macs, bytes };
}

/** Bytes of a graph's constants. */
export function weightBytes(graph: Graph): number {
  let bytes = 0;
  for (const constant of graph.constants.values()) bytes += constant.data.byteLength;
  return bytes;
}
