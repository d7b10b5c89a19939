import { unary } from './elementwise.js';

export const abs = unary({
  arithmetic: 'power',
  rectifies: () => true,
  derivative: ({ write, x }) => write.of('Sign', x),
  at: () => Math.abs,
});
