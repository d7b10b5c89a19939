import { binary } from './broadcast.js';
import { quotientRange } from './range.js';

/** a / b. */
export const div = binary({
  withConstant: 'scale',
  withActivation: 'product',
  arithmetic: 'quotient',
  range: quotientRange,
  adjoint: [
    ({ write, cotangent, b }) => write.divide(cotangent, b),
    ({ write, cotangent, b, y }) => write.multiply(cotangent, write.of('Neg', write.divide(y, b))),
  ],
  apply: (a, b) => a / b,
});
