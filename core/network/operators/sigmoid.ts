import { unary } from './elementwise.js';

/** 1 / (1 + exp(−x)). */
export const sigmoid = unary({
  rises: true,
  rectifies: () => true,
  derivative: ({ write, y }) => write.multiply(y, write.subtract(write.number(1), y)),
  at: () => (x) => 1 / (1 + Math.exp(-x)),
});
