import { unary } from './elementwise.js';

export const abs = unary({ rectifies: () => true, at: () => Math.abs });
