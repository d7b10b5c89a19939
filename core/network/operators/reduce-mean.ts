import { reduction } from './reduce.js';

/** The mean over `axes`. Over rows and columns it is a global average pool. */
export const reduceMean = reduction({
  start: 0,
  combine: (sum, x) => sum + x,
  finish: (sum, count) => sum / count,
  axesInput: 18,
});
