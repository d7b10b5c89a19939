import { PercussError } from '../errors.js';
import { nodeInputs, nodeOutputs } from '../network/build.js';
import { composedSteps, type ComposedSteps } from './composed.js';
import type { Facts, Flow } from './flow.js';
import type { Graph, Node, ValueId } from '../network/graph.js';
import type { ChannelSources, Role } from '../network/operators/operator.js';
import { operatorOf } from '../network/operators/table.js';

/** A flow in which activations and normalisations of several nodes were found. */
export interface Dataflow extends Flow {
  readonly composed: ComposedSteps;
}

/**
 * Narrows a graph to what `output` needs, by default its last output, as tapped networks do.
 * @throws PercussError MODEL_INVALID if the graph has no such output.
 */
export function dataflowOf(graph: Graph, output: ValueId | undefined = graph.outputs.at(-1)): Dataflow {
  if (output === undefined || !graph.outputs.includes(output)) {
    throw new PercussError(
      'MODEL_INVALID',
      `network "${graph.name}" has no output "${output ?? ''}"; its outputs are ${graph.outputs.map((id) => `"${id}"`).join(', ')}`,
      { details: { model: graph.name, output: output ?? '' } },
    );
  }
  const axes = channelAxes(graph);
  const nodes = needed(graph, output).map((node, position) => factsOf(graph, node, position, axes));
  const producer = new Map<ValueId, Facts>();
  const readers = new Map<ValueId, Facts[]>();
  for (const facts of nodes) {
    for (const written of facts.node.outputs) producer.set(written, facts);
    for (const value of new Set(facts.activations)) readers.set(value, [...(readers.get(value) ?? []), facts]);
  }
  const flow: Flow = {
    graph,
    output,
    nodes,
    producer,
    readers,
    uses: (value) => (readers.get(value)?.length ?? 0) + (value === output ? 1 : 0),
    channels(value) {
      if (axes.has(value)) return undefined;
      const count = graph.shapes.get(value)?.[1];
      return count === undefined || count < 0 ? undefined : count;
    },
  };
  return { ...flow, composed: composedSteps(flow) };
}

function needed(graph: Graph, output: ValueId): readonly Node[] {
  const wanted = new Set<ValueId>([output]);
  return graph.nodes
    .toReversed()
    .filter((node) => {
      if (!node.outputs.some((written) => wanted.has(written))) return false;
      for (const input of node.inputs) wanted.add(input);
      return true;
    })
    .reverse();
}

/**
 * Values whose channels lie on another axis than 1, and on which: those behind a Transpose that moved them, until another
 * brings them back or an operator makes new ones. LayerNormalization over channels stands between such a pair.
 */
function channelAxes(graph: Graph): ReadonlyMap<ValueId, number> {
  const axes = new Map<ValueId, number>();
  const inputs = new Set(graph.inputs.map((input) => input.id));
  for (const node of graph.nodes) {
    const row = operatorOf(node);
    const from = node.inputs.filter((value) => value !== '' && !graph.constants.has(value));
    const moved = from.find((value) => axes.has(value));
    // Of an input nobody knows where its channels are: a Transpose that comes first brings them to axis 1.
    if (row.role(node, nodeInputs(graph, node)) === 'convolution' || from.some((value) => inputs.has(value))) continue;
    const before = moved === undefined ? 1 : (axes.get(moved) as number);
    const sameRank = moved !== undefined && graph.shapes.get(moved)?.length === nodeOutputs(graph, node)[0]?.length;
    const axis = row.axisBehind?.(node, before) ?? (sameRank ? before : 1);
    if (axis !== 1) for (const output of node.outputs) axes.set(output, axis);
  }
  return axes;
}

/** Whether a node works along moved channels only, as a dense layer at each place or LayerNormalization does. */
function staysInPlace(
  graph: Graph,
  node: Node,
  activations: readonly ValueId[],
  axes: ReadonlyMap<ValueId, number>,
): boolean {
  const elsewhere = (value: ValueId): string | undefined => {
    const axis = axes.get(value);
    return axis === undefined ? undefined : graph.shapes.get(value)?.toSpliced(axis, 1).join();
  };
  const [behind] = node.outputs.map(elsewhere);
  return behind !== undefined && activations.every((value) => elsewhere(value) === behind);
}

function factsOf(graph: Graph, node: Node, position: number, axes: ReadonlyMap<ValueId, number>): Facts {
  const row = operatorOf(node);
  const inputs = nodeInputs(graph, node);
  const outputs = nodeOutputs(graph, node);
  const activations = node.inputs.filter((value) => value !== '' && !graph.constants.has(value));
  const elsewhere = [...activations, ...node.outputs].some((value) => axes.has(value));
  const sourcesOf = node.outputs.map((_, output) =>
    elsewhere ? 'mixed' : row.channels(node, inputs, outputs, output),
  );
  return {
    node,
    position,
    role: row.role(node, inputs),
    inputs,
    activations,
    output: node.outputs[0] as ValueId,
    sources: sourcesOf.length === 1 ? (sourcesOf[0] as ChannelSources) : 'mixed',
    sourcesOf,
    window: staysInPlace(graph, node, activations, axes) ? undefined : row.window?.(node, inputs),
    arithmetic: row.arithmetic,
    rectifies: row.rectifies(node),
    keepsSign: row.keepsSign?.(node) ?? false,
  };
}

/** Whether output channel c is made of channel c of the node's only activation, for every c of it. */
export function keepsChannels(flow: Dataflow, facts: Facts): boolean {
  const [input, ...others] = facts.activations;
  return (
    input !== undefined &&
    others.length === 0 &&
    facts.sources !== 'mixed' &&
    flow.channels(input) === facts.sources.length &&
    facts.sources.every(([source, ...more], c) => more.length === 0 && source?.channel === c)
  );
}

/** Whether a node adds channels of several values to one another. */
export function isSum(facts: Facts): boolean {
  return facts.role === 'join' && facts.sources !== 'mixed' && facts.sources.some((sources) => sources.length > 1);
}

/**
 * Whether output channels are combinations of many input channels. A node that mixes within one place and leaves the
 * number of channels alone without having weights (softmax, local response normalisation) does not count.
 */
export function mixesChannels(flow: Dataflow, facts: Facts): boolean {
  if (flow.composed.nodes.has(facts)) return false;
  if (facts.role === 'dense') return true;
  if (facts.sources !== 'mixed' || facts.role === 'layout') return false;
  if (facts.role === 'convolution') return true;
  return facts.activations.length > 1 || flow.channels(facts.activations[0] as ValueId) !== flow.channels(facts.output);
}

/**
 * Follows a value forward through nodes of these roles that keep its channels, while it has exactly one consumer. The
 * nodes of a composed activation or normalisation are one and so one consumer.
 */
export function followed(flow: Dataflow, from: ValueId, through: ReadonlySet<Role>): readonly Facts[] {
  const passed: Facts[] = [];
  for (let value = from; ; value = (passed.at(-1) as Facts).output) {
    const composed = flow.composed.byStart.get(value);
    if (composed && through.has(composed.kind)) {
      passed.push(...composed.nodes);
      continue;
    }
    const reader = flow.readers.get(value)?.[0];
    if (flow.uses(value) !== 1 || !reader || !through.has(reader.role) || !keepsChannels(flow, reader)) return passed;
    passed.push(reader);
  }
}
