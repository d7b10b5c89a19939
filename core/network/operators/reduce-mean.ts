import type { Operator } from './operator.js';
import { reduction } from './reduce.js';

/** The mean over `axes`. Over rows and columns it is a global average pool. */
export const reduceMean: Operator = {
  ...reduction({
    start: 0,
    combine: (sum, x) => sum + x,
    finish: (sum, count) => sum / count,
    adjoint({ write, x, cotangent, axes }) {
      const count = axes.reduce((product, axis) => product * (x.shape[axis] as number), 1);
      return write.spread(write.scaled(cotangent, 1 / count), x.shape);
    },
    axesInput: 18,
  }),
  passesSums: () => true,
};
