import { unary } from './elementwise.js';

export const tanh = unary({ rises: true, rectifies: () => false, at: () => Math.tanh });
