import type { Graph, ValueId } from '../network/graph.js';
import { liveOut } from './segment.js';
import type { Anatomy, Site } from '../anatomy/site.js';

/** A place where the network is cut: behind the value of one or several sites. */
export interface CutPoint {
  readonly value: ValueId;
  readonly sites: readonly Site[];
  /** Values that are alive there, the cut's own among them. */
  readonly live: readonly ValueId[];
}

/** The cuts of a network, in the order in which it computes. */
export function cutsOf(graph: Graph, anatomy: Anatomy, output: ValueId): readonly CutPoint[] {
  const index = new Map(graph.nodes.flatMap((node, i) => node.outputs.map((value) => [value, i] as const)));
  const values = [...new Set(anatomy.sites.map((site) => site.value))];
  return values
    .sort((a, b) => (index.get(a) ?? -1) - (index.get(b) ?? -1))
    .map((value) => ({
      value,
      sites: anatomy.sites.filter((site) => site.value === value),
      live: liveOut(graph, index.get(value) ?? -1, [output]),
    }));
}
