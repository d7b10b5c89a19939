import { unary } from './elementwise.js';

/** 1 / (1 + exp(−x)). */
export const sigmoid = unary({ rises: true, rectifies: () => true, at: () => (x) => 1 / (1 + Math.exp(-x)) });
