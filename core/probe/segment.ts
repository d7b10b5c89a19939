import type { Tensor } from '../tensor.js';
import { buildGraph } from '../network/build.js';
import { wiringOf, type Graph, type GraphInput, type Node, type ValueId } from '../network/graph.js';

/**
 * Values that are alive behind node number `index`: written by it, by an earlier node or by the graph's inputs, and read
 * by a later node or fetched at `until`. Together they are a cut: whoever has them can go on without the beginning.
 */
export function liveOut(graph: Graph, index: number, until: readonly ValueId[]): readonly ValueId[] {
  const written = new Set<ValueId>(graph.inputs.map((input) => input.id));
  for (const node of graph.nodes.slice(0, index + 1)) for (const output of node.outputs) written.add(output);
  const live = new Set<ValueId>();
  const needed = neededNodes(graph, written, until);
  for (const node of needed) for (const input of node.inputs) if (written.has(input)) live.add(input);
  for (const value of until) if (written.has(value)) live.add(value);
  return [...live];
}

function neededNodes(graph: Graph, given: ReadonlySet<ValueId>, wanted: readonly ValueId[]): Node[] {
  const { producer } = wiringOf(graph);
  const needed = new Set<Node>();
  const visit = [...wanted];
  for (let value = visit.pop(); value !== undefined; value = visit.pop()) {
    const node = producer.get(value);
    if (given.has(value) || node === undefined || needed.has(node)) continue;
    needed.add(node);
    visit.push(...node.inputs);
  }
  return graph.nodes.filter((node) => needed.has(node));
}

/** Those of `given` that the way to `wanted` reads. */
export function readOnTheWay(graph: Graph, given: readonly ValueId[], wanted: readonly ValueId[]): readonly ValueId[] {
  const read = new Set(neededNodes(graph, new Set(given), wanted).flatMap((node) => node.inputs));
  return given.filter((value) => read.has(value) || wanted.includes(value));
}

/** The part of a graph that computes `outputs` from `inputs`, with its constants. Shapes are those of the whole graph. */
export function segment(graph: Graph, name: string, inputs: readonly ValueId[], outputs: readonly ValueId[]): Graph {
  const nodes = neededNodes(graph, new Set(inputs), outputs);
  return buildGraph({
    name,
    inputs: inputs.map((id) => inputOf(graph, id)),
    outputs,
    nodes,
    constants: constantsOf(graph, nodes),
  });
}

function inputOf(graph: Graph, id: ValueId): GraphInput {
  const own = graph.inputs.find((input) => input.id === id);
  return (
    own ?? { id, shape: graph.shapes.get(id) as readonly number[], dtype: graph.truths.has(id) ? 'bool' : 'float32' }
  );
}

function constantsOf(graph: Graph, nodes: readonly Node[]): Map<ValueId, Tensor> {
  const constants = new Map<ValueId, Tensor>();
  for (const node of nodes) {
    for (const input of node.inputs) {
      const constant = graph.constants.get(input);
      if (constant) constants.set(input, constant);
    }
  }
  return constants;
}
