import { unary } from './elementwise.js';

export const abs = unary({ arithmetic: 'power', rectifies: () => true, at: () => Math.abs });
