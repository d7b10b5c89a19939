import { unary } from './elementwise.js';

export const exp = unary({ rises: true, rectifies: () => true, at: () => Math.exp });
