import * as tf from '@tensorflow/tfjs-core';
import { inOrder, placeOf, shaped, shapeOf, spread, type Laid } from './laid.js';

/*
 * What one image gives may not depend on the images beside it, nor on its place among them. TensorFlow's native library
 * does not promise that: the end of a buffer that fills no vector register is computed by other code, which rounds
 * exponentials otherwise; sums are split by where rows lie; a matrix product picks its code by the number of rows. The
 * following are exact or take the same way for every row; docs/decisions/0031 tells what was found.
 */

/** Floats in the widest vector register. */
const LANES = 16;

/** A function of each element by itself, on a buffer that fills whole vector registers. */
export function elementwise(x: tf.Tensor, f: (x: tf.Tensor) => tf.Tensor): tf.Tensor {
  const over = x.size % LANES;
  if (over === 0) return f(x);
  const whole = tf.pad(tf.reshape(x, [-1]), [[0, LANES - over]]);
  return shaped(tf.slice(f(whole), 0, x.size), x.shape);
}

/** As `elementwise`, of two; both are brought to their common shape. */
export function elementwisePair(a: tf.Tensor, b: tf.Tensor, f: (a: tf.Tensor, b: tf.Tensor) => tf.Tensor): tf.Tensor {
  const [wideA, wideB] = spread([a, b]) as [tf.Tensor, tf.Tensor];
  const over = wideA.size % LANES;
  if (over === 0) return f(wideA, wideB);
  const whole = (x: tf.Tensor): tf.Tensor => tf.pad(tf.reshape(x, [-1]), [[0, LANES - over]], 1);
  return shaped(tf.slice(f(whole(wideA), whole(wideB)), 0, wideA.size), wideA.shape);
}

/**
 * Sums along axes, which stay with extent 1. Halves are added until one element is left: the same additions for every row,
 * and an error that grows with the logarithm of the length.
 */
export function sumOver(x: Laid, axes: readonly number[]): Laid {
  const shape = shapeOf(x);
  const kept = x.order.map((axis) => (axes.includes(axis) ? 1 : (shape[axis] as number)));
  if (x.tensor.size === 0) return { tensor: tf.zeros(kept), order: x.order };
  const [outer, length, inner] = block(x, axes) ?? [undefined, 1, 1];
  if (outer === undefined) {
    const others = x.order.filter((axis) => !axes.includes(axis));
    const order = [...others, ...axes];
    return { tensor: shaped(sumOver({ tensor: inOrder(x, order), order }, axes).tensor, kept), order: x.order };
  }
  const whole = 2 ** Math.ceil(Math.log2(length));
  let sums = shaped(x.tensor, [outer, length, inner]);
  const behind: [number, number] = [0, whole - length];
  if (whole > length) sums = tf.pad(sums, [[0, 0], behind, [0, 0]]);
  for (let half = whole / 2; half >= 1; half /= 2) {
    const [low, high] = tf.split(sums, 2, 1) as [tf.Tensor, tf.Tensor];
    sums = tf.add(low, high);
    low.dispose();
    high.dispose();
  }
  return { tensor: shaped(sums, kept), order: x.order };
}

/** [elements before, along, behind] the axes, if these lie side by side in memory. */
function block(x: Laid, axes: readonly number[]): readonly [number, number, number] | undefined {
  const places = axes.map((axis) => placeOf(x, axis)).sort((a, b) => a - b);
  const [first, last] = [places[0] ?? 0, places.at(-1) ?? -1];
  if (last - first + 1 !== places.length) return undefined;
  const size = (from: number, to: number): number => x.tensor.shape.slice(from, to).reduce((a, b) => a * b, 1);
  return [size(0, first), size(first, last + 1), size(last + 1, x.tensor.rank)];
}

/** [rows, inner] · [1, 1, inner, columns]: a dense layer, as a convolution of one pixel. */
export function dense(x: tf.Tensor, weights: tf.Tensor): tf.Tensor {
  const [rows, inner] = x.shape as [number, number];
  const pixels = tf.conv2d(shaped(x, [rows, 1, 1, inner]) as tf.Tensor4D, weights as tf.Tensor4D, 1, 'valid');
  return shaped(pixels, [rows, weights.shape[3] as number]);
}
