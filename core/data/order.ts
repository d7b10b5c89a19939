import { randomStream } from '../random.js';

/**
 * The seeded order of an image set: entry t is the image that stands at place t. Every class is shuffled by a stream of
 * its own, then the classes are interleaved so that every beginning is stratified: among the first t images of N, a
 * class of n has more than t·n/N − 1 and fewer than t·n/N + 1. Depends on the seed and on the labels in the order of the
 * files, not on how many images are used, so that a larger number keeps the earlier ones.
 *
 * The j-th image of a class may stand from place floor((j−1)·N/n) on and must stand before place ceil(j·N/n); the
 * earliest deadline goes first, which meets all of them (Baruah et al., "Proportionate progress", Algorithmica 1996, on
 * one processor). Ties go by a seeded order of the classes, so that no label is favoured.
 */
export function seededOrder(labels: Uint16Array, seed: number): Uint32Array {
  const total = labels.length;
  const members = new Map<number, number[]>();
  labels.forEach((label, index) => {
    const known = members.get(label);
    if (known) known.push(index);
    else members.set(label, [index]);
  });
  const ascending = [...members.keys()].sort((a, b) => a - b);
  const classes = randomStream(seed, 'image-order', 'classes')
    .shuffled(ascending)
    .map((label) => {
      const indices = members.get(label) as number[];
      return {
        indices: randomStream(seed, 'image-order', label).shuffled(indices),
        size: indices.length,
        taken: 0,
        release: 0,
        deadline: Math.ceil(total / indices.length),
      };
    });
  const order = new Uint32Array(total);
  for (let place = 0; place < total; place++) {
    let next = classes[0];
    let earliest = Infinity;
    for (const candidate of classes) {
      if (candidate.taken < candidate.size && candidate.release <= place && candidate.deadline < earliest) {
        [next, earliest] = [candidate, candidate.deadline];
      }
    }
    if (!next) break;
    order[place] = next.indices[next.taken] as number;
    next.taken += 1;
    next.release = Math.floor((next.taken * total) / next.size);
    next.deadline = Math.ceil(((next.taken + 1) * total) / next.size);
  }
  return order;
}
