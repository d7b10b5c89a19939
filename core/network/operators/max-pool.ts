import { pairOf } from './attribute.js';
import { pool } from './pool.js';

/** The largest pixel of each window; dilations allowed. */
export const maxPool = pool({
  extra: (node) => ({ dilations: pairOf(node, 'dilations') }),
  start: -Infinity,
  combine: Math.max,
  finish: (_, largest) => largest,
  rectifies: () => false,
});
