import { expect, test } from 'vitest';
import { agreement } from '../../bench/agreement.js';
import type { SweepResults } from '../../bench/sweep.js';

/** Results of lesions that all differ from one another, on two images. */
const results = (lesions: readonly number[]): SweepResults => {
  const rows = lesions.flatMap((lesion) => [lesion, lesion + 0.5]);
  return {
    predicted: Uint16Array.from(rows, (row) => Math.floor(row) % 10),
    loss: Float32Array.from(rows),
    kl: Float32Array.from(rows, (row) => row / 2),
    margin: Float32Array.from(rows, () => 1),
  };
};
const ours = results([0, 1, 2, 3, 4]);

test('a rival that ran one lesion in two is held to the same lesions of ours', () => {
  expect(agreement(ours, results([0, 2, 4]), 2, 2)).toEqual({ rows: 6, ties: 0, loss: 0, kl: 0 });
  expect(() => agreement(ours, results([0, 1, 2]), 2, 2)).toThrow('loss of lesion 2, image 0 is 2 here, 1 there');
});

test('a rival that left out lesions is refused', () => {
  expect(() => agreement(ours, results([0, 2]), 2, 2)).toThrow('4 rows there, 6 expected');
  expect(() => agreement(ours, results([]), 2)).toThrow('0 rows there, 10 expected');
});
