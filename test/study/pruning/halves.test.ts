import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { seededOrder } from '../../../core/data/order.js';
import { halvesOf } from '../../../core/study/pruning/halves.js';

const countOf = (labels: readonly number[], places: readonly number[], label: number): number =>
  places.filter((place) => labels[place] === label).length;

describe('halves of the images', () => {
  test('both hold every class of a set in seeded order whose classes are of one size', () => {
    const files = Uint16Array.from({ length: 1000 }, (_, i) => i % 10);
    const labels = [...seededOrder(files, 7)].map((image) => files[image] as number);
    const { choosing, fresh } = halvesOf(labels);
    for (let label = 0; label < 10; label++)
      expect([countOf(labels, choosing, label), countOf(labels, fresh, label)]).toEqual([50, 50]);
  });

  test('hold as many of each class, but for one, and each image once, whatever the labels', () => {
    fc.assert(
      fc.property(fc.array(fc.nat({ max: 6 }), { maxLength: 80 }), (labels) => {
        const { choosing, fresh } = halvesOf(labels);
        expect([...choosing, ...fresh].toSorted((a, b) => a - b)).toEqual([...labels.keys()]);
        for (const label of new Set(labels))
          expect(Math.abs(countOf(labels, choosing, label) - countOf(labels, fresh, label))).toBeLessThanOrEqual(1);
      }),
    );
  });

  test('keep what they have when images are added', () => {
    const all = [3, 1, 1, 2, 3, 2, 1, 0, 3, 0];
    const some = halvesOf(all.slice(0, 6));
    expect(halvesOf(all).choosing.filter((place) => place < 6)).toEqual(some.choosing);
  });

  test('of as many classes as images are of one size', () => {
    const { choosing, fresh } = halvesOf([4, 3, 2, 1]);
    expect([choosing, fresh]).toEqual([
      [0, 2],
      [1, 3],
    ]);
  });
});
