import { unary } from './elementwise.js';

/** 1 / x. */
export const reciprocal = unary({ rectifies: () => false, at: () => (x) => 1 / x });
