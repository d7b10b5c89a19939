import { binary } from './broadcast.js';

/** a / b. */
export const div = binary({ withConstant: 'scale', withActivation: 'other', apply: (a, b) => a / b });
