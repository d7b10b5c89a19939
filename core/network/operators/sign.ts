import { unary } from './elementwise.js';

export const sign = unary({ rises: true, rectifies: () => false, at: () => Math.sign });
