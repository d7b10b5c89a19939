import { binary } from './broadcast.js';

/** The smaller of two; NaN wins. */
export const min = binary({ withConstant: 'activation', withActivation: 'other', apply: Math.min });
