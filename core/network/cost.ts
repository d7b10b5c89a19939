import { nodeInputs, nodeOutputs } from './build.js';
import type { Graph, Node, Shape, ValueId } from './graph.js';
import { elementsPerImage } from './operators/layout.js';
import { fusibleRoles } from './operators/operator.js';
import { operatorOf } from './operators/table.js';

export interface NodeCost {
  /** Numbers that training chose. Constants that several nodes share count at the first; measured statistics do not. */
  readonly parameters: number;
  /** Multiply-accumulates for one image. */
  readonly macs: number;
  /** Bytes of activations that an engine reads and writes for one image; it fuses a normalisation or activation into sums of products. */
  readonly bytes: number;
}

/** Gives its input another shape, and moves nothing. */
const isFree = ({ op }: Node): boolean => op === 'Reshape' || op === 'Flatten';

function traffic(graph: Graph, node: Node): number {
  const values = [...node.inputs.filter((id) => id !== '' && !graph.constants.has(id)), ...node.outputs];
  return values.reduce((sum, id) => sum + 4 * elementsPerImage(graph.shapes.get(id) as Shape), 0);
}

/** Parameters, multiply-accumulates and traffic of every node, by its id. */
export function nodeCosts(graph: Graph): ReadonlyMap<string, NodeCost> {
  const counted = new Set<string>();
  const costs = new Map<string, NodeCost>();
  const products = new Set<ValueId>();
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
    costs.set(node.id, { parameters, macs, bytes: isFree(node) ? 0 : traffic(graph, node) });
    if (macs > 0) for (const output of node.outputs) products.add(output);
    else if (fusibleRoles.has(operator.role(node, inputs)) && products.has(node.inputs[0] as ValueId)) {
      costs.set(node.id, { parameters, macs, bytes: 0 });
      for (const output of node.outputs) products.add(output);
    }
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
