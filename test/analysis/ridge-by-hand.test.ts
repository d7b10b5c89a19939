import { describe, expect, test } from 'vitest';
import { cholesky, inverseFromCholesky } from '../../core/cholesky.js';
import { baseRanges, partGrams, signatureOf, sumGrams } from '../../core/analysis/gram.js';
import { leaveOneOutR2, penaltyRatios, ridgeR2 } from '../../core/analysis/ridge.js';
import { randomStream } from '../../core/random.js';
import { noiseRows, planted, points, stream } from './planted.js';

const of = (...values: readonly number[]): Float64Array => Float64Array.from(values);

describe('ridge regression of one target on one predictor', () => {
  /** Of each fold: what predictor and target have in common, and their squares. */
  interface Fold {
    readonly pool: number;
    readonly cross: number;
    readonly energy: number;
  }
  const found = (folds: readonly Fold[]) =>
    ridgeR2(
      {
        pool: folds.map(({ pool }) => of(pool)),
        cross: folds.map(({ cross }) => of(cross)),
        energies: folds.map(({ energy }) => of(energy)),
      },
      1,
    )[0]?.low ?? null;
  const total = (folds: readonly Fold[], what: keyof Fold): number => folds.reduce((sum, fold) => sum + fold[what], 0);
  /** Squared error on a fold, of a fit on others: w = c / (g + λ), λ a share of g. */
  const errorOn = ({ pool, cross, energy }: Fold, train: readonly Fold[], ratio: number): number => {
    const weight = total(train, 'cross') / (total(train, 'pool') * (1 + ratio));
    return energy - 2 * weight * cross + weight * weight * pool;
  };

  test('by two folds has a penalty of a tenth, chosen by nobody', () => {
    const [a, b] = [
      { pool: 2, cross: 3, energy: 5 },
      { pool: 4, cross: 1, energy: 6 },
    ];
    const error = errorOn(a, [b], 0.1) + errorOn(b, [a], 0.1);
    expect(found([a, b])).toBeCloseTo(1 - error / 11, 12);
  });

  test.each([
    ['an exact one', [1, 1, 1].map((_, i) => ({ pool: i + 1, cross: 2 * (i + 1), energy: 4 * (i + 1) }))],
    [
      'one with noise',
      [
        { pool: 2, cross: 1.5, energy: 3 },
        { pool: 1, cross: 1, energy: 3 },
        { pool: 3, cross: 1, energy: 2 },
      ],
    ],
    [
      'one that differs between folds',
      [
        { pool: 1, cross: 0.9, energy: 1 },
        { pool: 1, cross: 0.1, energy: 1 },
        { pool: 1, cross: 0.8, energy: 1 },
        { pool: 2, cross: 0.1, energy: 4 },
      ],
    ],
  ])('by more folds has the penalty that is best among the others: %s', (_, folds) => {
    let above = 0;
    for (const scored of folds) {
      const rest = folds.filter((fold) => fold !== scored);
      const inner = (ratio: number): number =>
        rest.reduce(
          (sum, held) =>
            sum +
            errorOn(
              held,
              rest.filter((fold) => fold !== held),
              ratio,
            ),
          0,
        );
      const best = [...penaltyRatios].sort((x, y) => inner(x) - inner(y))[0] as number;
      above += inner(best) < total(rest, 'energy') ? errorOn(scored, rest, best) : scored.energy;
    }
    expect(found(folds)).toBeCloseTo(1 - above / total(folds, 'energy'), 12);
  });

  test('predicts nothing where every prediction of the others misleads', () => {
    const folds = [1, -1, 1, -1].map((sign) => ({ pool: 1, cross: sign, energy: 1 }));
    // From any three folds a weight of some sign, which is wrong for half of the inner folds.
    expect(found(folds)).toBe(0);
    expect(found(folds.slice(0, 2))).toBeLessThan(0);
  });

  test('of a silent predictor predicts nothing, of a silent target is not there', () => {
    const silent = [1, 2, 3].map((energy) => ({ pool: 0, cross: 0, energy }));
    expect(found(silent)).toBe(0);
    expect(found(silent.slice(0, 2))).toBe(0);
    expect(found([1, 2, 3].map((pool) => ({ pool, cross: 0, energy: 0 })))).toBeNull();
  });
});

test('each of two rows from the other is a regression of one on one, with the penalty of both', () => {
  // G = [2 1; 1 3] on one fold, [4 1; 1 1] on the other: M = (G + λ)⁻¹, residual of row k: Σ M_jk x_j / M_kk.
  const grams = [of(2, 1, 1, 3), of(4, 1, 1, 1)];
  const residual = (scored: Float64Array, train: Float64Array, k: number): number => {
    const penalty = (0.1 * (train[0]! + train[3]!)) / 2;
    const weight = train[1]! / (train[3 * (1 - k)]! + penalty);
    return scored[3 * k]! - 2 * weight * scored[1]! + weight * weight * scored[3 * (1 - k)]!;
  };
  const [first, second] = leaveOneOutR2(grams, 2);
  expect(first!.low).toBeCloseTo(1 - (residual(grams[0]!, grams[1]!, 0) + residual(grams[1]!, grams[0]!, 0)) / 6, 12);
  expect(second!.low).toBeCloseTo(1 - (residual(grams[0]!, grams[1]!, 1) + residual(grams[1]!, grams[0]!, 1)) / 4, 12);
  expect(leaveOneOutR2([of(0, 0, 0, 1), of(0, 0, 0, 1), of(0, 0, 0, 1)], 2)).toEqual([null, { low: 0, high: 0 }]);
});

describe('Gram matrices', () => {
  test('of rows with themselves are those of nested loops, at every size, symmetric to the last bit', () => {
    const random = randomStream(2, 'gram');
    for (let n = 1; n <= 11; n++) {
      const rows = Array.from({ length: n }, () => Float32Array.from({ length: 13 }, () => random.normal()));
      const ranges = [
        [
          [1, 5],
          [7, 13],
        ],
        [[0, 1]],
      ] as const;
      for (const [part, gram] of partGrams(rows, rows, ranges).entries()) {
        const features = ranges[part]!.flatMap(([from, to]) => Array.from({ length: to - from }, (_, i) => from + i));
        expect(gram).toHaveLength(n * n);
        rows.forEach((a, i) =>
          rows.forEach((b, j) => {
            expect(gram[i * n + j]).toBeCloseTo(
              features.reduce((sum, f) => sum + a[f]! * b[f]!, 0),
              9,
            );
            expect(gram[i * n + j]).toBe(gram[j * n + i]);
          }),
        );
      }
    }
  });

  test('of other rows have a row for each of the one, a column for each of the other', () => {
    const rows = (from: number, count: number) => Array.from({ length: count }, (_, i) => Float32Array.of(1, from + i));
    for (const [p, q] of [
      [1, 5],
      [3, 2],
      [6, 9],
    ] as const) {
      const [gram] = partGrams(rows(1, p), rows(100, q), [[[0, 2]]]);
      expect([...gram!]).toEqual(rows(1, p).flatMap(([, a]) => rows(100, q).map(([, b]) => 1 + a! * b!)));
    }
  });

  test('of parts add up, of some of them too', () => {
    const grams = [of(1, 2, 3, 4), of(10, 20, 30, 40), of(100, 200, 300, 400)];
    expect([...sumGrams(grams, [0, 2])]).toEqual([101, 202, 303, 404]);
    expect([...sumGrams(grams, [])]).toEqual([0, 0, 0, 0]);
  });

  test('are of base images one by one, and of a kernel’s own row', () => {
    const set = planted([noiseRows(stream('refs'), 2), noiseRows(stream('more'), 3)]);
    expect(baseRanges(set).slice(0, 3)).toEqual([[[0, points]], [[points, 2 * points]], [[2 * points, 3 * points]]]);
    expect(baseRanges(set)).toHaveLength(8);
    const row = signatureOf(set, { site: 1, kernel: 2 });
    expect(row.buffer).toBe(set.sites[1]!.data.buffer);
    expect(row).toEqual(set.sites[1]!.data.slice(2 * set.features, 3 * set.features));
  });
});

describe('Cholesky', () => {
  test('has the factor that is known, and one of what is shifted', () => {
    // [4 2; 2 5] = L Lᵀ with L = [2 0; 1 2].
    expect([...cholesky(of(4, 2, 2, 5), 2)!]).toEqual([2, 0, 1, 2]);
    expect([...cholesky(of(1, 2, 2, 2), 2, 3)!]).toEqual([2, 0, 1, 2]);
    // And of three rows: L = [1 0 0; 2 3 0; 4 5 6].
    expect([...cholesky(of(1, 2, 4, 2, 13, 23, 4, 23, 77), 3)!]).toEqual([1, 0, 0, 2, 3, 0, 4, 5, 6]);
  });

  test('refuses what is not positive definite', () => {
    for (const matrix of [of(0), of(-1), of(Number.NaN)]) expect(cholesky(matrix, 1)).toBeNull();
    expect(cholesky(of(1, 1, 1, 1), 2)).toBeNull();
    expect(cholesky(of(1, 1, 1, 1), 2, 1e-6)).not.toBeNull();
  });

  test('inverts', () => {
    const inverse = inverseFromCholesky(cholesky(of(4, 2, 2, 5), 2)!, 2);
    [5 / 16, -2 / 16, -2 / 16, 4 / 16].forEach((value, i) => expect(inverse[i]).toBeCloseTo(value, 14));
  });
});
