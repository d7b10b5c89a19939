import { unary } from './elementwise.js';

/** 1 / x. */
export const reciprocal = unary({ arithmetic: 'reciprocal', rectifies: () => false, at: () => (x) => 1 / x });
