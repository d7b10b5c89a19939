import { sizeOf } from '../../tensor.js';
import type { NodeDraft } from '../../network/build.js';
import { DYNAMIC, type Shape, type ValueId } from '../../network/graph.js';
import { indices, stridesOf } from '../../network/operators/layout.js';

/**
 * Writes a Reshape that splits channels into groups, a Transpose of the parts and a Reshape back as what they are
 * together: a permutation of channels (Gather). So channels keep their identity through a channel shuffle (Zhang et al.,
 * ShuffleNet, 2018). `outputs` are values that must stay.
 */
export function withChannelShuffles(
  nodes: readonly NodeDraft[],
  shapes: ReadonlyMap<ValueId, Shape>,
  outputs: ReadonlySet<ValueId>,
): readonly NodeDraft[] {
  const readers = new Map<ValueId, NodeDraft[]>();
  for (const node of nodes)
    for (const input of new Set(node.inputs)) readers.set(input, [...(readers.get(input) ?? []), node]);
  const only = (node: NodeDraft, op: string): NodeDraft | undefined => {
    const [value] = node.outputs as readonly [ValueId];
    const [reader, ...others] = readers.get(value) ?? [];
    return reader?.op === op && others.length === 0 && !outputs.has(value) ? reader : undefined;
  };
  const replaced = new Map<NodeDraft, NodeDraft | undefined>();
  for (const node of nodes) {
    if (node.op !== 'Reshape') continue;
    const turned = only(node, 'Transpose');
    const joined = turned && only(turned, 'Reshape');
    if (!joined) continue;
    const permutation = permutationOf(node, turned, joined, shapes);
    if (permutation === undefined) continue;
    replaced.set(node, undefined);
    replaced.set(turned, undefined);
    replaced.set(joined, {
      ...joined,
      op: 'Gather',
      inputs: node.inputs,
      attributes: { axis: 1, indices: permutation },
    });
  }
  return nodes.flatMap((node) => (replaced.has(node) ? (replaced.get(node) ?? []) : [node]));
}

/** Input channel of each output channel, if these three permute channels and nothing else. */
function permutationOf(
  split: NodeDraft,
  turned: NodeDraft,
  joined: NodeDraft,
  shapes: ReadonlyMap<ValueId, Shape>,
): readonly number[] | undefined {
  const [x, parts, y] = [split.inputs[0], split.outputs[0], joined.outputs[0]].map((value) => shapes.get(value ?? ''));
  const order = turned.attributes?.['perm'];
  if (x === undefined || parts === undefined || y === undefined || typeof order !== 'object') return undefined;
  const channels = x[1];
  if (channels === undefined || channels === DYNAMIC || x.join() !== y.join() || x[0] !== parts[0]) return undefined;
  let end = 1;
  for (let product = 1; end < parts.length && product < channels; end++) product *= parts[end] as number;
  const groups = parts.slice(1, end);
  const inside = order.slice(1, end).map((axis) => axis - 1);
  const elsewhere = order.every((axis, place) => (place >= 1 && place < end) || axis === place);
  if (groups.length < 2 || sizeOf(groups) !== channels || !elsewhere) return undefined;
  if (sizeOf(parts.slice(end)) !== sizeOf(x.slice(2))) return undefined;
  const strides = stridesOf(groups);
  return [
    ...indices(
      inside.map((axis) => groups[axis] as number),
      inside.map((axis) => strides[axis] as number),
    ),
  ];
}
