import { unary } from './elementwise.js';

export const exp = unary({ rectifies: () => true, at: () => Math.exp });
