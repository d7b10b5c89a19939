import { activationFrom } from './composed-activation.js';
import { normalisationFrom } from './composed-normalisation.js';
import type { Facts, Flow } from './flow.js';
import type { ValueId } from '../network/graph.js';
import type { Composed } from './region.js';

export interface ComposedSteps {
  readonly byStart: ReadonlyMap<ValueId, Composed>;
  readonly byEnd: ReadonlyMap<Facts, Composed>;
  /** All nodes that are part of one. */
  readonly nodes: ReadonlySet<Facts>;
}

/**
 * Activations and normalisations that a file holds as several nodes, or as one that looks at other channels too. A gate
 * that looks at more than the element itself (squeeze and excite, attention) is neither.
 */
export function composedSteps(flow: Flow): ComposedSteps {
  const [byStart, byEnd, nodes] = [new Map<ValueId, Composed>(), new Map<Facts, Composed>(), new Set<Facts>()];
  for (const facts of flow.nodes) {
    for (const start of facts.node.outputs) {
      const readers = flow.readers.get(start) ?? [];
      if (start === flow.output || readers.some((reader) => nodes.has(reader))) continue;
      const found = activationFrom(flow, start) ?? normalisationFrom(flow, start);
      if (!found) continue;
      byStart.set(start, found);
      byEnd.set(found.end, found);
      for (const node of found.nodes) nodes.add(node);
    }
  }
  return { byStart, byEnd, nodes };
}
