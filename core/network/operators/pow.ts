import { binary } from './broadcast.js';
import { anything } from './range.js';

/** a to the power of b. With a constant exponent it is an activation function. */
export const pow = binary({
  withConstant: 'activation',
  withActivation: 'choice',
  arithmetic: 'exponent',
  range: ({ low }, exponent) => {
    const even = exponent.low === exponent.high && exponent.low % 2 === 0;
    return even || low >= 0 ? { low: 0, high: Infinity } : anything;
  },
  apply: (a, b) => a ** b,
});
