import { pairOf } from './attribute.js';
import { pool } from './pool.js';
import { cotangentOf, inputAt, type Term } from './term.js';
import { maxPoolAdjoint } from './window-adjoint.js';

/** The largest pixel of each window; dilations allowed. */
export const maxPool = pool({
  extra: (node) => ({ dilations: pairOf(node, 'dilations') }),
  start: -Infinity,
  combine: Math.max,
  finish: (_, largest) => largest,
  rectifies: () => false,
  adjoint(passage) {
    const { write, node, outputs } = passage;
    return [maxPoolAdjoint(write, node, inputAt(passage, 0), outputs[0] as Term, cotangentOf(passage))];
  },
});
