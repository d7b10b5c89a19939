import { binary } from './broadcast.js';

/** a + b. */
export const add = binary({ withConstant: 'bias', withActivation: 'join', apply: (a, b) => a + b });
