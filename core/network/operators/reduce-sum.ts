import type { Operator } from './operator.js';
import { reduction } from './reduce.js';

/** The sum over `axes`. */
export const reduceSum: Operator = {
  ...reduction({
    start: 0,
    combine: (sum, x) => sum + x,
    finish: (sum) => sum,
    adjoint: ({ write, x, cotangent }) => write.spread(cotangent, x.shape),
    axesInput: 13,
  }),
  passesSums: () => true,
};
