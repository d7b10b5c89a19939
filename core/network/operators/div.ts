import { binary } from './broadcast.js';
import { quotientRange } from './range.js';

/** a / b. */
export const div = binary({
  withConstant: 'scale',
  withActivation: 'product',
  arithmetic: 'quotient',
  range: quotientRange,
  apply: (a, b) => a / b,
});
