import { numberOf } from './attribute.js';
import { unary } from './elementwise.js';
import { exponentialBelow } from './slopes.js';

/** x for x ≥ 0, alpha·(exp(x) − 1) below. */
export const elu = unary({
  attributes: ['alpha'],
  rectifies: () => false,
  derivative: ({ node, write, x }) => exponentialBelow(write, x, 1, Math.fround(numberOf(node, 'alpha'))),
  at(node) {
    const alpha = Math.fround(numberOf(node, 'alpha'));
    return (x) => (x < 0 ? alpha * Math.expm1(x) : x);
  },
});
