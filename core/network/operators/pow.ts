import { binary } from './broadcast.js';

/** a to the power of b. With a constant exponent it is an activation function. */
export const pow = binary({ withConstant: 'activation', withActivation: 'other', apply: (a, b) => a ** b });
