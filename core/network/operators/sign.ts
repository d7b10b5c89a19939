import { unary } from './elementwise.js';

export const sign = unary({
  rises: true,
  rectifies: () => false,
  derivative: { nothing: 'it is flat on either side of 0' },
  at: () => Math.sign,
});
