import { unary } from './elementwise.js';

export const floor = unary({ rises: true, rectifies: () => false, at: () => Math.floor });
