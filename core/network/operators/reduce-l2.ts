import { reduction } from './reduce.js';

/** √Σx² over `axes`: the norm of global response normalisation (ConvNeXt v2). */
export const reduceL2 = reduction({
  start: 0,
  combine: (sum, x) => sum + x * x,
  finish: Math.sqrt,
  rectifies: true,
  axesInput: 18,
});
