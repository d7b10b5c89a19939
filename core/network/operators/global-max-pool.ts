import { globalPool } from './pool.js';

/** The largest pixel of each channel's map. */
export const globalMaxPool = globalPool({ start: -Infinity, combine: Math.max, finish: (largest) => largest });
