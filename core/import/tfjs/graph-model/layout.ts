import type { ValueId } from '../../../network/graph.js';
import { openDimension } from '../../open-dimension.js';
import type { OperatorName } from '../../../network/operators/table.js';
import { sizeOf } from '../../../tensor.js';
import { UnsupportedNode } from '../../unsupported.js';
import { axisIn, isMap, shapeIn, type Activation, type Form } from '../builder.js';
import { inForm, type NodeCall, type NodeImporter } from './call.js';
import { regrouped, shuffled, splitInGroups } from './channel-shuffle.js';
import { shapeBehind, sliceCuts, stridedCuts, toTheEnd, type Cuts } from './slicing.js';

const printed = (shape: readonly number[]): string => `[images${shape.map((dim) => `, ${dim}`).join('')}]`;

/** Which of the axes that are longer than 1 stand where in a form. */
function longAxes(form: Form, activation: Pick<Activation, 'shape'>): string {
  const long = activation.shape.flatMap((dim, axis) => (dim === 1 ? [] : [axis]));
  const order = activation.shape.map((_, axis) => axisIn(form, activation as Activation, axis + 1));
  return long
    .toSorted((a, b) => (order[a] as number) - (order[b] as number))
    .map((axis) => long.indexOf(axis))
    .join();
}

/** The same elements in TensorFlow's order under another shape; in our own order of axes where that comes to the same. */
function reshaped(call: NodeCall, input: Activation, shape: readonly number[]): Activation {
  if (sizeOf(shape) !== sizeOf(input.shape)) {
    throw new UnsupportedNode(`${printed(input.shape)} does not fit into ${printed(shape)}`);
  }
  if (shape.join() === input.shape.join()) return input;
  const long = (dims: readonly number[]): string => dims.filter((dim) => dim !== 1).join();
  const target = (form: Form): readonly number[] => [0, ...shapeIn(form, { shape })];
  if (long(shape) === long(input.shape)) {
    const { form, value } = call.builder.formAtHand(input);
    for (const behind of shape.length === 3 ? (['nchw', 'keras'] as const) : (['keras'] as const)) {
      if (longAxes(form, input) !== longAxes(behind, { shape })) continue;
      return inForm(shape, behind, call.emit('Reshape', '', [value], { shape: target(behind) }));
    }
  }
  const shuffle = shuffled(call, input, shape);
  if (shuffle) return shuffle;
  const result = inForm(
    shape,
    'keras',
    call.emit('Reshape', '', [call.builder.form(input, 'keras')], { shape: target('keras') }),
  );
  splitInGroups(input, result);
  return result;
}

/** The target without the images' axis, which must stay where it is. */
const reshape: NodeImporter = (call) => {
  const input = call.activation(0);
  const [images, ...rest] = call.marked(1, 'shape');
  const total = sizeOf(input.shape);
  if (images === undefined) throw new UnsupportedNode('it makes a single number of all images');
  const known = rest.map((dim) => (dim < -1n ? Number.NaN : Number(dim)));
  if (known.includes(Number.NaN)) throw new UnsupportedNode('its shape mixes the number of images with other axes');
  const behind = known.includes(-1)
    ? known.map((dim) => (dim === -1 ? total / sizeOf(known.filter((other) => other !== -1)) : dim))
    : known;
  const stays = images === -1n || images === openDimension || Number(images) === call.images;
  if (!stays || !behind.every(Number.isInteger) || sizeOf(behind) !== total) {
    throw new UnsupportedNode(`it reshapes ${printed(input.shape)} so that images are no longer apart`);
  }
  return reshaped(call, input, behind);
};

function axisOf(named: number, rank: number): number {
  const axis = named < 0 ? named + rank : named;
  if (axis === 0) throw new UnsupportedNode("it works along the images' axis");
  return axis;
}

const squeeze: NodeImporter = (call) => {
  const input = call.activation(0);
  const rank = input.shape.length + 1;
  const named = call.attributes.ints('squeeze_dims') ?? [];
  const gone = named.map((axis) => axisOf(axis, rank) - 1);
  return reshaped(
    call,
    input,
    input.shape.filter((dim, axis) => !(gone.length === 0 ? dim === 1 : gone.includes(axis))),
  );
};

const expandDims: NodeImporter = (call) => {
  const input = call.activation(0);
  const axis = axisOf(call.ints(1, 'axis')[0] as number, input.shape.length + 2);
  return reshaped(call, input, input.shape.toSpliced(axis - 1, 0, 1));
};

/** Between channels first and last nothing moves: only the form changes. */
const transpose: NodeImporter = (call) => {
  const input = call.activation(0);
  const perm = call.ints(1, 'perm');
  if (perm[0] !== 0 || perm.length !== input.shape.length + 1) throw new UnsupportedNode("it moves the images' axis");
  const shape = perm.slice(1).map((axis) => input.shape[axis - 1] as number);
  const order = perm.join();
  if (order === '0,3,1,2') return inForm(shape, 'keras', call.builder.form(input, 'nchw'));
  if (order === '0,2,3,1') return inForm(shape, 'nchw', call.builder.form(input, 'keras'));
  const result = inForm(shape, 'keras', call.emit('Transpose', '', [call.builder.form(input, 'keras')], { perm }));
  regrouped(input, result, perm);
  return result;
};

const concat: NodeImporter = (call) => {
  const last = call.inputs.length - 1;
  const parts = call.inputs.slice(0, last).map((_, i) => call.activation(i));
  const [first] = parts as [Activation];
  if (parts.some((part) => part.shape.length !== first.shape.length))
    throw new UnsupportedNode('its inputs differ in rank');
  const axis = axisOf(call.ints(last, 'axis')[0] as number, first.shape.length + 1);
  const form = parts.some((part) => call.builder.formAtHand(part).form === 'nchw') ? 'nchw' : 'keras';
  const values = parts.map((part) => call.builder.form(part, form));
  const length = parts.reduce((sum, part) => sum + (part.shape[axis - 1] as number), 0);
  const made = call.emit('Concat', '', values, { axis: axisIn(form, first, axis) });
  return inForm(first.shape.with(axis - 1, length), form, made);
};

const pad =
  (modeOf: (call: NodeCall) => string): NodeImporter =>
  (call) => {
    const input = call.activation(0);
    const mode = modeOf(call);
    const pairs = call.ints(1, 'paddings');
    const rank = input.shape.length + 1;
    if (pairs.length !== 2 * rank || pairs[0] !== 0 || pairs[1] !== 0)
      throw new UnsupportedNode('it pads the images’ axis');
    const value = call.inputs.length > 2 ? (call.floats(2, 'value').data[0] as number) : 0;
    const { form, value: from } = call.builder.formAtHand(input);
    const pads = new Array<number>(2 * rank).fill(0);
    for (let axis = 1; axis < rank; axis++) {
      const place = axisIn(form, input, axis);
      pads[place] = pairs[2 * axis] as number;
      pads[place + rank] = pairs[2 * axis + 1] as number;
    }
    const shape = input.shape.map((dim, i) => dim + (pairs[2 * i + 2] as number) + (pairs[2 * i + 3] as number));
    return inForm(shape, form, call.emit('Pad', '', [from], { mode, pads, value }));
  };

const mirrored = (call: NodeCall): string => {
  const mode = call.attributes.text('mode', 'REFLECT');
  if (mode !== 'REFLECT') throw new UnsupportedNode(`mode ${mode}`);
  return 'reflect';
};

function splitAlong(call: NodeCall, input: Activation, axis: number, sizes: readonly number[]): readonly Activation[] {
  const { form, value } = call.builder.formAtHand(input);
  const attributes = { axis: axisIn(form, input, axis), split: sizes };
  const parts = call.builder.nodeOf(sizes.length, 'Split', call.node.name, [value], { attributes });
  return parts.map((part, i) => inForm(input.shape.with(axis - 1, sizes[i] as number), form, part));
}

const split: NodeImporter = (call) => {
  const input = call.activation(1);
  const axis = axisOf(call.ints(0, 'axis')[0] as number, input.shape.length + 1);
  const count = call.attributes.int('num_split', 1);
  if (!(Number.isInteger(count) && count >= 1 && count <= (input.shape[axis - 1] as number))) {
    throw new UnsupportedNode(`it makes ${count} parts`);
  }
  const size = (input.shape[axis - 1] as number) / count;
  return splitAlong(
    call,
    input,
    axis,
    Array.from({ length: count }, () => size),
  );
};

const splitV: NodeImporter = (call) => {
  const input = call.activation(0);
  const axis = axisOf(call.ints(2, 'axis')[0] as number, input.shape.length + 1);
  const sizes = call.ints(1, 'sizes');
  const known = sizes.reduce((sum, size) => sum + Math.max(0, size), 0);
  const rest = (input.shape[axis - 1] as number) - known;
  return splitAlong(
    call,
    input,
    axis,
    sizes.map((size) => (size < 0 ? rest : size)),
  );
};

const cutting =
  (cutsOf: (call: NodeCall, rank: number) => Cuts): NodeImporter =>
  (call) => {
    const input = call.activation(0);
    const rank = input.shape.length + 1;
    const cuts = cutsOf(call, rank);
    const { starts, ends, steps, gone, added } = cuts;
    const whole = starts[0] === 0 && steps[0] === 1 && (ends[0] === toTheEnd || ends[0] === call.images);
    if (!whole || gone.has(0) || added.has(0)) throw new UnsupportedNode('it takes a part of the images');
    const { form, value } = call.builder.formAtHand(input);
    const axes = Array.from({ length: rank - 1 }, (_, i) => i + 1);
    const made = call.emit('Slice', gone.size + added.size > 0 ? 'cut' : '', [value], {
      starts: axes.map((axis) => starts[axis] as number),
      ends: axes.map((axis) => ends[axis] as number),
      axes: axes.map((axis) => axisIn(form, input, axis)),
      steps: axes.map((axis) => steps[axis] as number),
    });
    const shape = input.shape.map((size, i) => {
      const at = (place: number): number => Math.min(Math.max(place < 0 ? place + size : place, -1), size);
      const step = steps[i + 1] as number;
      const [from, to] = [starts[i + 1] as number, ends[i + 1] as number].map(at) as [number, number];
      if (step < 0) throw new UnsupportedNode('it goes backwards');
      return Math.max(0, Math.ceil((to - Math.max(0, from)) / step));
    });
    const behind = shapeBehind([0, ...shape], cuts).slice(1);
    return reshaped(call, inForm(shape, form, made), behind);
  };

const gather: NodeImporter = (call) => {
  const input = call.activation(0);
  const { shape: wanted } = call.constant(1, 'indices');
  if (wanted.length > 1) throw new UnsupportedNode('indices in more than one dimension');
  const axis = axisOf(call.inputs.length > 2 ? (call.ints(2, 'axis')[0] as number) : 0, input.shape.length + 1);
  const indices = call.ints(1, 'indices');
  const { form, value } = call.builder.formAtHand(input);
  const attributes = { axis: axisIn(form, input, axis), indices };
  const made = call.emit('Gather', wanted.length === 0 ? 'picked' : '', [value], attributes);
  const picked = inForm(input.shape.with(axis - 1, indices.length), form, made);
  return wanted.length === 0 ? reshaped(call, picked, input.shape.toSpliced(axis - 1, 1)) : picked;
};

/** Over rows and columns of a map it is a global pool. */
const reduced =
  (op: OperatorName, pool?: OperatorName): NodeImporter =>
  (call) => {
    const input = call.activation(0);
    const rank = input.shape.length + 1;
    const axes = call.ints(1, 'axes').map((axis) => axisOf(axis, rank));
    const keep = call.attributes.flag('keep_dims');
    const behind = input.shape.flatMap((dim, i) => (axes.includes(i + 1) ? (keep ? [1] : []) : [dim]));
    const kept = input.shape.map((dim, i) => (axes.includes(i + 1) ? 1 : dim));
    const { form, value } = call.builder.formAtHand(input);
    const places = axes.map((axis) => axisIn(form, input, axis)).toSorted((a, b) => a - b);
    const part = keep ? '' : 'kept';
    const made: ValueId =
      pool !== undefined && isMap(input) && places.join() === '2,3'
        ? call.emit(pool, part, [value])
        : call.emit(op, part, [value], { axes: places, keepdims: 1 });
    return reshaped(call, inForm(kept, form, made), behind);
  };

/** Operators that move elements, and those that work along whole axes. */
export const layoutImporters: Readonly<Record<string, NodeImporter>> = {
  ConcatV2: concat,
  ExpandDims: expandDims,
  GatherV2: gather,
  Max: reduced('ReduceMax', 'GlobalMaxPool'),
  Mean: reduced('ReduceMean', 'GlobalAveragePool'),
  MirrorPad: pad(mirrored),
  Pad: pad(() => 'constant'),
  PadV2: pad(() => 'constant'),
  Reshape: reshape,
  Slice: cutting(sliceCuts),
  Split: split,
  SplitV: splitV,
  Squeeze: squeeze,
  StridedSlice: cutting(stridedCuts),
  Sum: reduced('ReduceSum'),
  Transpose: transpose,
};
