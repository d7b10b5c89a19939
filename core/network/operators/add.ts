import { binary } from './broadcast.js';
import { sumRange } from './range.js';

/** a + b. */
export const add = binary({
  withConstant: 'bias',
  withActivation: 'join',
  arithmetic: 'sum',
  range: sumRange,
  adjoint: [({ cotangent }) => cotangent, ({ cotangent }) => cotangent],
  apply: (a, b) => a + b,
});
