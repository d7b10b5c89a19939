import { unary } from './elementwise.js';

export const sqrt = unary({ rises: true, arithmetic: 'power', rectifies: () => true, at: () => Math.sqrt });
