import { unary } from './elementwise.js';

/** x · max(0, min(1, x/6 + 1/2)). */
export const hardSwish = unary({
  rectifies: () => false,
  // As in PyTorch since 2.8: at −3 the slope is 0, at 3 it is 1.
  derivative({ write, x }) {
    const [one, nothing] = [write.number(1), write.number(0)];
    const within = write.shifted(write.scaled(x, 1 / 3), 0.5);
    const below = write.choose(write.apply('Greater', [x, write.number(-3)]), within, nothing);
    return write.choose(write.apply('Less', [x, write.number(3)]), below, one);
  },
  at: () => (x) => x * Math.max(0, Math.min(1, x / 6 + 0.5)),
});
