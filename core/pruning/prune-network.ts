import { dataflowOf, type Dataflow } from '../anatomy/dataflow.js';
import type { Facts } from '../anatomy/flow.js';
import { buildGraph, type NodeDraft } from '../network/build.js';
import type { Graph, ValueId } from '../network/graph.js';
import { narrowBroadcast } from '../network/operators/narrow.js';
import type { Narrowed } from '../network/operators/operator.js';
import { operatorOf } from '../network/operators/table.js';
import type { Tensor } from '../tensor.js';
import { absorbedBy } from './absorbed.js';
import { isContraction, linksOf } from './channel-links.js';
import { asAddend, constantChannels, type Constants, type Removals } from './constant-channels.js';
import { folded, type Step } from './folded.js';
import { KeptChannels } from './kept-channels.js';

/** A network with fewer channels. */
export interface SmallerNetwork {
  /** Whether a channel of the network that it is made of is no longer computed. */
  isGone(value: ValueId, channel: number): boolean;
  /** Written when it is asked for. */
  graph(): Graph;
}

/**
 * The network that computes what `graph` does once channels of some of its values are put to constants, with as few channels as that
 * can be had: a channel that is the same on every image is added to the biases of those that read it (to a constant map where padding
 * makes borders differ), and what only it needed is gone. Channels that a sum, a product or another link ties to some that
 * stay are written as they stand.
 *
 * @param removals By value and channel, what takes its place, in the units of the value.
 * @param output The output that is read; default: the last.
 * @returns Its graph has the same inputs and this output; equal to the edited network up to the rounding of sums.
 * @throws PercussError MODEL_INVALID if the graph has no such output.
 */
export function pruneNetwork(graph: Graph, removals: Removals, output?: ValueId): SmallerNetwork {
  const flow = dataflowOf(graph, output);
  const constants = constantChannels(flow, removals);
  const opaque = new Set<string>();
  for (;;) {
    const kept = new KeptChannels(flow, constants, opaque);
    const draft = new Draft(flow, constants, removals, kept, opaque);
    const unfit = draft.unfit();
    if (unfit.length === 0) {
      return {
        isGone: (value, channel) => kept.of(value)?.includes(channel) === false,
        graph: () => draft.graph(),
      };
    }
    for (const id of unfit) opaque.add(id);
  }
}

/** The smaller network, node by node. */
class Draft {
  readonly #flow: Dataflow;
  readonly #constants: Constants;
  readonly #removals: Removals;
  readonly #kept: KeptChannels;
  readonly #opaque: ReadonlySet<string>;
  readonly #nodes: NodeDraft[] = [];
  readonly #tensors = new Map<ValueId, Tensor>();

  constructor(
    flow: Dataflow,
    constants: Constants,
    removals: Removals,
    kept: KeptChannels,
    opaque: ReadonlySet<string>,
  ) {
    this.#flow = flow;
    this.#constants = constants;
    this.#removals = removals;
    this.#kept = kept;
    this.#opaque = opaque;
  }

  /** Nodes of which less cannot be made: their attributes would not say the same of the channels that are left. */
  unfit(): readonly string[] {
    return this.#written().flatMap((facts) => (this.#fits(facts) ? [] : [facts.node.id]));
  }

  graph(): Graph {
    for (const facts of this.#written()) this.#add(facts);
    const { name, inputs } = this.#flow.graph;
    return buildGraph({ name, inputs, outputs: [this.#flow.output], nodes: this.#nodes, constants: this.#tensors });
  }

  #written(): readonly Facts[] {
    return this.#flow.nodes.filter(({ node }) => node.outputs.some((value) => this.#kept.of(value)?.length !== 0));
  }

  #isWhole(facts: Facts): boolean {
    return [...facts.activations, ...facts.node.outputs].every(
      (value) => (this.#kept.of(value)?.length ?? 0) === (this.#flow.channels(value) ?? 0),
    );
  }

  #narrowed(facts: Facts): Narrowed {
    const { node, inputs } = facts;
    const kept = {
      inputs: node.inputs.map((value) => (facts.activations.includes(value) ? this.#kept.of(value) : undefined)),
      outputs: node.outputs.map((value) => this.#kept.of(value)),
    };
    const narrow = operatorOf(node).narrow;
    if (narrow) return narrow(node, inputs, kept);
    const rank = this.#flow.graph.shapes.get(facts.output)?.length ?? 0;
    return narrowBroadcast(inputs, kept, rank, this.#flow.channels(facts.output) ?? 0);
  }

  /** Whether the node without channels links those that are left as it did before. */
  #fits(facts: Facts): boolean {
    if (this.#isWhole(facts) || this.#opaque.has(facts.node.id)) return true;
    if (facts.sources === 'mixed' && isContraction(this.#flow, facts)) return true;
    const { node, inputs } = facts;
    const { attributes, constants } = this.#narrowed(facts);
    const left = (value: ValueId): readonly number[] => this.#kept.of(value) ?? [];
    const smaller = {
      shapes: inputs.shapes.map((shape, i) => {
        const constant = constants.get(i);
        const value = node.inputs[i] as ValueId;
        return (
          constant?.shape ?? (shape && facts.activations.includes(value) ? shape.with(1, left(value).length) : shape)
        );
      }),
      constants: inputs.constants.map((t, i) => constants.get(i) ?? t),
    };
    const drafted = { ...node, attributes: { ...node.attributes, ...attributes } };
    try {
      const shapes = operatorOf(node).infer(drafted, smaller);
      return linksOf(this.#flow, facts).every((links, i) => {
        const value = node.outputs[i] as ValueId;
        if (links === 'mixed' || shapes[i]?.[1] !== left(value).length) return false;
        if (facts.sourcesOf[i] === 'mixed') return true;
        const now = operatorOf(node).channels(drafted, smaller, shapes, i);
        const wanted = left(value).map((channel) =>
          (links[channel] ?? []).map((source) => ({
            input: source.input,
            channel: left(node.inputs[source.input] as ValueId).indexOf(source.channel),
          })),
        );
        return JSON.stringify(now) === JSON.stringify(wanted);
      });
    } catch {
      return false;
    }
  }

  #add(facts: Facts): void {
    const { node } = facts;
    const { attributes, constants } = this.#isWhole(facts)
      ? { attributes: {}, constants: new Map<number, Tensor>() }
      : this.#narrowed(facts);
    const own = node.inputs.map((value, i) => constants.get(i) ?? this.#flow.graph.constants.get(value));
    const { tensors, steps } = folded(facts.role, own, this.#steps(facts));
    const inputs = Array.from({ length: Math.max(tensors.length, node.inputs.length) }, (_, i) => {
      const [value, t] = [node.inputs[i] || `${node.id}/input ${i}`, tensors[i]];
      return t === undefined ? (node.inputs[i] ?? '') : this.#constant(value, node.id, t);
    });
    this.#chain({ ...node, inputs, attributes: { ...node.attributes, ...attributes } }, steps);
  }

  /** What has to happen behind a node besides: what it no longer reads is added, and what is taken out and yet stands there is put. */
  #steps(facts: Facts): readonly Step[] {
    const { output } = facts;
    const absorbed = isContraction(this.#flow, facts)
      ? absorbedBy(this.#flow, facts, this.#constants, this.#kept)
      : undefined;
    const [put, left] = [this.#removals.get(output), this.#kept.of(output) ?? []];
    const ones = (this.#flow.graph.shapes.get(output) ?? []).slice(2).map(() => 1);
    const mask = left.map((channel) => (put?.has(channel) ? 0 : 1));
    const shift = left.map((channel) => put?.get(channel) ?? 0);
    return [
      ...(absorbed ? [{ op: 'Add', constant: absorbed } as const] : []),
      ...(mask.includes(0) ? [{ op: 'Mul', constant: asAddend(mask, ones) } as const] : []),
      ...(shift.some((value) => value !== 0) ? [{ op: 'Add', constant: asAddend(shift, ones) } as const] : []),
    ];
  }

  /** A node, and behind it what its output meets one after the other. */
  #chain(node: NodeDraft, steps: readonly Step[]): void {
    const [output, ...others] = node.outputs as [ValueId, ...ValueId[]];
    const names = [...steps.map((_, i) => `${output}/${i}`), output];
    this.#nodes.push({ ...node, outputs: [names[0] as ValueId, ...others] });
    steps.forEach(({ op, constant }, i) => {
      const id = `${node.id}/${op} ${i}`;
      const inputs = [names[i] as ValueId, this.#constant(`${id}/value`, node.id, constant)];
      this.#nodes.push({ id, op, inputs, outputs: [names[i + 1] as ValueId], path: node.path ?? node.id });
    });
  }

  /** A constant under its own name, or, where several nodes read it and have other parts of it, under one of the node's. */
  #constant(name: ValueId, node: string, t: Tensor): ValueId {
    const known = this.#tensors.get(name);
    const id = known === undefined || known === t ? name : `${name}@${node}`;
    this.#tensors.set(id, t);
    return id;
  }
}
