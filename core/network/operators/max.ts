import { binary } from './broadcast.js';
import { share } from './slopes.js';
import { maxRange } from './range.js';

/** The larger of two; NaN wins. */
export const max = binary({
  withConstant: 'activation',
  withActivation: 'choice',
  arithmetic: 'power',
  range: maxRange,
  // As torch.maximum and torch.minimum: equal operands take half each.
  adjoint: [
    ({ write, cotangent, a, b }) => write.multiply(cotangent, share(write, [a, b])),
    ({ write, cotangent, a, b }) => write.multiply(cotangent, share(write, [b, a])),
  ],
  apply: Math.max,
});
