import { lineNormaliser } from './softmax.js';

/** x − log Σ exp(x) along one axis. */
export const logSoftmax = lineNormaliser(
  (x, largest, sum) => x - largest - Math.log(sum),
  false,
  (write, y, cotangent, sum) => write.subtract(cotangent, write.multiply(sum(cotangent), write.of('Exp', y))),
);
