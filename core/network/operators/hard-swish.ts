import { unary } from './elementwise.js';

/** x · max(0, min(1, x/6 + 1/2)). */
export const hardSwish = unary({
  rectifies: () => false,
  at: () => (x) => x * Math.max(0, Math.min(1, x / 6 + 0.5)),
});
