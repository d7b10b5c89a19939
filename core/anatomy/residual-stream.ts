import { isSum, type Dataflow } from './dataflow.js';
import { DisjointSets } from './disjoint-sets.js';
import type { Facts } from './flow.js';
import type { ValueId } from '../network/graph.js';

/** A channel of a value that computes it anew: nobody upstream holds the same channel. */
export interface Origin {
  readonly value: ValueId;
  readonly channel: number;
}

/** A residual stream: for each of its channels, the origins that are added up in it, in topological order. */
export interface ResidualStream {
  readonly channels: readonly (readonly Origin[])[];
}

/**
 * Residual streams: channels that sums join, followed one to one through whatever keeps them apart (activations,
 * normalisation, pooling, slices and pads that move them, concatenation). Sums that share a channel belong to one stream.
 * Its channels are ordered as in its last sum; those that do not get so far come last.
 */
export function residualStreams(flow: Dataflow): readonly ResidualStream[] {
  const identity = new ChannelIdentity(flow);
  const sums = flow.nodes.filter((facts) => isSum(facts) && !flow.composed.nodes.has(facts));
  const streamOf = new DisjointSets(identity.size);
  for (const sum of sums) {
    const [first, ...others] = identity.classesOf(sum.output);
    for (const other of others) streamOf.union(first as number, other);
  }
  const groups = new Map<number, Set<number>>();
  for (const sum of sums.toReversed()) {
    for (const channel of identity.classesOf(sum.output)) {
      const stream = streamOf.find(channel);
      groups.set(stream, (groups.get(stream) ?? new Set()).add(channel));
    }
  }
  const origins = identity.origins();
  return [...groups.values()]
    .reverse()
    .map((channels) => ({ channels: [...channels].map((c) => origins.get(c) ?? []) }));
}

/** Which channels of which values are the same channel. */
class ChannelIdentity {
  readonly #flow: Dataflow;
  readonly #base = new Map<ValueId, number>();
  readonly #sets: DisjointSets;

  constructor(flow: Dataflow) {
    this.#flow = flow;
    const values = [
      ...flow.graph.inputs.map((input) => input.id),
      ...flow.nodes.flatMap((facts) => facts.node.outputs),
    ];
    let next = 0;
    for (const value of values) {
      this.#base.set(value, next);
      next += flow.channels(value) ?? 0;
    }
    this.#sets = new DisjointSets(next);
    for (const { start, end } of flow.composed.byEnd.values()) {
      for (let c = 0; c < (flow.channels(start) ?? 0); c++)
        this.#sets.union(this.#key(start, c), this.#key(end.output, c));
    }
    for (const facts of flow.nodes) {
      if (flow.composed.nodes.has(facts) || !carries(facts)) continue;
      facts.node.outputs.forEach((output, i) => {
        const sourcesOf = facts.sourcesOf[i];
        if (sourcesOf === undefined || sourcesOf === 'mixed') return;
        sourcesOf.forEach((sources, c) => {
          for (const source of sources) {
            const value = facts.node.inputs[source.input] as ValueId;
            this.#sets.union(this.#key(value, source.channel), this.#key(output, c));
          }
        });
      });
    }
  }

  /** Number of all channels of all values. */
  get size(): number {
    return this.#sets.size;
  }

  #key(value: ValueId, channel: number): number {
    return (this.#base.get(value) as number) + channel;
  }

  classesOf(value: ValueId): number[] {
    return Array.from({ length: this.#flow.channels(value) ?? 0 }, (_, c) => this.#sets.find(this.#key(value, c)));
  }

  /** Where each class of channels is computed. Padding computes nothing. */
  origins(): ReadonlyMap<number, readonly Origin[]> {
    const origins = new Map<number, Origin[]>();
    const values = [
      ...this.#flow.graph.inputs.map((input) => input.id),
      ...this.#flow.nodes
        .filter((facts) => !this.#flow.composed.nodes.has(facts) && !carries(facts))
        .flatMap((facts) => facts.node.outputs),
    ];
    for (const value of values) {
      this.classesOf(value).forEach((found, channel) => {
        const known = origins.get(found);
        if (known) known.push({ value, channel });
        else origins.set(found, [{ value, channel }]);
      });
    }
    return origins;
  }
}

/** Whether a node hands its channels on as they are, so that cutting one upstream cuts it here. */
function carries(facts: Facts): boolean {
  if (facts.role === 'convolution' || facts.role === 'dense') return false;
  if (facts.sourcesOf.includes('mixed')) return false;
  return facts.activations.length === 1 || facts.role === 'join';
}
