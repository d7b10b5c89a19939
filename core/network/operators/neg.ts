import { unary } from './elementwise.js';
import type { Operator } from './operator.js';
import { anything, negated } from './range.js';

/** −x. */
export const neg: Operator = {
  ...unary({
    rectifies: () => false,
    keepsSign: () => false,
    derivative: ({ write }) => write.number(-1),
    at: () => (x) => -x,
  }),
  passesSums: () => true,
  range: (_, [x = anything]) => negated(x),
};
