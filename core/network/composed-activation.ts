import type { Dataflow, Facts } from './dataflow.js';
import type { ValueId } from './graph.js';
import type { Role } from './operators/operator.js';

/** An activation function that a file holds as several nodes, such as x · Sigmoid(x): it counts as one activation. */
export interface ComposedActivation {
  /** What it is a function of. */
  readonly start: ValueId;
  /** In topological order; the last gives its result. */
  readonly nodes: readonly Facts[];
  readonly end: Facts;
}

export interface ComposedActivations {
  readonly byStart: ReadonlyMap<ValueId, ComposedActivation>;
  readonly byEnd: ReadonlyMap<Facts, ComposedActivation>;
  /** All nodes that are part of one. */
  readonly nodes: ReadonlySet<Facts>;
}

/**
 * Activations made of parts: elementwise nodes that all come from one value, end in one product, and that nothing else
 * reads into: HardSwish as x · Clip(x + 3) / 6, SiLU as x · Sigmoid(x), GELU by Erf or Tanh, Mish. A gate that looks at
 * more than the element itself (squeeze and excite) is none.
 */
export function composedActivations(flow: Omit<Dataflow, 'composed'>): ComposedActivations {
  const [byStart, byEnd, nodes] = [
    new Map<ValueId, ComposedActivation>(),
    new Map<Facts, ComposedActivation>(),
    new Set<Facts>(),
  ];
  for (const facts of flow.nodes) {
    if (nodes.has(facts)) continue;
    for (const start of facts.node.outputs) {
      const found = activationFrom(flow, start);
      if (!found) continue;
      byStart.set(start, found);
      byEnd.set(found.end, found);
      for (const node of found.nodes) nodes.add(node);
    }
  }
  return { byStart, byEnd, nodes };
}

function activationFrom(flow: Omit<Dataflow, 'composed'>, start: ValueId): ComposedActivation | undefined {
  const first = flow.readers.get(start);
  if (start === flow.output || first === undefined || !first.some((facts) => facts.activations.length > 1)) {
    if (flow.uses(start) < 2) return undefined;
  }
  const members: Facts[] = [];
  const inside = new Set<Facts>();
  const derived = new Set<ValueId>([start]);
  const pending = [...(first ?? [])];
  for (let next = earliest(pending); next !== undefined; next = earliest(pending)) {
    if (!isElementwise(flow, next) || !next.activations.every((value) => derived.has(value))) return undefined;
    members.push(next);
    inside.add(next);
    const closed = [...derived].every(
      (value) => value !== flow.output && (flow.readers.get(value) ?? []).every((reader) => inside.has(reader)),
    );
    if (closed && next.role === 'product') return { start, nodes: members, end: next };
    derived.add(next.output);
    for (const reader of flow.readers.get(next.output) ?? []) {
      if (!pending.includes(reader) && !inside.has(reader)) pending.push(reader);
    }
  }
  return undefined;
}

/** Takes the first in topological order out of a list. */
function earliest(pending: Facts[]): Facts | undefined {
  if (pending.length === 0) return undefined;
  const [first] = pending.sort((a, b) => a.position - b.position);
  return pending.shift() && first;
}

const elementwise: ReadonlySet<Role> = new Set<Role>(['activation', 'bias', 'scale', 'identity', 'product', 'join']);

/** Whether each channel of the result comes from the same channel of everything it reads, element by element. */
function isElementwise(
  flow: Omit<Dataflow, 'composed'>,
  { role, window, sources, activations, output }: Facts,
): boolean {
  const shape = flow.graph.shapes.get(output)?.join();
  return (
    elementwise.has(role) &&
    window === undefined &&
    sources !== 'mixed' &&
    activations.every((value) => flow.graph.shapes.get(value)?.join() === shape) &&
    sources.every((of, c) => of.every((source) => source.channel === c))
  );
}
