import { binary } from './broadcast.js';

/** a / b. */
export const div = binary({ withConstant: 'scale', withActivation: 'product', apply: (a, b) => a / b });
