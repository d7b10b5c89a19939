import { DisjointSets } from '../anatomy/disjoint-sets.js';
import type { Dataflow } from '../anatomy/dataflow.js';
import type { Facts } from '../anatomy/flow.js';
import type { Node, ValueId } from '../network/graph.js';
import type { ChannelSources } from '../network/operators/operator.js';

/** A channel of a value. */
export interface Channel {
  readonly value: ValueId;
  readonly channel: number;
}

/**
 * What the channels of each output of a node are made of, one to one, as its operator says, and besides of a map that is laid out as a row
 * before a dense layer: every element of it is made of its channel.
 */
export function linksOf(flow: Dataflow, facts: Facts): readonly ChannelSources[] {
  return facts.sourcesOf.map((sources, i) => {
    if (sources !== 'mixed' || facts.role !== 'layout') return sources;
    const [from, to] = [facts.inputs.shapes[0], flow.graph.shapes.get(facts.node.outputs[i] as ValueId)];
    const channels = flow.channels(facts.activations[0] as ValueId);
    const inner = from?.slice(2).reduce((product, dim) => product * dim, 1) ?? 0;
    const isRow =
      channels !== undefined && to?.length === 2 && from?.[0] === to[0] && inner > 0 && to[1] === channels * inner;
    if (!isRow) return sources;
    return Array.from({ length: channels * inner }, (_, j) => [{ input: 0, channel: Math.floor(j / inner) }]);
  });
}

/** Whether a node reads channels by constant weights, each output channel a sum over all of them, or over those of its group. */
export function isContraction(flow: Dataflow, facts: Facts): boolean {
  const [read, ...others] = facts.activations;
  if (read === undefined || others.length > 0 || facts.node.inputs[0] !== read) return false;
  if (flow.channels(read) === undefined || flow.channels(facts.output) === undefined) return false;
  return facts.role === 'convolution' || (facts.role === 'dense' && flow.graph.shapes.get(read)?.length === 2);
}

/** Groups of a contraction: 1 but for grouped convolutions. */
export function groupsOf(node: Node): number {
  return Number(node.attributes['group'] ?? 1);
}

/**
 * Channels of values that stand or fall together, since nodes link them one to one: a residual stream with all that writes it, a
 * gate with what it gates, a depthwise convolution with its producer.
 */
export class ChannelClasses {
  readonly #base = new Map<ValueId, number>();
  readonly #sets: DisjointSets;
  readonly #flow: Dataflow;

  /** @param opaque Nodes that link nothing. */
  constructor(flow: Dataflow, opaque: ReadonlySet<string>) {
    this.#flow = flow;
    let next = 0;
    for (const value of [...flow.graph.inputs.map(({ id }) => id), ...flow.nodes.flatMap(({ node }) => node.outputs)]) {
      this.#base.set(value, next);
      next += flow.channels(value) ?? 0;
    }
    this.#sets = new DisjointSets(next);
    for (const facts of flow.nodes) {
      if (opaque.has(facts.node.id)) continue;
      linksOf(flow, facts).forEach((links, i) => {
        if (links === 'mixed') return;
        const output = facts.node.outputs[i] as ValueId;
        links.forEach((sources, channel) => {
          for (const source of sources) {
            this.#sets.union(
              this.#place({ value: facts.node.inputs[source.input] as ValueId, channel: source.channel }),
              this.#place({ value: output, channel }),
            );
          }
        });
      });
    }
  }

  get size(): number {
    return this.#sets.size;
  }

  /** The class of a channel, by number. */
  of(channel: Channel): number {
    return this.#sets.find(this.#place(channel));
  }

  #place({ value, channel }: Channel): number {
    return (this.#base.get(value) as number) + channel;
  }

  /** Channels of a value, 0 where it has none that are known. */
  count(value: ValueId): number {
    return this.#flow.channels(value) ?? 0;
  }
}
