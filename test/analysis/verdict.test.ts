import { expect, test } from 'vitest';
import { meanOf, undecided } from '../../core/analysis/verdict.js';

test('the mean of what has been drawn: its sum over its number', () => {
  expect(meanOf(Float64Array.of(1, 2, 6))).toBe(3);
  expect(meanOf(Float64Array.of(-0.5))).toBe(-0.5);
});

test('a condition whose values could not be had may lie anywhere within the bound, and has no mean', () => {
  expect(undecided(4)).toEqual({ low: 0, high: 4, mean: Number.NaN, place: 'undecided' });
});
