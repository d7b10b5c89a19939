import { buildGraph, type NodeDraft } from '../network/build.js';
import { wiringOf, type Graph, type ValueId } from '../network/graph.js';
import type { OperatorName } from '../network/operators/table.js';

/** A multiple of the channels that onnxruntime keeps side by side, 8 or 16 by the processor's vectors. */
const BLOCK = 16;

/** Operators whose result onnxruntime leaves in blocks of channels, whatever layout they are given. */
const making: ReadonlySet<OperatorName> = new Set(['Conv', 'MaxPool', 'AveragePool']);
/** Operators that work on blocks where all activations that they read are in blocks. */
const keeping: ReadonlySet<OperatorName> = new Set([
  'BatchNormalization',
  'Add',
  'Mul',
  'Relu',
  'Sigmoid',
  'Tanh',
  'Concat',
]);

/**
 * The same network as onnxruntime's kernels for processors run it fastest. They keep activations in blocks of channels
 * (NCHWc) from convolution to convolution, and add a residual stream within the convolution that it meets, if the stream is
 * in blocks, too. Where it is not (the stream that a program begins with, a shortcut that was padded), the sum is NCHW,
 * and so is the stream behind it, to the end of the network: two changes of layout and two passes a residual block. An average
 * pool of one position, which changes nothing, brings what is added into blocks.
 *
 * Follows from the graph alone. A graph that has nothing of the kind is returned as it is.
 */
export function inBlocks(graph: Graph): Graph {
  const addends = addedToConvolutions(graph);
  if (addends.size === 0) return graph;
  const blocked = new Set<ValueId>();
  const nodes: NodeDraft[] = [];
  const brought = (addend: ValueId): ValueId => {
    if (!addends.has(addend) || blocked.has(addend)) return addend;
    const output = `${addend} in blocks`;
    if (!blocked.has(output)) nodes.push(onePosition(addend, output));
    blocked.add(output);
    return output;
  };
  for (const given of graph.nodes) {
    const inputs = given.op === 'Add' ? given.inputs.map(brought) : given.inputs;
    nodes.push({ ...given, inputs });
    const read = inputs.filter((input) => !graph.constants.has(input));
    if (making.has(given.op) || (keeping.has(given.op) && read.every((input) => blocked.has(input))))
      for (const output of given.outputs) if (fitsBlocks(graph, output)) blocked.add(output);
  }
  return nodes.length > graph.nodes.length ? buildGraph({ ...graph, nodes }) : graph;
}

/** What is added to the result of a convolution, normalised or not, that nothing else reads. */
function addedToConvolutions(graph: Graph): ReadonlySet<ValueId> {
  const { producer, consumers } = wiringOf(graph);
  const outputs = new Set(graph.outputs);
  const found = new Set<ValueId>();
  const convolved = (value: ValueId): boolean => {
    const node = producer.get(value);
    if (!node || consumers.get(value)?.length !== 1 || outputs.has(value)) return false;
    return node.op === 'Conv' || (node.op === 'BatchNormalization' && convolved(node.inputs[0] as ValueId));
  };
  for (const { op, inputs } of graph.nodes) {
    const [a, b] = inputs;
    if (op !== 'Add' || a === undefined || b === undefined || !alike(graph, a, b)) continue;
    if (convolved(a) && fitsBlocks(graph, b)) found.add(b);
    if (convolved(b) && fitsBlocks(graph, a)) found.add(a);
  }
  return found;
}

function fitsBlocks(graph: Graph, value: ValueId): boolean {
  const [, channels = 0, ...area] = graph.shapes.get(value) ?? [];
  return area.length === 2 && channels > 0 && channels % BLOCK === 0 && area.some((size) => size > 1);
}

const alike = (graph: Graph, a: ValueId, b: ValueId): boolean =>
  graph.shapes.get(a)?.join() === graph.shapes.get(b)?.join();

const onePosition = (input: ValueId, output: ValueId): NodeDraft => ({
  id: output,
  op: 'AveragePool',
  inputs: [input],
  outputs: [output],
  attributes: {
    kernel_shape: [1, 1],
    strides: [1, 1],
    pads: [0, 0, 0, 0],
    dilations: [1, 1],
    ceil_mode: 0,
    count_include_pad: 0,
  },
});
