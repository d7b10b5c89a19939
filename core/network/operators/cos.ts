import { unary } from './elementwise.js';

export const cos = unary({
  within: { low: -1, high: 1 },
  rectifies: () => false,
  keepsSign: () => false,
  derivative: ({ write, x }) => write.of('Neg', write.of('Sin', x)),
  at: () => Math.cos,
});
