import { reduction } from './reduce.js';

/** The largest along `axes`; NaN stays NaN. */
export const reduceMax = reduction({
  start: -Infinity,
  combine: Math.max,
  finish: (largest) => largest,
  // As torch.amax: equal ones have equal shares.
  adjoint({ write, x, y, cotangent, axes }) {
    const largest = write.alike(x, y);
    return write.multiply(cotangent, write.divide(largest, write.sum(largest, axes)));
  },
  axesInput: 18,
});
