import { globalPool } from './pool.js';

/** The mean of each channel's map. */
export const globalAveragePool = globalPool({
  start: 0,
  combine: (sum, x) => sum + x,
  finish: (sum, count) => sum / count,
});
