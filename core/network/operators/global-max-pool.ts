import { sizeOf } from '../../tensor.js';
import { largestFloat32 } from './clip.js';
import { globalPool } from './pool.js';
import { cotangentOf, inputAt, type Term } from './term.js';

/** The largest pixel of each channel's map. */
export const globalMaxPool = globalPool({
  start: -Infinity,
  combine: Math.max,
  finish: (largest) => largest,
  // As pools with windows: of equal pixels the first has it all.
  adjoint(passage) {
    const { write, outputs } = passage;
    const x = inputAt(passage, 0);
    const space = x.shape.slice(2);
    const backwards = write.constant(
      [1, 1, ...space],
      Array.from({ length: sizeOf(space) }, (_, place) => -place),
    );
    const alike = write.apply('Equal', [x, outputs[0] as Term]);
    const places = write.choose(alike, backwards, write.number(-largestFloat32));
    const first = write.of('ReduceMax', places, { axes: space.map((_, axis) => axis + 2), keepdims: 1 });
    return [write.multiply(cotangentOf(passage), write.alike(places, first))];
  },
});
