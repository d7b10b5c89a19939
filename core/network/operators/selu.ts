import { numberOf } from './attribute.js';
import { unary } from './elementwise.js';
import { exponentialBelow } from './slopes.js';

/** gamma·x for x ≥ 0, gamma·alpha·(exp(x) − 1) below. */
export const selu = unary({
  attributes: ['alpha', 'gamma'],
  rectifies: () => false,
  derivative({ node, write, x }) {
    const [alpha, gamma] = [Math.fround(numberOf(node, 'alpha')), Math.fround(numberOf(node, 'gamma'))];
    return exponentialBelow(write, x, gamma, gamma * alpha);
  },
  at(node) {
    const [alpha, gamma] = [Math.fround(numberOf(node, 'alpha')), Math.fround(numberOf(node, 'gamma'))];
    return (x) => gamma * (x < 0 ? alpha * Math.expm1(x) : x);
  },
});
