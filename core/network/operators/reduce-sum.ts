import { reduction } from './reduce.js';

/** The sum over `axes`. */
export const reduceSum = reduction({
  start: 0,
  combine: (sum, x) => sum + x,
  finish: (sum) => sum,
  axesInput: 13,
});
