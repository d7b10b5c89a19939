import { unary } from './elementwise.js';

export const ceil = unary({ rises: true, rectifies: () => false, at: () => Math.ceil });
