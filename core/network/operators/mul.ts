import { binary } from './broadcast.js';

/** a · b: a scale with a constant, a gate between activations. */
export const mul = binary({ withConstant: 'scale', withActivation: 'product', apply: (a, b) => a * b });
