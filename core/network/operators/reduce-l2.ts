import { reduction } from './reduce.js';

/** √Σx² over `axes`: the norm of global response normalisation (ConvNeXt v2). */
export const reduceL2 = reduction({
  start: 0,
  combine: (sum, x) => sum + x * x,
  finish: Math.sqrt,
  rectifies: true,
  // As in PyTorch: where all are 0 nothing passes.
  adjoint({ write, x, y, cotangent }) {
    const [one, nothing] = [write.number(1), write.number(0)];
    const above = write.apply('Greater', [y, nothing]);
    const direction = write.choose(above, write.divide(x, write.choose(above, y, one)), nothing);
    return write.multiply(cotangent, direction);
  },
  axesInput: 18,
});
