import { unary } from './elementwise.js';

/** The natural logarithm. */
export const log = unary({ rises: true, rectifies: () => false, keepsSign: () => false, at: () => Math.log });
