import { numberOf } from './attribute.js';
import { unary } from './elementwise.js';

/** max(0, min(1, alpha·x + beta)). */
export const hardSigmoid = unary({
  attributes: ['alpha', 'beta'],
  rectifies: () => true,
  at(node) {
    const [alpha, beta] = [Math.fround(numberOf(node, 'alpha')), Math.fround(numberOf(node, 'beta'))];
    return (x) => Math.max(0, Math.min(1, alpha * x + beta));
  },
});
