import { unary } from './elementwise.js';

export const tanh = unary({
  rises: true,
  rectifies: () => false,
  derivative: ({ write, y }) => write.subtract(write.number(1), write.multiply(y, y)),
  at: () => Math.tanh,
});
