import { unary } from './elementwise.js';

/** x / (1 + |x|). */
export const softsign = unary({
  rectifies: () => false,
  derivative({ write, x }) {
    const below = write.of('Reciprocal', write.shifted(write.of('Abs', x), 1));
    return write.multiply(below, below);
  },
  at: () => (x) => x / (1 + Math.abs(x)),
});
