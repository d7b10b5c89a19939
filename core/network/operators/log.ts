import { unary } from './elementwise.js';

/** The natural logarithm. */
export const log = unary({
  rises: true,
  rectifies: () => false,
  keepsSign: () => false,
  derivative: ({ write, x }) => write.of('Reciprocal', x),
  at: () => Math.log,
});
