import { unary } from './elementwise.js';

export const sqrt = unary({ rectifies: () => true, at: () => Math.sqrt });
