import { regionBehind, type Composed } from './region.js';
import type { Facts, Flow } from './flow.js';
import type { Shape, ValueId } from '../network/graph.js';
import { listOf } from '../network/operators/attribute.js';
import type { Role } from '../network/operators/operator.js';

/** How a value inside lies: Reshapes and Transposes on the way from the start, none where they cancel out. */
type Layout = readonly (
  | { readonly by: 'reshape'; readonly from: Shape; readonly to: Shape }
  | { readonly by: 'transpose'; readonly perm: readonly number[] }
)[];

/**
 * What a value inside is to the one that is normalised. `carrier`: affine in its own element of it. `power`: a function of
 * that element, such as its square, for statistics; `alone` where nothing but that element and constants is in it, as behind
 * an activation. `statistic`: gathered along axes; `divided` once
 * something has been divided by it or it is a quotient.
 */
type Part =
  | { readonly kind: 'carrier'; readonly layout: Layout; readonly normalised: boolean }
  | { readonly kind: 'power'; readonly layout: Layout; readonly alone: boolean }
  | { readonly kind: 'statistic'; readonly divided: boolean };

const single: ReadonlySet<Role> = new Set<Role>(['bias', 'scale', 'identity', 'activation', 'normalisation']);

/** Whether a node is a step of its own, each channel of which depends on that channel alone. */
const passesAlone = (facts: Facts): boolean => single.has(facts.role) && facts.sources !== 'mixed';

/**
 * A normalisation made of parts, or one whose statistics run over several channels: LayerNormalization, also between
 * Transposes, group normalisation as Reshape, InstanceNormalization, Reshape, and all that is written out with means and
 * square roots. Every element of the result is an affine function of the same element before, by statistics and
 * constants, and some statistic divides or centres it.
 */
export function normalisationFrom(flow: Flow, start: ValueId): Composed | undefined {
  const readers = flow.readers.get(start) ?? [];
  const shape = flow.graph.shapes.get(start);
  if (shape === undefined || shape.length < 2 || flow.channels(start) === undefined) return undefined;
  const [first, ...others] = readers;
  if (first === undefined || (others.length === 0 && passesAlone(first))) return undefined;
  const parts = new Map<ValueId, Part>([[start, { kind: 'carrier', layout: [], normalised: false }]]);
  const found = regionBehind(
    flow,
    start,
    (facts) => {
      const part = partOf(flow, facts, parts);
      if (part) parts.set(facts.output, part);
      return part !== undefined && flow.graph.shapes.get(facts.output)?.[0] === shape[0];
    },
    ({ output }) => {
      const part = parts.get(output);
      if (part === undefined || part.kind === 'statistic' || part.layout.length > 0) return false;
      return part.kind === 'carrier' ? part.normalised : part.alone;
    },
  );
  if (found === undefined) return undefined;
  // Between Transposes an activation may follow the norm, and then belongs to the same step.
  return { kind: parts.get(found.end.output)?.kind === 'power' ? 'activation' : 'normalisation', start, ...found };
}

function partOf(flow: Flow, facts: Facts, parts: ReadonlyMap<ValueId, Part>): Part | undefined {
  const operands = facts.node.inputs.map((value) => parts.get(value));
  const [only, ...more] = operands.filter((part) => part !== undefined);
  if (only === undefined) return undefined;
  if (facts.role === 'activation' && more.length === 0 && only.kind !== 'statistic') {
    return { kind: 'power', layout: only.layout, alone: only.kind === 'carrier' || only.alone };
  }
  switch (facts.arithmetic) {
    case 'reshape':
    case 'transpose':
      return only.kind === 'statistic' ? only : { ...only, layout: moved(flow, facts, only.layout) };
    case 'expand':
      return only.kind === 'statistic' ? only : undefined;
    case 'statistic':
      return { kind: 'statistic', divided: only.kind === 'statistic' && only.divided };
    case 'normalise':
      return only.kind === 'carrier' && more.length === 0 ? { ...only, normalised: true } : undefined;
    case 'reciprocal':
      return only.kind === 'statistic' ? { kind: 'statistic', divided: true } : undefined;
    case 'exponent':
    case 'power':
      return more.length > 0 ? undefined : powerOf(flow, facts, only);
    case 'sum':
    case 'difference':
    case 'product':
    case 'quotient':
      return combined(flow, facts, operands);
    case undefined:
      return undefined;
  }
}

function moved(flow: Flow, facts: Facts, layout: Layout): Layout {
  const last = layout.at(-1);
  if (facts.arithmetic === 'transpose') {
    const next = listOf(facts.node, 'perm');
    const before = last?.by === 'transpose' ? last.perm : next.map((_, axis) => axis);
    const rest = last?.by === 'transpose' ? layout.slice(0, -1) : layout;
    const perm = next.map((axis) => before[axis] as number);
    return perm.every((axis, i) => axis === i) ? rest : [...rest, { by: 'transpose', perm }];
  }
  const [input] = facts.activations;
  const from = last?.by === 'reshape' ? last.from : (flow.graph.shapes.get(input as ValueId) as Shape);
  const rest = last?.by === 'reshape' ? layout.slice(0, -1) : layout;
  const to = flow.graph.shapes.get(facts.output) as Shape;
  return from.join() === to.join() ? rest : [...rest, { by: 'reshape', from, to }];
}

function powerOf(flow: Flow, facts: Facts, part: Part): Part {
  if (part.kind !== 'statistic') return { kind: 'power', layout: part.layout, alone: false };
  const exponent = facts.arithmetic === 'exponent' ? facts.inputs.constants[1] : undefined;
  return { kind: 'statistic', divided: part.divided || Number(exponent?.data[0] ?? 0) < 0 };
}

function combined(flow: Flow, facts: Facts, operands: readonly (Part | undefined)[]): Part | undefined {
  const isOwn = (part: Part | undefined): boolean => part?.kind === 'carrier' || part?.kind === 'power';
  const [divisor] = facts.arithmetic === 'quotient' ? operands.slice(1) : [];
  const statistic = operands.find((part) => part?.kind === 'statistic');
  const own = operands.filter(isOwn) as readonly Exclude<Part, { kind: 'statistic' }>[];
  const [first, second] = own;
  if (first === undefined) {
    return { kind: 'statistic', divided: divisor !== undefined || operands.some(isDivided) };
  }
  const shape = flow.graph.shapes.get(facts.output)?.join();
  const grows = facts.node.inputs.some(
    (value, i) => isOwn(operands[i]) && flow.graph.shapes.get(value)?.join() !== shape,
  );
  if (grows || isOwn(divisor)) return undefined;
  if (second !== undefined) return together(facts, first, second);
  if (statistic === undefined) return first;
  if (first.kind === 'power') return { ...first, alone: false };
  // A map that is multiplied by a mean of itself is gated, not normalised.
  if (facts.arithmetic === 'product' && !isDivided(statistic)) return undefined;
  return { ...first, normalised: first.normalised || facts.arithmetic !== 'sum' };
}

const isDivided = (part: Part | undefined): boolean => part?.kind === 'statistic' && part.divided;

/** Two functions of the same element. */
function together(
  facts: Facts,
  a: Exclude<Part, { kind: 'statistic' }>,
  b: Exclude<Part, { kind: 'statistic' }>,
): Part | undefined {
  if (JSON.stringify(a.layout) !== JSON.stringify(b.layout)) return undefined;
  if (facts.arithmetic === 'product' || a.kind === 'power' || b.kind === 'power')
    return { kind: 'power', layout: a.layout, alone: false };
  return { kind: 'carrier', layout: a.layout, normalised: a.normalised || b.normalised };
}
