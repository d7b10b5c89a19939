import { tensor, type Tensor } from '../../tensor.js';
import type { NodeDraft } from '../../network/build.js';
import type { Attribute, GraphInput, Node, Shape, ValueId } from '../../network/graph.js';
import { indices, picked, stridesOf } from '../../network/operators/layout.js';
import { operators } from '../../network/operators/table.js';

/** Where an axis of [images, rows, columns, channels] stands in NCHW. */
const placeOf: readonly number[] = [0, 2, 3, 1];
const toLast = '0,2,3,1';
const toFirst = '0,3,1,2';

interface Parts {
  readonly nodes: readonly NodeDraft[];
  readonly constants: ReadonlyMap<ValueId, Tensor>;
}

/**
 * Where a file brings channels to the end behind one convolution and back in front of the next (Keras 3 on PyTorch does),
 * writes what stands between with channels at axis 1, so that kernels are followed through it. Only operators that treat every
 * element, or every line along an axis, alike are moved; whatever needs the other order gets it by a Transpose.
 * `outputs` are values that must stay.
 */
export function withChannelsFirst(
  { nodes, constants }: Parts,
  inputs: readonly GraphInput[],
  shapes: ReadonlyMap<ValueId, Shape>,
  outputs: ReadonlySet<ValueId>,
): Parts {
  const twins = new Map<ValueId, ValueId>();
  const renamed = new Map<ValueId, ValueId>();
  const more = new Map(constants);
  const written: NodeDraft[] = [];
  /** Outputs of the graph that are other names of values written before. */
  const declared = new Map<ValueId, ValueId>();
  const isFree = (value: ValueId): boolean =>
    !declared.has(value) && !outputs.has(value) && written.some((node) => node.outputs.includes(value));
  for (const input of inputs.filter(({ id }) => isPrepared(id, nodes, shapes))) {
    const own = `${input.id}|nchw`;
    twins.set(input.id, own);
    const attributes = { perm: [0, 3, 1, 2] };
    written.push({ id: `${input.id}/first`, op: 'Transpose', inputs: [input.id], outputs: [own], attributes });
  }
  for (const draft of nodes) {
    const node = reading(draft, renamed);
    const perm = node.op === 'Transpose' ? String(node.attributes?.['perm']) : '';
    const [from, to] = [node.inputs[0] as ValueId, node.outputs[0] as ValueId];
    const twin = twins.get(from);
    if (perm === toFirst && twin !== undefined && (!outputs.has(to) || isFree(twin))) {
      renamed.set(to, twin);
      if (outputs.has(to)) declared.set(twin, to);
      continue;
    }
    if (perm === toLast) twins.set(to, from);
    const pixel = onePixel(node, shapes);
    if (pixel !== undefined) {
      twins.set(to, `${to}|nchw`);
      written.push({ ...node, outputs: [`${to}|nchw`], attributes: { shape: pixel } }, lastAgain(node, 0));
      continue;
    }
    const attributes = movedAttributes(node, shapes);
    const read = attributes && movedInputs(node, twins, more, shapes);
    if (!read) {
      written.push(node);
      continue;
    }
    // Over all rows and columns, nothing is left to be in another order.
    const flat = shapes.get(to)?.length === 2;
    const results = flat ? node.outputs : node.outputs.map((output) => `${output}|nchw`);
    written.push({ ...node, inputs: read, outputs: results, attributes });
    if (flat) continue;
    node.outputs.forEach((output, i) => {
      twins.set(output, results[i] as ValueId);
      written.push(lastAgain(node, i));
    });
  }
  const rename = (value: ValueId): ValueId => declared.get(value) ?? value;
  const settled = written.map((node) => ({
    ...node,
    inputs: node.inputs.map(rename),
    outputs: node.outputs.map(rename),
  }));
  return named({ nodes: needed(settled, outputs), constants: more }, inputs);
}

/** The target of a Reshape from one number a channel to a single pixel with channels last, for channels at axis 1. */
function onePixel(node: NodeDraft, shapes: ReadonlyMap<ValueId, Shape>): readonly number[] | undefined {
  const [before, after] = [node.inputs[0], node.outputs[0]].map((value) => shapes.get(value as ValueId));
  const [images, rows, columns, channels] = after ?? [];
  const fits = before?.length === 2 && after?.length === 4 && rows === 1 && columns === 1;
  return node.op === 'Reshape' && fits && before[0] === images && before[1] === channels
    ? [0, channels as number, 1, 1]
    : undefined;
}

/** Output number `i` of a node that was moved, with channels last, for whoever needs it so. */
function lastAgain(node: NodeDraft, i: number): NodeDraft {
  const output = node.outputs[i] as ValueId;
  const id = `${node.id}/last${i === 0 ? '' : i}`;
  return { id, op: 'Transpose', inputs: [`${output}|nchw`], outputs: [output], attributes: { perm: [0, 2, 3, 1] } };
}

/** Whether images come with channels last, are prepared so (scaled, centred), and only then get their Transpose. */
function isPrepared(image: ValueId, nodes: readonly NodeDraft[], shapes: ReadonlyMap<ValueId, Shape>): boolean {
  if (shapes.get(image)?.length !== 4) return false;
  for (let value = image, steps = 0; ; steps++) {
    const [reader, ...others] = nodes.filter((node) => node.inputs.includes(value));
    if (reader === undefined || others.length > 0) return false;
    if (reader.op === 'Transpose') return steps > 0 && String(reader.attributes?.['perm']) === toFirst;
    if (!movedAttributes(reader, shapes) || reader.outputs.length > 1) return false;
    value = reader.outputs[0] as ValueId;
  }
}

const reading = (node: NodeDraft, renamed: ReadonlyMap<ValueId, ValueId>): NodeDraft => ({
  ...node,
  inputs: node.inputs.map((input) => renamed.get(input) ?? input),
});

type Attributes = Readonly<Record<string, Attribute>>;

const moved = (axis: number): number => placeOf[axis] as number;
const alike = (attributes: Attributes): Attributes => attributes;
const alongAxis = (attributes: Attributes): Attributes => ({
  ...attributes,
  axis: moved(attributes['axis'] as number),
});

function reduced(attributes: Attributes): Attributes | undefined {
  const axes = (attributes['axes'] as readonly number[]).map(moved);
  const whole = axes.toSorted((a, b) => a - b).join() === '2,3';
  return attributes['keepdims'] === 1 || whole ? { ...attributes, axes } : undefined;
}

/** Operators that look at axes, or join activations: what becomes of their attributes. */
const movers: { readonly [N in NodeDraft['op']]?: (attributes: Attributes) => Attributes | undefined } = {
  Add: alike,
  Div: alike,
  Max: alike,
  Min: alike,
  Mul: alike,
  PRelu: alike,
  Pow: alike,
  Sub: alike,
  Concat: alongAxis,
  Gather: alongAxis,
  LogSoftmax: alongAxis,
  Softmax: alongAxis,
  Split: alongAxis,
  Slice: (attributes) => ({ ...attributes, axes: (attributes['axes'] as readonly number[]).map(moved) }),
  Pad: (attributes) => {
    const pads = new Array<number>(8).fill(0);
    (attributes['pads'] as readonly number[]).forEach((pad, i) => (pads[moved(i % 4) + (i < 4 ? 0 : 4)] = pad));
    return { ...attributes, pads };
  },
  ReduceL2: reduced,
  ReduceMax: reduced,
  ReduceMean: reduced,
  ReduceSum: reduced,
};

/** Attributes of a node for channels at axis 1; undefined for operators that are not moved. */
function movedAttributes(node: NodeDraft, shapes: ReadonlyMap<ValueId, Shape>): Attributes | undefined {
  const attributes = node.attributes ?? {};
  const mover = movers[node.op];
  if (mover) return mover(attributes);
  return isUnary(node, shapes) ? attributes : undefined;
}

function isUnary(node: NodeDraft, shapes: ReadonlyMap<ValueId, Shape>): boolean {
  const whole: Node = { ...node, attributes: node.attributes ?? {}, path: '', aliases: [] };
  const inputs = { shapes: node.inputs.map((input) => shapes.get(input)), constants: [] };
  return node.inputs.length === 1 && operators[node.op].role(whole, inputs) === 'activation';
}

/** Inputs with channels at axis 1; undefined unless every activation is known in that order. */
function movedInputs(
  node: NodeDraft,
  twins: ReadonlyMap<ValueId, ValueId>,
  constants: Map<ValueId, Tensor>,
  shapes: ReadonlyMap<ValueId, Shape>,
): readonly ValueId[] | undefined {
  const inputs: ValueId[] = [];
  for (const input of node.inputs) {
    const constant = constants.get(input);
    const moved = constant ? besideFirst(input, constant, constants) : twins.get(input);
    if (moved === undefined || (!constant && shapes.get(input)?.length !== 4)) return undefined;
    inputs.push(moved);
  }
  return node.inputs.some((input) => !constants.has(input)) ? inputs : undefined;
}

/** A constant that broadcasts with channels last, so that it does with channels at axis 1. */
function besideFirst(name: ValueId, constant: Tensor, constants: Map<ValueId, Tensor>): ValueId | undefined {
  if (constant.data.length === 1 || name === '') return name;
  if (constant.shape.length > 4) return undefined;
  const shape = [...Array.from({ length: 4 - constant.shape.length }, () => 1), ...constant.shape];
  const order = [0, 3, 1, 2];
  const [dims, strides] = [shape, stridesOf(shape)].map((of) => order.map((axis) => of[axis] as number)) as [
    number[],
    number[],
  ];
  const moved = `${name}|nchw`;
  if (constants.has(moved)) return moved;
  constants.set(moved, picked(tensor(constant.dtype, shape, constant.data), dims, indices(dims, strides)));
  return moved;
}

function needed(nodes: readonly NodeDraft[], outputs: ReadonlySet<ValueId>): readonly NodeDraft[] {
  const wanted = new Set(outputs);
  return nodes
    .toReversed()
    .filter((node) => {
      if (!node.outputs.some((output) => wanted.has(output))) return false;
      for (const input of node.inputs) wanted.add(input);
      return true;
    })
    .reverse();
}

/** Values keep their names where those of the other order are no longer there. */
function named({ nodes, constants }: Parts, inputs: readonly GraphInput[]): Parts {
  const present = new Set([...nodes.flatMap((node) => node.outputs), ...inputs.map(({ id }) => id)]);
  const bare = (value: ValueId): ValueId => {
    const plain = value.replace(/\|nchw$/, '');
    return plain === value || present.has(plain) || constants.has(value) ? value : plain;
  };
  return {
    nodes: nodes.map((node) => ({ ...node, inputs: node.inputs.map(bare), outputs: node.outputs.map(bare) })),
    constants,
  };
}
