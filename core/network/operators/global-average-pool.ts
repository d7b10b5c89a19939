import { sizeOf } from '../../tensor.js';
import type { Operator } from './operator.js';
import { globalPool } from './pool.js';
import { cotangentOf, inputAt } from './term.js';

/** The mean of each channel's map. */
export const globalAveragePool: Operator = {
  ...globalPool({
    start: 0,
    combine: (sum, x) => sum + x,
    finish: (sum, count) => sum / count,
    adjoint(passage) {
      const { shape } = inputAt(passage, 0);
      const share = passage.write.scaled(cotangentOf(passage), 1 / sizeOf(shape.slice(2)));
      return [passage.write.spread(share, shape)];
    },
  }),
  passesSums: () => true,
};
