import { unary } from './elementwise.js';

export const floor = unary({
  rises: true,
  rectifies: () => false,
  derivative: { nothing: 'it is flat between its steps' },
  at: () => Math.floor,
});
