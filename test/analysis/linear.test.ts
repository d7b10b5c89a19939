import { describe, expect, test } from 'vitest';
import { cholesky, inverseFromCholesky, solveCholesky } from '../../core/cholesky.js';
import { partGrams, sumGrams } from '../../core/analysis/gram.js';
import { leaveOneOutR2, ridgeR2 } from '../../core/analysis/ridge.js';
import { partEnergies } from '../../core/analysis/explained.js';
import { randomStream } from '../../core/random.js';
import { reference } from './fixtures/reference.js';

const float32Rows = (rows: readonly number[][]): Float32Array[] => rows.map((row) => Float32Array.from(row));

describe('linear algebra agrees with NumPy', () => {
  test('Cholesky solves for all right-hand sides, and refuses what is not positive definite', () => {
    const { matrix, right, shift, solution } = reference.solve;
    const factor = cholesky(Float64Array.from(matrix), 6, shift)!;
    const solved = Float64Array.from(right);
    solveCholesky(factor, 6, solved, 2);
    solved.forEach((value, i) => expect(value).toBeCloseTo(solution[i]!, 12));
    const inverse = inverseFromCholesky(factor, 6);
    const product = Float64Array.from({ length: 12 }, (_, at) => {
      let total = 0;
      for (let k = 0; k < 6; k++) total += inverse[(at >> 1) * 6 + k]! * right[k * 2 + (at & 1)]!;
      return total;
    });
    product.forEach((value, i) => expect(value).toBeCloseTo(solution[i]!, 12));
    expect(cholesky(Float64Array.of(1, 2, 2, 1), 2)).toBeNull();
  });
  test('Gram matrices by part, at odd and even sizes, add up to the whole', () => {
    const random = randomStream(1, 'gram');
    for (const [p, q] of [
      [1, 1],
      [3, 4],
      [4, 3],
      [5, 5],
    ] as const) {
      const rows = (n: number): Float32Array[] =>
        Array.from({ length: n }, () => Float32Array.from({ length: 30 }, () => random.normal()));
      const [a, b] = [rows(p), rows(q)];
      const grams = partGrams(a, b, [
        [
          [0, 7],
          [20, 30],
        ],
        [[7, 20]],
      ]);
      const whole = sumGrams(grams, [0, 1]);
      a.forEach((x, i) =>
        b.forEach((y, j) =>
          expect(whole[i * q + j]).toBeCloseTo(
            x.reduce((t, v, f) => t + v * y[f]!, 0),
            5,
          ),
        ),
      );
      const first = grams[0]!;
      expect(first[0]).toBeCloseTo(
        [...a[0]!].reduce((t, v, f) => (f < 7 || f >= 20 ? t + v * b[0]![f]! : t), 0),
        5,
      );
    }
  });
});

describe('ridge regression by folds agrees with NumPy', () => {
  const folds = [0, 12, 24, 36].map((from) => [[from, from + 12] as const]);
  test('several targets from one pool, with the penalty chosen in an inner round', () => {
    const [pool, targets] = [float32Rows(reference.ridge.pool), float32Rows(reference.ridge.targets)];
    const grams = {
      pool: partGrams(pool, pool, folds),
      cross: partGrams(pool, targets, folds),
      energies: partEnergies(targets, folds),
    };
    const found = ridgeR2(grams, pool.length);
    found.forEach((r2, k) => expect(r2!.low).toBeCloseTo(reference.ridge.r2[k]!, 5));
    // Fitted to all folds with the penalty of the least error over the outer round, scored on the same, in NumPy.
    [0.7301912767970931, 0.08036373865469959].forEach((high, k) => expect(found[k]!.high).toBeCloseTo(high, 5));
  });
  test('each row from the others, by one inverse', () => {
    const rows = float32Rows([...reference.ridge.pool, ...reference.ridge.targets]);
    const found = leaveOneOutR2(partGrams(rows, rows, folds), rows.length);
    found.forEach((r2, k) => expect(r2!.low).toBeCloseTo(reference.leaveOneOut[k]!, 5));
    const highs = [0.6640717849, 0.0685805661, 0.0710839099, 0.5293805949, 0.0860542869, 0.7432797938, 0.1034928471];
    highs.forEach((high, k) => expect(found[k]!.high).toBeCloseTo(high, 5));
  });
});
