import { numberOf } from './attribute.js';
import { unary } from './elementwise.js';
import { steps } from './slopes.js';

/** x for x ≥ 0, alpha·x below. */
export const leakyRelu = unary({
  attributes: ['alpha'],
  rectifies: (node) => numberOf(node, 'alpha') <= 0,
  // As in PyTorch: at 0 the slope is that below.
  derivative: ({ node, write, x }) => steps(write, x, [0], [Math.fround(numberOf(node, 'alpha')), 1]),
  at(node) {
    const alpha = Math.fround(numberOf(node, 'alpha'));
    return (x) => (x < 0 ? alpha * x : x);
  },
});
