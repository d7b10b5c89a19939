import { unary } from './elementwise.js';

export const sqrt = unary({
  rises: true,
  arithmetic: 'power',
  rectifies: () => true,
  derivative: ({ write, y }) => write.divide(write.number(0.5), y),
  at: () => Math.sqrt,
});
