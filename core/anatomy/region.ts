import type { Facts, Flow } from './flow.js';
import type { ValueId } from '../network/graph.js';

/** Nodes that mean one thing to the channels they handle: channel c of what they give is channel c of what they read. */
export interface Composed {
  readonly kind: 'activation' | 'normalisation';
  /** What it is a function of. */
  readonly start: ValueId;
  /** In topological order; the last gives its result. */
  readonly nodes: readonly Facts[];
  readonly end: Facts;
}

/** More nodes than any normalisation or activation is written as. */
const mostNodes = 48;

/**
 * The smallest set of nodes behind `start` that reads nothing else, and of whose values nothing else reads but the last;
 * undefined as soon as one of them is not admitted.
 *
 * @param admit says of each node, in topological order, whether it may be part of it.
 * @param ends whether it may end with this node.
 */
export function regionBehind(
  flow: Flow,
  start: ValueId,
  admit: (facts: Facts) => boolean,
  ends: (facts: Facts) => boolean,
): { readonly nodes: readonly Facts[]; readonly end: Facts } | undefined {
  const nodes: Facts[] = [];
  const inside = new Set<Facts>();
  const derived = new Set<ValueId>([start]);
  /** Values that something reads which is not inside yet. */
  const open = new Set<ValueId>([start]);
  const pending = [...(flow.readers.get(start) ?? [])];
  while (pending.length > 0 && nodes.length < mostNodes) {
    pending.sort((a, b) => b.position - a.position);
    const next = pending.pop() as Facts;
    if (inside.has(next)) continue;
    if (next.node.outputs.length !== 1 || !next.activations.every((value) => derived.has(value)) || !admit(next)) {
      return undefined;
    }
    nodes.push(next);
    inside.add(next);
    for (const value of next.activations) {
      if ((flow.readers.get(value) ?? []).every((reader) => inside.has(reader))) open.delete(value);
    }
    if (open.size === 0 && ends(next)) return { nodes, end: next };
    if (next.output === flow.output) return undefined;
    derived.add(next.output);
    open.add(next.output);
    pending.push(...(flow.readers.get(next.output) ?? []));
  }
  return undefined;
}
