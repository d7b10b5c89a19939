import { binary } from './broadcast.js';
import { negated, sumRange } from './range.js';

/** a − b. */
export const sub = binary({
  withConstant: 'bias',
  withActivation: 'join',
  arithmetic: 'difference',
  range: (a, b) => sumRange(a, negated(b)),
  adjoint: [({ cotangent }) => cotangent, ({ write, cotangent }) => write.of('Neg', cotangent)],
  apply: (a, b) => a - b,
});
