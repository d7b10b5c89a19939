import { describe, expect, test } from 'vitest';
import { atLeast, chanceOf, farBelow } from '../../core/analysis/doubt.js';

test('the exact upper tail of a binomial', () => {
  expect(atLeast({ correct: 0, images: 5 }, 0.1)).toBe(1);
  expect(atLeast({ correct: 2, images: 2 }, 0.1)).toBeCloseTo(0.01, 12);
  expect(atLeast({ correct: 1, images: 3 }, 0.5)).toBeCloseTo(7 / 8, 12);
  // sum over k = 60 … 500 of C(500, k) 0.1^k 0.9^(500 − k)
  let tail = 0;
  let term = 0.9 ** 500;
  for (let k = 0; k <= 500; term *= ((500 - k) / (k + 1)) * (0.1 / 0.9), k++) if (k >= 60) tail += term;
  expect(atLeast({ correct: 60, images: 500 }, 0.1)).toBeCloseTo(tail, 10);
});

test('chance is 1 of all classes, or the commonest label where labels are uneven', () => {
  expect(chanceOf([0, 1, 2, 3], 10)).toBe(0.25);
  expect(
    chanceOf(
      Array.from({ length: 100 }, (_, i) => i % 10),
      10,
    ),
  ).toBe(0.1);
  expect(chanceOf([0, 0, 0, 1], 2)).toBe(0.75);
  expect(chanceOf([4, 4, 4], 10)).toBe(0.1);
});

describe('far below', () => {
  test.each([
    ['a gap of training', 460, 500, 250, 250, false],
    ['20 points exactly', 300, 500, 200, 250, false],
    ['40 points', 250, 500, 225, 250, true],
    ['40 points of ten images', 5, 10, 9, 10, false],
    ['a fifth of it', 40, 500, 100, 250, true],
    ['equal', 50, 500, 25, 250, false],
    ['above', 450, 500, 25, 250, false],
  ])('%s: %i of %i against %i of %i', (_, correct, images, other, of, far) => {
    expect(farBelow({ correct, images }, { correct: other, images: of })).toBe(far);
  });
});
