import { numberOf } from './attribute.js';
import { unary } from './elementwise.js';

/** x for x ≥ 0, alpha·(exp(x) − 1) below. */
export const elu = unary({
  attributes: ['alpha'],
  rectifies: () => false,
  at(node) {
    const alpha = Math.fround(numberOf(node, 'alpha'));
    return (x) => (x < 0 ? alpha * Math.expm1(x) : x);
  },
});
