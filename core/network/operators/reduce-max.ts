import { reduction } from './reduce.js';

/** The largest along `axes`; NaN stays NaN. */
export const reduceMax = reduction({
  start: -Infinity,
  combine: Math.max,
  finish: (largest) => largest,
  axesInput: 18,
});
