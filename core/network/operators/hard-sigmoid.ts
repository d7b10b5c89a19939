import { numberOf } from './attribute.js';
import { unary } from './elementwise.js';

/** max(0, min(1, alpha·x + beta)). */
export const hardSigmoid = unary({
  attributes: ['alpha', 'beta'],
  rectifies: () => true,
  // As in PyTorch: where it bends nothing passes.
  derivative({ node, write, y }) {
    const inside = write.multiply(write.above(y, write.number(0)), write.above(write.number(1), y));
    return write.scaled(inside, Math.fround(numberOf(node, 'alpha')));
  },
  at(node) {
    const [alpha, beta] = [Math.fround(numberOf(node, 'alpha')), Math.fround(numberOf(node, 'beta'))];
    return (x) => Math.max(0, Math.min(1, alpha * x + beta));
  },
});
