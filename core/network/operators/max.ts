import { binary } from './broadcast.js';

/** The larger of two; NaN wins. */
export const max = binary({ withConstant: 'activation', withActivation: 'other', apply: Math.max });
