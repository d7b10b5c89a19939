import { PercussError } from '../errors.js';
import { nodeInputs, nodeOutputs } from './build.js';
import type { Graph, Node, ValueId } from './graph.js';
import type { ChannelSources, NodeInputs, Role, Window } from './operators/operator.js';
import { operatorOf } from './operators/table.js';

/** What the operator rows say of one node, asked once. */
export interface Facts {
  readonly node: Node;
  /** Place in topological order. */
  readonly position: number;
  readonly role: Role;
  readonly inputs: NodeInputs;
  /** Values it reads that are not constants. */
  readonly activations: readonly ValueId[];
  readonly output: ValueId;
  readonly sources: ChannelSources;
  readonly window: Window | 'global' | undefined;
  readonly rectifies: boolean;
}

/** The part of a network that one of its outputs depends on, seen as flow of channels. */
export interface Dataflow {
  readonly graph: Graph;
  readonly output: ValueId;
  /** In topological order. */
  readonly nodes: readonly Facts[];
  readonly producer: ReadonlyMap<ValueId, Facts>;
  readonly readers: ReadonlyMap<ValueId, readonly Facts[]>;
  /** How many take this value: nodes, and the world if it is the output. */
  uses(value: ValueId): number;
  /** Number of channels (axis 1) of a value; undefined where it has none that is known. */
  channels(value: ValueId): number | undefined;
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
  const nodes = needed(graph, output).map((node, position) => factsOf(graph, node, position));
  const producer = new Map<ValueId, Facts>();
  const readers = new Map<ValueId, Facts[]>();
  for (const facts of nodes) {
    for (const written of facts.node.outputs) producer.set(written, facts);
    for (const value of new Set(facts.activations)) readers.set(value, [...(readers.get(value) ?? []), facts]);
  }
  return {
    graph,
    output,
    nodes,
    producer,
    readers,
    uses: (value) => (readers.get(value)?.length ?? 0) + (value === output ? 1 : 0),
    channels(value) {
      const count = graph.shapes.get(value)?.[1];
      return count === undefined || count < 0 ? undefined : count;
    },
  };
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

function factsOf(graph: Graph, node: Node, position: number): Facts {
  const row = operatorOf(node);
  const inputs = nodeInputs(graph, node);
  return {
    node,
    position,
    role: row.role(node, inputs),
    inputs,
    activations: node.inputs.filter((value) => value !== '' && !graph.constants.has(value)),
    output: node.outputs[0] as ValueId,
    sources: node.outputs.length === 1 ? row.channels(node, inputs, nodeOutputs(graph, node)) : 'mixed',
    window: row.window?.(node, inputs),
    rectifies: row.rectifies(node),
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
  if (facts.role === 'dense') return true;
  if (facts.sources !== 'mixed' || facts.role === 'layout') return false;
  if (facts.role === 'convolution') return true;
  return facts.activations.length > 1 || flow.channels(facts.activations[0] as ValueId) !== flow.channels(facts.output);
}

/** Follows a value forward through nodes of these roles that keep its channels, while it has exactly one consumer. */
export function followed(flow: Dataflow, from: ValueId, through: ReadonlySet<Role>): readonly Facts[] {
  const passed: Facts[] = [];
  for (let value = from; flow.uses(value) === 1; value = (passed.at(-1) as Facts).output) {
    const reader = flow.readers.get(value)?.[0];
    if (!reader || !through.has(reader.role) || !keepsChannels(flow, reader)) break;
    passed.push(reader);
  }
  return passed;
}
