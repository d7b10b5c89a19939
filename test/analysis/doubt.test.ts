import { describe, expect, test } from 'vitest';
import { atLeast, chanceOf, farBelow, leastDifference } from '../../core/analysis/doubt.js';

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

// Newcombe, Statistics in Medicine 17, 1998, table II, method 10.
test.each([
  [56, 70, 48, 80, 0.0524],
  [9, 10, 3, 10, 0.1705],
  [6, 7, 2, 7, 0.0582],
  [5, 56, 0, 29, -0.0381],
  [0, 10, 0, 20, -0.1611],
  [0, 10, 0, 10, -0.2775],
  [10, 10, 0, 20, 0.6791],
  [10, 10, 0, 10, 0.6075],
])('the least difference of %i/%i and %i/%i, as published', (a, m, b, n, low) => {
  expect(leastDifference({ correct: a, images: m }, { correct: b, images: n }, 0.95)).toBeCloseTo(low, 4);
});

test('the least of half a proportion, by hand at z = 2: bounds of 50/100 lie √26/52 around it, and of 0/96 within 4/100', () => {
  // The level of z = 2.
  const level = 0.9544997361036416;
  const least = leastDifference({ correct: 50, images: 100 }, { correct: 0, images: 96 }, level, 0.5);
  expect(least).toBeCloseTo(0.25 - Math.hypot((2 * Math.sqrt(26)) / 104 / 2, 0.04), 9);
});

describe('far below', () => {
  test.each([
    ['a gap of training', 460, 500, 250, 250, false],
    ['20 points exactly', 300, 500, 200, 250, false],
    ['40 points', 250, 500, 225, 250, true],
    ['40 points of ten images', 5, 10, 9, 10, false],
    ['20 points of 30, a third of it, of many images', 100, 1000, 300, 1000, true],
    ['half of it and no less', 150, 1000, 300, 1000, false],
    ['a fifth of it', 40, 500, 100, 250, true],
    ['equal', 50, 500, 25, 250, false],
    ['above', 450, 500, 25, 250, false],
  ])('%s: %i of %i against %i of %i', (_, correct, images, other, of, far) => {
    expect(farBelow({ correct, images }, { correct: other, images: of })).toBe(far);
  });
});
