import { within } from '../network/budget.js';
import type { NodeDraft } from '../network/build.js';
import { typeBehind } from '../network/element-type.js';
import type { Tensor } from '../tensor.js';
import type { GraphInput, ValueId } from '../network/graph.js';
import { Names } from '../network/names.js';

/**
 * Brings whatever gives truth values right in front of the node that decides by them, once for each such node: so none is
 * alive where a network is cut, and edits and copies handle numbers only. Nodes are in topological order before and after.
 *
 * @param outputs values that must stay under their names.
 * @param given constants and inputs that hold truth values.
 * @throws PercussError LIMIT_EXCEEDED where that makes too many nodes.
 */
export function truthsBesideReaders(
  model: string,
  nodes: readonly NodeDraft[],
  outputs: ReadonlySet<ValueId>,
  given: Iterable<ValueId>,
): readonly NodeDraft[] {
  const truths = new Set<ValueId>(given);
  const makers = new Map<ValueId, NodeDraft>();
  for (const node of nodes) {
    if (typeBehind(node, truths) !== 'bool') continue;
    for (const output of node.outputs) {
      truths.add(output);
      makers.set(output, node);
    }
  }
  if (makers.size === 0) return nodes;
  const ids = new Names();
  for (const { id } of nodes) ids.claim(id);
  const values = new Names();
  for (const value of new Set(nodes.flatMap((node) => [...node.inputs, ...node.outputs]))) values.claim(value);
  const used = new Set<NodeDraft>();
  const written: NodeDraft[] = [];
  let copies = 0;
  for (const node of nodes) {
    const isAnswer = node.outputs.some((output) => outputs.has(output));
    if (makers.has(node.outputs[0] as ValueId) && !isAnswer) continue;
    const made = makersOf(node, makers);
    const renamed = new Map<ValueId, ValueId>();
    const read = (value: ValueId): ValueId => renamed.get(value) ?? value;
    for (const maker of made) {
      const again = used.has(maker) || maker.outputs.some((output) => outputs.has(output));
      used.add(maker);
      copies += again ? 1 : 0;
      if (again) for (const output of maker.outputs) renamed.set(output, values.claim(output));
      const inputs = maker.inputs.map(read);
      written.push({ ...maker, inputs, outputs: maker.outputs.map(read), id: again ? ids.claim(maker.id) : maker.id });
    }
    written.push({ ...node, inputs: node.inputs.map(read) });
    within(model, 'nodes', copies);
  }
  return written;
}

/** Inputs and constants that hold truth values. */
export function truthsAmong(
  inputs: readonly GraphInput[],
  constants: ReadonlyMap<ValueId, Tensor>,
): readonly ValueId[] {
  return [
    ...inputs.map(({ id, dtype }) => ({ id, dtype })),
    ...[...constants].map(([id, { dtype }]) => ({ id, dtype })),
  ]
    .filter(({ dtype }) => dtype === 'bool')
    .map(({ id }) => id);
}

/** What gives the truth values that a node reads, and those that these read, in topological order. */
function makersOf(node: NodeDraft, makers: ReadonlyMap<ValueId, NodeDraft>): readonly NodeDraft[] {
  const found = new Set<NodeDraft>();
  const visit = [node];
  const order: NodeDraft[] = [];
  for (let next = visit.at(-1); next !== undefined; next = visit.at(-1)) {
    const before = next.inputs.flatMap((input) => {
      const maker = makers.get(input);
      return maker === undefined || found.has(maker) || maker === next ? [] : [maker];
    });
    if (before.length > 0) {
      visit.push(...before);
      continue;
    }
    visit.pop();
    if (next === node || found.has(next)) continue;
    found.add(next);
    order.push(next);
  }
  return order;
}
