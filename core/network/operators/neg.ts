import { unary } from './elementwise.js';

/** −x. */
export const neg = unary({ rectifies: () => false, keepsSign: () => false, at: () => (x) => -x });
