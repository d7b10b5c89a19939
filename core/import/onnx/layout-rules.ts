import { DYNAMIC, type Shape } from '../../network/graph.js';
import { isKnown, openDimension } from '../open-dimension.js';
import { elementsPerImage } from '../../network/operators/layout.js';
import { UnsupportedNode } from '../unsupported.js';
import { gatheredInOrder } from './batch-index.js';
import { integers, largest, numbers, type Rule, type Translation } from './translation.js';

const positive = (axis: number, rank: number): number => (axis < 0 ? axis + rank : axis);

/** A Reshape's target for a shape in which dimensions may be open: a 0 where it is the input's own, else the one −1. */
function targetFor(x: Shape, y: Shape): number[] {
  const open = y.filter((dim) => dim === DYNAMIC).length;
  const target = y.map((dim, axis) => (dim === DYNAMIC && open > 1 && x[axis] === DYNAMIC ? 0 : dim));
  if (target.filter((dim) => dim === DYNAMIC).length > 1)
    throw new UnsupportedNode('more than one open dimension moves');
  return target;
}

const reshape: Rule = (t) => {
  const x = t.shape(0);
  const given = integers(t, 'shape', 1);
  if (given === undefined) throw new UnsupportedNode('it has no target shape');
  if (t.attributes.flag('allowzero', 0) === 1 && given.includes(0n))
    throw new UnsupportedNode('allowzero is not supported');
  const open = given.filter((dim) => dim === -1n || !isKnown(dim)).length;
  const target = given.map((dim, axis) => {
    if (isKnown(dim)) return Number(dim);
    return dim === openDimension && open > 1 && x[axis] === DYNAMIC ? 0 : DYNAMIC;
  });
  if (target.filter((dim) => dim === DYNAMIC).length > 1)
    throw new UnsupportedNode('its target has more than one open dimension');
  if (t.freedBatch !== undefined && x[0] === DYNAMIC && target[0] === t.freedBatch) {
    if (target.includes(DYNAMIC)) target[0] = 0;
    else if (elementsPerImage(x.slice(1)) === elementsPerImage(target.slice(1))) target[0] = DYNAMIC;
  }
  t.add('Reshape', t.inputs.slice(0, 1), { shape: target });
};

const unsqueeze: Rule = (t) => {
  const x = t.shape(0);
  const axes = numbers(t, 'axes', 1) ?? [];
  const rank = x.length + axes.length;
  const added = new Set(axes.map((axis) => positive(axis, rank)));
  if (added.size !== axes.length || [...added].some((axis) => axis < 0 || axis >= rank))
    throw new UnsupportedNode(`axes ${axes.join(', ')} in ${rank} dimensions`);
  const rest = [...x];
  const y = Array.from({ length: rank }, (_, axis) => (added.has(axis) ? 1 : (rest.shift() as number)));
  t.add('Reshape', t.inputs.slice(0, 1), { shape: targetFor(x, y) });
};

const squeeze: Rule = (t) => {
  const x = t.shape(0);
  const axes = numbers(t, 'axes', 1)?.map((axis) => positive(axis, x.length));
  if (axes === undefined && x.includes(DYNAMIC)) throw new UnsupportedNode('it names no axes, and a dimension is open');
  if (axes?.some((axis) => !(axis >= 0 && axis < x.length)) === true)
    throw new UnsupportedNode(`axes ${axes.join(', ')} in ${x.length} dimensions`);
  const gone = new Set(axes ?? x.flatMap((dim, axis) => (dim === 1 ? [axis] : [])));
  t.add('Reshape', t.inputs.slice(0, 1), {
    shape: targetFor(
      x,
      x.filter((_, axis) => !gone.has(axis)),
    ),
  });
};

/** Whoever takes some of the images by number means the batch that the file fixes: it can't be left open then. */
function keepBatch(t: Translation, x: Shape): void {
  if (t.freedBatch !== undefined && x[0] === DYNAMIC) throw new UnsupportedNode('it takes a part of the images');
}

const slice: Rule = (t) => {
  const x = t.shape(0);
  const starts = numbers(t, 'starts', 1) ?? [];
  const axes = (numbers(t, 'axes', 3) ?? starts.map((_, i) => i)).map((axis) => positive(axis, x.length));
  const ends = (integers(t, 'ends', 2) ?? []).map((end, i) => {
    if (end === openDimension && x[axes[i] as number] === DYNAMIC) return largest;
    if (!isKnown(end)) throw new UnsupportedNode('its ends depend on an open dimension');
    return Math.min(Math.max(Number(end), -largest), largest);
  });
  const steps = numbers(t, 'steps', 4) ?? starts.map(() => 1);
  const first = axes.indexOf(0);
  if (first >= 0 && !(starts[first] === 0 && ends[first] === largest && steps[first] === 1)) keepBatch(t, x);
  t.add('Slice', t.inputs.slice(0, 1), { starts, ends, axes, steps });
};

const split: Rule = (t) => {
  const x = t.shape(0);
  const axis = positive(t.attributes.int('axis', 0), x.length);
  const extent = x[axis];
  const parts = t.attributes.int('num_outputs', t.outputs.length);
  if (parts !== t.outputs.length) {
    throw new UnsupportedNode(`it says that it has ${parts} outputs, and has ${t.outputs.length}`);
  }
  const given = numbers(t, 'split', 1);
  if (given === undefined && (extent === undefined || extent === DYNAMIC))
    throw new UnsupportedNode('it splits an open dimension');
  const part = Math.ceil((extent ?? 0) / t.outputs.length);
  const sizes = given ?? t.outputs.map((_, i) => Math.min(part, (extent as number) - i * part));
  const outputs = t.outputs.map((output, i) => (output === '' ? t.intermediate(`part${i}`) : output));
  t.add('Split', t.inputs.slice(0, 1), { axis, split: sizes }, outputs);
};

const transpose: Rule = (t) => {
  const rank = t.shape(0).length;
  const perm = t.attributes.ints('perm', undefined) ?? Array.from({ length: rank }, (_, i) => rank - 1 - i);
  t.add('Transpose', t.inputs, { perm });
};

const expand: Rule = (t) => {
  const shape = integers(t, 'shape', 1) ?? [];
  if (shape.includes(openDimension) && t.shape(0).every((dim) => dim !== DYNAMIC)) {
    throw new UnsupportedNode('it expands a constant to an open dimension');
  }
  const known = shape.map((dim) => {
    if (dim === openDimension) return 1;
    if (!isKnown(dim)) throw new UnsupportedNode('its shape depends on an open dimension');
    if (dim < 0n) throw new UnsupportedNode(`its shape has an axis of ${dim}`);
    return Number(dim);
  });
  t.add('Expand', t.inputs.slice(0, 1), { shape: known });
};

/** Softmax before opset 13 flattens to a matrix at its axis; since then it works along one axis. */
const lines =
  (op: 'Softmax' | 'LogSoftmax'): Rule =>
  (t) => {
    const x = t.shape(0);
    if (t.opset >= 13) {
      t.add(op, t.inputs, { axis: positive(t.attributes.int('axis', -1), x.length) });
      return;
    }
    const axis = positive(t.attributes.int('axis', 1), x.length);
    if (x.slice(axis + 1).every((dim) => dim === 1)) {
      t.add(op, t.inputs, { axis });
      return;
    }
    if (x.slice(axis).includes(DYNAMIC)) throw new UnsupportedNode('it flattens open dimensions');
    const [flat, done] = [t.intermediate('flat'), t.intermediate('lines')];
    t.add('Flatten', t.inputs, { axis }, [flat]);
    t.add(op, [flat], { axis: 1 }, [done]);
    t.add('Reshape', [done], { shape: targetFor([DYNAMIC], x) });
  };

/** One number as index drops the axis. */
const gather: Rule = (t) => {
  const [x, wanted] = [t.shape(0), t.constant(1)];
  const index = t.batchIndex(1);
  if (index !== undefined) return gatheredInOrder(t, index);
  if (wanted === undefined) throw new UnsupportedNode('its indices must be constant');
  if (wanted.dtype !== 'int64') throw new UnsupportedNode('its indices are no whole numbers');
  if (wanted.shape.length > 1) throw new UnsupportedNode('indices in more than one dimension');
  const axis = positive(t.attributes.int('axis', 0), x.length);
  const size = x[axis] as number;
  if (axis === 0) keepBatch(t, x);
  const indices = Array.from(wanted.data as ArrayLike<number | bigint>, Number).map((at) => {
    if (at < 0 && size === DYNAMIC) throw new UnsupportedNode('it counts from the end of an open dimension');
    return at < 0 ? at + size : at;
  });
  if (wanted.shape.length === 1) return t.add('Gather', t.inputs.slice(0, 1), { axis, indices });
  const picked = t.intermediate('picked');
  t.add('Gather', t.inputs.slice(0, 1), { axis, indices }, [picked]);
  const kept = x.map((dim, at) => (at === axis ? 1 : dim));
  const left = x.filter((_, at) => at !== axis);
  t.add('Reshape', [picked], { shape: targetFor(kept, left) });
};

const flatten: Rule = (t) => t.add('Flatten', t.inputs, { axis: t.attributes.int('axis', 1) });

const concat: Rule = (t) => {
  const axis = positive(t.attributes.int('axis', 1), t.shape(0).length);
  t.add('Concat', t.inputs, { axis });
};

/** Operators that move elements, and those that work along axes. */
export const layoutRules = {
  Concat: concat,
  Expand: expand,
  Flatten: flatten,
  Gather: gather,
  LogSoftmax: lines('LogSoftmax'),
  Reshape: reshape,
  Slice: slice,
  Softmax: lines('Softmax'),
  Split: split,
  Squeeze: squeeze,
  Transpose: transpose,
  Unsqueeze: unsqueeze,
} satisfies Record<string, Rule>;
