import { expect, test } from 'vitest';
import { dealtFolds } from '../../core/probe/dealt-folds.js';

const count = (list: Uint8Array, of: number): number => list.filter((fold) => fold === of).length;

test('folds have nearly as many images', () => {
  for (const images of [4, 13, 250]) {
    const sizes = [0, 1, 2, 3].map((fold) => count(dealtFolds(images, 4), fold));
    expect(Math.max(...sizes) - Math.min(...sizes)).toBeLessThanOrEqual(1);
  }
});

test.each([2, 4, 8, 10, 16])('of %i classes that take turns every one is in every fold', (classes) => {
  const dealt = dealtFolds(400, 4);
  for (let own = 0; own < classes; own++) {
    const folds = new Set(dealt.filter((_, image) => image % classes === own));
    expect(folds.size).toBe(4);
  }
});

test('they are what anybody gets who ranks the hashes', () => {
  // Python: sorted(range(8), key=lambda i: hashlib.sha256(f'fold of image {i}'.encode()).hexdigest())
  expect([...dealtFolds(8, 8)]).toEqual([3, 1, 6, 5, 2, 7, 4, 0]);
});
