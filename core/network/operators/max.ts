import { binary } from './broadcast.js';
import { maxRange } from './range.js';

/** The larger of two; NaN wins. */
export const max = binary({
  withConstant: 'activation',
  withActivation: 'choice',
  arithmetic: 'power',
  range: maxRange,
  apply: Math.max,
});
