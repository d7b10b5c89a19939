import { binary } from './broadcast.js';
import { share } from './slopes.js';
import { minRange } from './range.js';

/** The smaller of two; NaN wins. */
export const min = binary({
  withConstant: 'activation',
  withActivation: 'choice',
  arithmetic: 'power',
  range: minRange,
  // As torch.maximum and torch.minimum: equal operands take half each.
  adjoint: [
    ({ write, cotangent, a, b }) => write.multiply(cotangent, share(write, [b, a])),
    ({ write, cotangent, a, b }) => write.multiply(cotangent, share(write, [a, b])),
  ],
  apply: Math.min,
});
