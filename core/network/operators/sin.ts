import { unary } from './elementwise.js';

export const sin = unary({
  within: { low: -1, high: 1 },
  rectifies: () => false,
  keepsSign: () => false,
  derivative: ({ write, x }) => write.of('Cos', x),
  at: () => Math.sin,
});
