import { binary } from './broadcast.js';
import { minRange } from './range.js';

/** The smaller of two; NaN wins. */
export const min = binary({
  withConstant: 'activation',
  withActivation: 'choice',
  arithmetic: 'power',
  range: minRange,
  apply: Math.min,
});
