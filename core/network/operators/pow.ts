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
  adjoint: [
    ({ write, cotangent, a, b }) =>
      write.multiply(cotangent, write.multiply(b, write.apply('Pow', [a, write.shifted(b, -1)]))),
    ({ write, cotangent, a, y }) => write.multiply(cotangent, write.multiply(y, write.of('Log', a))),
  ],
  apply: (a, b) => a ** b,
});
