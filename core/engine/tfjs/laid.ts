import * as tf from '@tensorflow/tfjs-core';
import { broadcastShape } from '../../network/operators/broadcast.js';

/**
 * A tensor and the order in which its axes lie in memory: place p holds axis `order[p]`. Convolutions of TensorFlow.js want
 * channels last, graphs are NCHW; so values stay as their maker left them, and are moved only where somebody needs another
 * order. Transposing is free.
 */
export interface Laid {
  readonly tensor: tf.Tensor;
  readonly order: readonly number[];
}

/** [N, C, H, W] stored as [N, H, W, C]. */
export const channelsLast = [0, 2, 3, 1] as const;

export const naturalOrder = (rank: number): readonly number[] => Array.from({ length: rank }, (_, axis) => axis);

/** A tensor whose axes lie in memory as they are counted. */
export const natural = (tensor: tf.Tensor): Laid => ({ tensor, order: naturalOrder(tensor.rank) });

/** Its dimensions, as the graph counts axes. */
export function shapeOf({ tensor, order }: Laid): readonly number[] {
  const shape = new Array<number>(order.length);
  order.forEach((axis, place) => (shape[axis] = tensor.shape[place] as number));
  return shape;
}

/** Where an axis lies in memory. */
export const placeOf = ({ order }: Laid, axis: number): number => order.indexOf(axis);

/** Axes that have an extent, in the order in which they lie in memory: all that decides where elements are. */
const extended = (shape: readonly number[], order: readonly number[]): readonly number[] =>
  order.filter((axis) => shape[axis] !== 1);

/** The tensor with its axes in another order; moved only if elements really change places. */
export function inOrder(x: Laid, order: readonly number[]): tf.Tensor {
  const shape = shapeOf(x);
  if (extended(shape, x.order).join() !== extended(shape, order).join()) {
    return tf.transpose(
      x.tensor,
      order.map((axis) => placeOf(x, axis)),
    );
  }
  return shaped(
    x.tensor,
    order.map((axis) => shape[axis] as number),
  );
}

/** The tensor as the graph counts its axes. */
export const inNaturalOrder = (x: Laid): tf.Tensor => inOrder(x, naturalOrder(x.order.length));

/** The same memory under other dimensions. */
export function shaped(tensor: tf.Tensor, shape: readonly number[]): tf.Tensor {
  return shape.join() === tensor.shape.join() ? tensor : tf.reshape(tensor, [...shape]);
}

/** With axes of extent 1 put before its own, as broadcasting does. */
export function raised(x: Laid, rank: number): Laid {
  const more = rank - x.order.length;
  if (more === 0) return x;
  return {
    tensor: shaped(x.tensor, [...new Array<number>(more).fill(1), ...x.tensor.shape]),
    order: [...naturalOrder(more), ...x.order.map((axis) => axis + more)],
  };
}

/** Operands of an elementwise operator, of one rank and in one order: that of the largest. */
export function aligned(operands: readonly Laid[]): {
  readonly tensors: readonly tf.Tensor[];
  readonly order: readonly number[];
} {
  const rank = Math.max(...operands.map(({ order }) => order.length));
  const same = operands.map((operand) => raised(operand, rank));
  const { order } = same.reduce((most, other) => (other.tensor.size > most.tensor.size ? other : most));
  return { tensors: same.map((operand) => inOrder(operand, order)), order };
}

/**
 * Repeated along axes of extent 1. WASM repeats a fiftieth as fast as it multiplies by ones, which changes no number either.
 */
export function spreadTo(tensor: tf.Tensor, shape: readonly number[]): tf.Tensor {
  if (tensor.shape.join() === shape.join()) return tensor;
  if (tf.getBackend() !== 'wasm') return tf.broadcastTo(tensor, [...shape]);
  const spread = tf.mul(tf.cast(tensor, 'float32'), tf.fill([...shape], 1));
  return tf.cast(spread, tensor.dtype);
}

/** Tensors in one order, all of the shape that they broadcast to. @throws RangeError if there is none. */
export function spread(tensors: readonly tf.Tensor[]): readonly tf.Tensor[] {
  const shape = broadcastShape(tensors.map((tensor) => tensor.shape));
  if (shape === undefined) throw new RangeError('shapes do not broadcast');
  return tensors.map((tensor) => spreadTo(tensor, shape));
}

/**
 * The same elements, row-major, under another shape. Nothing is moved where axes that are joined or parted lie side by side
 * in memory, as when [conditions, images] becomes rows while the channels are stored last.
 */
export function reshaped(x: Laid, shape: readonly number[]): Laid {
  const parts = x.tensor.size === 0 ? undefined : joints(shapeOf(x), shape);
  const order = parts && orderAfter(x, parts);
  if (!order) return natural(shaped(inNaturalOrder(x), shape));
  return {
    tensor: shaped(
      x.tensor,
      order.map((axis) => shape[axis] as number),
    ),
    order,
  };
}

interface Joint {
  readonly before: readonly number[];
  readonly after: readonly number[];
}

/** The finest division of both shapes into runs of axes that hold the same elements. */
function joints(from: readonly number[], to: readonly number[]): readonly Joint[] {
  const found: Joint[] = [];
  let [i, j] = [0, 0];
  while (i < from.length || j < to.length) {
    const [before, after]: [number[], number[]] = [[], []];
    let [left, right] = [1, 1];
    do {
      if (left <= right && i < from.length) {
        left *= from[i] as number;
        before.push(i++);
      } else if (j < to.length) {
        right *= to[j] as number;
        after.push(j++);
      } else {
        left *= from[i] as number;
        before.push(i++);
      }
    } while (left !== right && (i < from.length || j < to.length));
    found.push({ before, after });
  }
  return found;
}

/** The order of the new axes if each run of old ones lies in memory as it is counted, and in one piece. */
function orderAfter(x: Laid, parts: readonly Joint[]): readonly number[] | undefined {
  const shape = shapeOf(x);
  const stored = extended(shape, x.order);
  const placed: { readonly at: number; readonly after: readonly number[] }[] = [];
  for (const { before, after } of parts) {
    const wide = before.filter((axis) => shape[axis] !== 1);
    const at = wide.length === 0 ? -1 : stored.indexOf(wide[0] as number);
    if (wide.some((axis, i) => stored[at + i] !== axis)) return undefined;
    placed.push({ at, after });
  }
  // Runs of extent 1 hold no elements; a stable sort leaves them in front.
  return placed.sort((a, b) => a.at - b.at).flatMap(({ after }) => after);
}
