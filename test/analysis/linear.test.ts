import { describe, expect, test } from 'vitest';
import { cholesky, inverseFromCholesky, solveCholesky } from '../../core/analysis/cholesky.js';
import { symmetricEigenvalues } from '../../core/analysis/eigen.js';
import { partGrams, sumGrams } from '../../core/analysis/gram.js';
import { leaveOneOutR2, ridgeR2 } from '../../core/analysis/ridge.js';
import { partEnergies } from '../../core/analysis/explained.js';
import { randomStream } from '../../core/random.js';
import { reference } from './fixtures/reference.js';

const float32Rows = (rows: readonly number[][]): Float32Array[] => rows.map((row) => Float32Array.from(row));

describe('linear algebra agrees with NumPy', () => {
  test('eigenvalues of a Gram matrix of 12 rows and rank 7', () => {
    const { rows, values } = reference.eigen;
    const gram = Float64Array.from({ length: 144 }, (_, at) =>
      rows[Math.floor(at / 12)]!.reduce((total, v, f) => total + v * rows[at % 12]![f]!, 0),
    );
    symmetricEigenvalues(gram, 12).forEach((value, i) => expect(value).toBeCloseTo(values[i]!, 10));
  });
  test('eigenvalues of matrices that are known: diagonal, 1 × 1, ones, second differences', () => {
    expect([...symmetricEigenvalues(Float64Array.of(3, 0, 0, 0, -1, 0, 0, 0, 2), 3)]).toEqual([-1, 2, 3]);
    expect([...symmetricEigenvalues(Float64Array.of(4), 1)]).toEqual([4]);
    const ones = symmetricEigenvalues(new Float64Array(25).fill(1), 5);
    expect(ones[4]).toBeCloseTo(5, 12);
    expect(Math.abs(ones[3]!)).toBeLessThan(1e-12);
    const n = 40;
    const differences = Float64Array.from({ length: n * n }, (_, at) => {
      const apart = Math.abs(Math.floor(at / n) - (at % n));
      return apart === 0 ? 2 : apart === 1 ? -1 : 0;
    });
    symmetricEigenvalues(differences, n).forEach((value, k) =>
      expect(value).toBeCloseTo(2 - 2 * Math.cos(((k + 1) * Math.PI) / (n + 1)), 12),
    );
  });
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
    ridgeR2(grams, pool.length).forEach((r2, k) => expect(r2).toBeCloseTo(reference.ridge.r2[k]!, 5));
  });
  test('each row from the others, by one inverse', () => {
    const rows = float32Rows([...reference.ridge.pool, ...reference.ridge.targets]);
    leaveOneOutR2(partGrams(rows, rows, folds), rows.length).forEach((r2, k) =>
      expect(r2).toBeCloseTo(reference.leaveOneOut[k]!, 5),
    );
  });
});
