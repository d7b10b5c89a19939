import { nodeInputs, nodeOutputs } from './build.js';
import type { Graph } from './graph.js';
import { operatorOf } from './operators/table.js';

export interface NodeCost {
  /** Numbers that training chose. Constants that several nodes share count at the first; measured statistics do not. */
  readonly parameters: number;
  /** Multiply-accumulates for one image. */
  readonly macs: number;
}

/** Parameters and multiply-accumulates of every node, by its id. */
export function nodeCosts(graph: Graph): ReadonlyMap<string, NodeCost> {
  const counted = new Set<string>();
  const costs = new Map<string, NodeCost>();
  for (const node of graph.nodes) {
    const operator = operatorOf(node);
    let parameters = 0;
    node.inputs.forEach((input, index) => {
      const constant = graph.constants.get(input);
      if (constant?.dtype !== 'float32' || counted.has(input) || operator.statistics?.includes(index)) return;
      counted.add(input);
      parameters += constant.data.length;
    });
    costs.set(node.id, { parameters, macs: operator.macs(node, nodeInputs(graph, node), nodeOutputs(graph, node)) });
  }
  return costs;
}

/** Parameters and multiply-accumulates of the whole graph. */
export function graphCost(graph: Graph): NodeCost {
  let [parameters, macs] = [0, 0];
  for (const cost of nodeCosts(graph).values()) {
    parameters += cost.parameters;
    macs += cost.macs;
  }
  return { parameters, macs };
}
