import { unary } from './elementwise.js';

/** 1 / x. */
export const reciprocal = unary({
  arithmetic: 'reciprocal',
  rectifies: () => false,
  derivative: ({ write, y }) => write.of('Neg', write.multiply(y, y)),
  at: () => (x) => 1 / x,
});
