import { numberOf } from './attribute.js';
import { unary } from './elementwise.js';

/** x for x ≥ 0, alpha·x below. */
export const leakyRelu = unary({
  attributes: ['alpha'],
  rectifies: (node) => numberOf(node, 'alpha') <= 0,
  at(node) {
    const alpha = Math.fround(numberOf(node, 'alpha'));
    return (x) => (x < 0 ? alpha * x : x);
  },
});
