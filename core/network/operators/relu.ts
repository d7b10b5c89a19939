import { unary } from './elementwise.js';

/** max(x, 0); NaN stays NaN. */
export const relu = unary({
  rises: true,
  rectifies: () => true,
  derivative: ({ write, y }) => write.above(y, write.number(0)),
  at: () => (x) => (x < 0 ? 0 : x),
});
