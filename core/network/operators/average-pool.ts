import type { Operation } from '../operation.js';
import { invalidNode, numberOf, padsOf, pairOf } from './attribute.js';
import { pool } from './pool.js';
import { cotangentOf, inputAt, type Term } from './term.js';
import { averagePoolAdjoint } from './window-adjoint.js';

const pools = pool({
  extra: (node) => ({ count_include_pad: numberOf(node, 'count_include_pad') }),
  start: 0,
  combine: (sum, x) => sum + x,
  finish: (node, sum, window) => sum / (numberOf(node, 'count_include_pad') === 1 ? window.padded : window.count),
  rectifies: () => false,
  adjoint(passage) {
    const { write, node, outputs } = passage;
    const [x, y] = [inputAt(passage, 0), outputs[0] as Term];
    return [averagePoolAdjoint(write, node, x, y, cotangentOf(passage), divisors(node, x, y))];
  },
});

/** By how much the sum of each window is divided: what is summed of a map of ones, by its mean. */
function divisors(node: Operation, x: Term, y: Term): number[] {
  const line = (side: 0 | 1): number[][] => {
    const [kernel, stride] = [pairOf(node, 'kernel_shape')[side], pairOf(node, 'strides')[side]];
    const [before, behind] = [padsOf(node)[side], padsOf(node)[side === 0 ? 2 : 3]];
    const size = x.shape[side + 2] as number;
    return Array.from({ length: y.shape[side + 2] as number }, (_, window) => {
      const [from, to] = [window * stride - before, window * stride - before + kernel];
      return [Math.min(to, size) - Math.max(from, 0), Math.min(to, size + behind) - from];
    });
  };
  const which = numberOf(node, 'count_include_pad');
  return line(0).flatMap((rows) => line(1).map((columns) => (rows[which] as number) * (columns[which] as number)));
}

/** The mean of each window: over its pixels, or over its places in the padded input (`count_include_pad`). No dilations. */
export const averagePool: typeof pools = {
  ...pools,
  passesSums: () => true,
  infer(node, inputs) {
    if (pairOf(node, 'dilations').some((dilation) => dilation !== 1)) {
      throw invalidNode(node, 'dilated average pooling is not supported');
    }
    return pools.infer(node, inputs);
  },
};
