import fc from 'fast-check';
import { expect, test } from 'vitest';
import { seededOrder } from '../../core/data/order.js';

const labelled = fc
  .array(fc.integer({ min: 0, max: 6 }), { minLength: 1, maxLength: 120 })
  .map((labels) => Uint16Array.from(labels));

test('the order is a permutation', () => {
  fc.assert(
    fc.property(labelled, fc.integer(), (labels, seed) => {
      expect([...seededOrder(labels, seed)].sort((a, b) => a - b)).toEqual([...labels.keys()]);
    }),
  );
});

test('every beginning holds its share of every class, to within one image', () => {
  fc.assert(
    fc.property(labelled, fc.integer(), (labels, seed) => {
      const taken = new Map<number, number>();
      seededOrder(labels, seed).forEach((index, place) => {
        const label = labels[index] as number;
        taken.set(label, (taken.get(label) ?? 0) + 1);
        for (const other of new Set(labels)) {
          const size = labels.filter((candidate) => candidate === other).length;
          const share = ((place + 1) * size) / labels.length;
          expect(Math.abs((taken.get(other) ?? 0) - share)).toBeLessThan(1);
        }
      });
    }),
  );
});

test('a thousand classes of one image each are ordered as well', () => {
  const labels = Uint16Array.from({ length: 1000 }, (_, i) => i);
  expect(new Set(seededOrder(labels, 7)).size).toBe(1000);
});
