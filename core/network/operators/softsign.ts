import { unary } from './elementwise.js';

/** x / (1 + |x|). */
export const softsign = unary({ rectifies: () => false, at: () => (x) => x / (1 + Math.abs(x)) });
