import { unary } from './elementwise.js';

export const tanh = unary({ rectifies: () => false, at: () => Math.tanh });
