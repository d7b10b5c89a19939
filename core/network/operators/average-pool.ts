import { invalidNode, numberOf, pairOf } from './attribute.js';
import { pool } from './pool.js';

const pools = pool({
  extra: (node) => ({ count_include_pad: numberOf(node, 'count_include_pad') }),
  start: 0,
  combine: (sum, x) => sum + x,
  finish: (node, sum, window) => sum / (numberOf(node, 'count_include_pad') === 1 ? window.padded : window.count),
  rectifies: () => false,
});

/** The mean of each window: over its pixels, or over its places in the padded input (`count_include_pad`). No dilations. */
export const averagePool: typeof pools = {
  ...pools,
  infer(node, inputs) {
    if (pairOf(node, 'dilations').some((dilation) => dilation !== 1)) {
      throw invalidNode(node, 'dilated average pooling is not supported');
    }
    return pools.infer(node, inputs);
  },
};
