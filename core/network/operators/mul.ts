import { binary } from './broadcast.js';
import { productRange } from './range.js';

/** a · b: a scale with a constant, a gate between activations. */
export const mul = binary({
  withConstant: 'scale',
  withActivation: 'product',
  arithmetic: 'product',
  range: (a, b, alike) => (alike ? { low: 0, high: Infinity } : productRange(a, b)),
  adjoint: [
    ({ write, cotangent, b }) => write.multiply(cotangent, b),
    ({ write, cotangent, a }) => write.multiply(cotangent, a),
  ],
  apply: (a, b) => a * b,
});
