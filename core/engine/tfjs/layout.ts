import * as tf from '@tensorflow/tfjs-core';
import { axisOf, listOf, numberOf } from '../../network/operators/attribute.js';
import { foldOf, padsOf } from '../../network/operators/pad.js';
import { cutsOf, type Cut } from '../../network/operators/slice.js';
import type { Kernel, Lowering } from './kernel.js';
import { aligned, placeOf, raised, reshaped, shapeOf, spreadTo, type Laid } from './laid.js';

/** Reshape and Flatten. */
export const reshape: Kernel = (at) => {
  const x = at.operand(0);
  return (inputs) => [reshaped(x(inputs), at.outputShapes(inputs)[0] as readonly number[])];
};

/** Only the order changes; whoever needs another one moves the elements. */
export const transpose: Kernel = (at) => {
  const x = at.operand(0);
  return (inputs) => {
    const { tensor, order } = x(inputs);
    const permutation = listOf(at.node, 'perm').map((axis) => axisOf(at.node, axis, order.length));
    return [{ tensor, order: order.map((axis) => permutation.indexOf(axis)) }];
  };
};

export const expand: Kernel = (at) => {
  const x = at.operand(0);
  return (inputs) => {
    const shape = at.outputShapes(inputs)[0] as readonly number[];
    const { tensor, order } = raised(x(inputs), shape.length);
    const stored = order.map((axis) => shape[axis] as number);
    return [{ tensor: spreadTo(tensor, stored), order }];
  };
};

const axisAt = ({ node }: Lowering, x: Laid): number => axisOf(node, numberOf(node, 'axis'), x.order.length);

export const concat: Kernel = (at) => {
  const parts = at.node.inputs.map((_, index) => at.operand(index));
  return (inputs) => {
    const { tensors, order } = aligned(parts.map((part) => part(inputs)));
    const axis = axisOf(at.node, numberOf(at.node, 'axis'), order.length);
    return [{ tensor: tf.concat([...tensors], order.indexOf(axis)), order }];
  };
};

export const split: Kernel = (at) => {
  const [x, sizes] = [at.operand(0), listOf(at.node, 'split')];
  return (inputs) => {
    const value = x(inputs);
    const parts = tf.split(value.tensor, [...sizes], placeOf(value, axisAt(at, value)));
    return parts.map((tensor) => ({ tensor, order: value.order }));
  };
};

export const gather: Kernel = (at) => {
  const x = at.operand(0);
  const picks = at.keep(() => tf.tensor1d(Int32Array.from(listOf(at.node, 'indices')), 'int32'));
  return (inputs) => {
    const value = x(inputs);
    return [{ tensor: tf.gather(value.tensor, picks, placeOf(value, axisAt(at, value))), order: value.order }];
  };
};

export const slice: Kernel = (at) => {
  const x = at.operand(0);
  return (inputs) => {
    const value = x(inputs);
    const cuts = cutsOf(at.node, shapeOf(value)) as readonly Cut[];
    const stored = value.order.map((axis) => cuts[axis] as Cut);
    return [{ tensor: cut(value.tensor, stored), order: value.order }];
  };
};

/** Stepped axes are gathered, which backends do faster than slicing in steps, and alike where steps are negative. */
function cut(x: tf.Tensor, cuts: readonly Cut[]): tf.Tensor {
  const stepped = cuts.map(({ step }) => step !== 1);
  const begin = cuts.map(({ start }, axis) => (stepped[axis] ? 0 : start));
  const size = cuts.map(({ length }, axis) => (stepped[axis] ? (x.shape[axis] as number) : length));
  if (cuts.some(({ length }) => length === 0)) {
    return tf.zeros(
      cuts.map(({ length }) => length),
      x.dtype,
    );
  }
  const part = size.join() === x.shape.join() ? x : tf.slice(x, begin, size);
  return cuts.reduce((gathered, { start, step, length }, axis) => {
    if (!stepped[axis]) return gathered;
    const picks = Int32Array.from({ length }, (_, i) => start + step * i);
    return tf.gather(gathered, tf.tensor1d(picks, 'int32'), axis);
  }, part);
}

export const pad: Kernel = (at) => {
  const [x, value, mode] = [at.operand(0), numberOf(at.node, 'value'), at.node.attributes['mode']];
  return (inputs) => {
    const { tensor, order } = x(inputs);
    const pads = padsOf(at.node, order.length);
    const stored = order.map((axis) => pads[axis] as readonly [number, number]);
    return [{ tensor: mode === 'constant' ? filled(tensor, stored, value) : folded(at, tensor, stored), order }];
  };
};

/** Negative pads take elements away. */
function filled(x: tf.Tensor, pads: readonly (readonly [number, number])[], value: number): tf.Tensor {
  const cuts = pads.map(([before, after], axis) => {
    const [start, lost] = [Math.max(0, -before), Math.max(0, -after)];
    return { start, step: 1, length: (x.shape[axis] as number) - start - lost };
  });
  const more = pads.map(([before, after]): [number, number] => [Math.max(0, before), Math.max(0, after)]);
  return tf.pad(cut(x, cuts), more, value);
}

/** Elements of the edge, or mirrored at it, axis by axis. */
function folded({ node }: Lowering, x: tf.Tensor, pads: readonly (readonly [number, number])[]): tf.Tensor {
  const fold = foldOf(node);
  return pads.reduce((padded, [before, after], axis) => {
    if (before === 0 && after === 0) return padded;
    const size = x.shape[axis] as number;
    const picks = Int32Array.from({ length: before + size + after }, (_, i) => fold(i - before, size));
    return tf.gather(padded, tf.tensor1d(picks, 'int32'), axis);
  }, x);
}
