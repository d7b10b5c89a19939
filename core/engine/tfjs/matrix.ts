import * as tf from '@tensorflow/tfjs-core';
import { numberOf } from '../../network/operators/attribute.js';
import type { Kernel } from './kernel.js';
import { inNaturalOrder, natural, naturalOrder, raised, shaped, shapeOf, spreadTo, type Laid } from './laid.js';
import { dense } from './row-arithmetic.js';

/** [inner, columns] as weights of a convolution of one pixel. */
const asPixel = (matrix: tf.Tensor): tf.Tensor => shaped(matrix, [1, 1, ...matrix.shape]);

export const gemm: Kernel = (at) => {
  const a = at.operand(0);
  const [turnedA, turnedB] = [numberOf(at.node, 'transA') === 1, numberOf(at.node, 'transB') === 1];
  const weights = at.prepared(1, (b) => asPixel(turnedB ? tf.transpose(inNaturalOrder(b)) : inNaturalOrder(b)));
  const bias = at.shapes[2] ? at.prepared(2, inNaturalOrder) : undefined;
  const [alpha, beta] = [numberOf(at.node, 'alpha'), numberOf(at.node, 'beta')];
  const [scale, share] = [at.number(alpha), at.number(beta)];
  return (inputs) => {
    const rows = inNaturalOrder(a(inputs));
    const product = dense(turnedA ? tf.transpose(rows) : rows, weights(inputs));
    const scaled = alpha === 1 ? product : tf.mul(product, scale);
    if (!bias) return [natural(scaled)];
    return [natural(tf.add(scaled, beta === 1 ? bias(inputs) : tf.mul(bias(inputs), share)))];
  };
};

export const matMul: Kernel = (at) => {
  const a = at.operand(0);
  if (at.shapes[1]?.length !== 2) {
    const b = at.operand(1);
    return (inputs) => [stacks(a(inputs), b(inputs))];
  }
  const weights = at.prepared(1, (b) => asPixel(inNaturalOrder(b)));
  return (inputs) => {
    const [left, kernels] = [a(inputs), weights(inputs)];
    const shape = shapeOf(left);
    const inner = shape.at(-1) as number;
    const rows = shaped(inNaturalOrder(left), [left.tensor.size / inner, inner]);
    return [natural(shaped(dense(rows, kernels), [...shape.slice(0, -1), kernels.shape[3] as number]))];
  };
};

/**
 * A product for each of the leading axes. It is left transposed, so that rows of kernels by pixels have their kernels last,
 * as convolutions do. Leading axes are made equal beforehand: the plain backend broadcasts them wrongly.
 */
function stacks(left: Laid, right: Laid): Laid {
  const rank = Math.max(left.order.length, right.order.length);
  const [a, b] = [raised(left, rank), raised(right, rank)].map(inNaturalOrder) as [tf.Tensor, tf.Tensor];
  const outer = a.shape.slice(0, -2).map((dim, axis) => (dim === 1 ? (b.shape[axis] as number) : dim));
  const [wideA, wideB] = [a, b].map((x) => spreadTo(x, [...outer, ...x.shape.slice(-2)])) as [tf.Tensor, tf.Tensor];
  const order = [...naturalOrder(rank - 2), rank - 1, rank - 2];
  return { tensor: tf.matMul(wideB, wideA, true, true), order };
}
