import * as tf from '@tensorflow/tfjs-core';
import { axisOf, listOf } from '../../network/operators/attribute.js';
import type { Kernel } from './kernel.js';
import { placeOf, reshaped, shapeOf, type Laid } from './laid.js';
import { sumOver } from './row-arithmetic.js';

/** One number for all elements along `axes`; `reduce` leaves those with extent 1. */
const reduction =
  (reduce: (x: Laid, axes: readonly number[], count: number) => tf.Tensor): Kernel =>
  (at) => {
    const x = at.operand(0);
    return (inputs) => {
      const value = x(inputs);
      const shape = shapeOf(value);
      const axes = [...new Set(listOf(at.node, 'axes').map((axis) => axisOf(at.node, axis, shape.length)))];
      const count = axes.reduce((product, axis) => product * (shape[axis] as number), 1);
      const kept = { tensor: reduce(value, axes, count), order: value.order };
      return [reshaped(kept, at.outputShapes(inputs)[0] as readonly number[])];
    };
  };

export const reduceSum = reduction((x, axes) => sumOver(x, axes).tensor);
export const reduceMean = reduction((x, axes, count) => tf.div(sumOver(x, axes).tensor, count));
export const reduceL2 = reduction(({ tensor, order }, axes) =>
  tf.sqrt(sumOver({ tensor: tf.mul(tensor, tensor), order }, axes).tensor),
);
/** The largest of no axes is each element itself, that of no elements −∞. */
function ofNothing(x: Laid, axes: readonly number[]): tf.Tensor {
  if (axes.length === 0) return x.tensor;
  return tf.fill(
    x.order.map((axis) => (axes.includes(axis) ? 1 : (shapeOf(x)[axis] as number))),
    -Infinity,
  );
}

export const reduceMax = reduction((x, axes, count) =>
  axes.length === 0 || count === 0
    ? ofNothing(x, axes)
    : tf.max(
        x.tensor,
        axes.map((axis) => placeOf(x, axis)),
        true,
      ),
);
