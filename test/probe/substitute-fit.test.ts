import { describe, expect, test } from 'vitest';
import type { Moments } from '../../core/probe/moments.js';
import { SubstituteFit, type Removal } from '../../core/probe/substitute-fit.js';
import { randomStream } from '../../core/random.js';

const folds = 4;
const penalties = [1, 0.1, 1e-3, 1e-6];

/** Rows of variables, one a sample; sample i belongs to fold i mod folds. */
type Data = readonly (readonly number[])[];

/** `count` samples of correlated variables with means and scales of their own. */
function sampled(count: number, variables: number, seed: number): Data {
  const stream = randomStream(seed, 'data');
  const mixing = Array.from({ length: variables }, () => Array.from({ length: variables }, () => stream.normal()));
  return Array.from({ length: count }, () => {
    const plain = mixing.map(() => stream.normal());
    return mixing.map(
      (row, v) => (v + 1) * (row.reduce((sum, w, j) => sum + w * plain[j]!, 0) + 2 * stream.normal()) + v,
    );
  });
}

const transposed = (data: Data): number[][] => (data[0] ?? []).map((_, v) => data.map((row) => row[v]!));
const mean = (values: readonly number[]): number => values.reduce((sum, x) => sum + x, 0) / values.length;
const dot = (a: readonly number[], b: readonly number[]): number => a.reduce((sum, x, i) => sum + x * b[i]!, 0);

function momentsOf(data: Data, pool: number): Moments {
  const parts = Array.from({ length: folds }, (_, fold) => transposed(data.filter((__, i) => i % folds === fold)));
  const flat = (of: (columns: number[][]) => number[]): Float64Array => Float64Array.from(parts.flatMap(of));
  const among = (columns: number[][], from: number, to: number): number[] =>
    columns.slice(0, pool).flatMap((a) => columns.slice(from, to).map((b) => dot(a, b)));
  const variables = data[0]!.length;
  return {
    folds,
    pool,
    others: variables - pool,
    products: flat((columns) => among(columns, 0, pool)),
    cross: flat((columns) => among(columns, pool, variables)),
    squares: flat((columns) => columns.map((x) => dot(x, x))),
    sums: flat((columns) => columns.map((x) => x.reduce((a, b) => a + b, 0))),
    counts: flat((columns) => [columns[0]!.length]),
    means: Float64Array.from(transposed(data).map(mean)),
  };
}

/** Solves A x = b by elimination with pivots. */
function solved(a: readonly (readonly number[])[], b: readonly number[]): number[] {
  const rows = a.map((row, i) => [...row, b[i]!]);
  for (let i = 0; i < rows.length; i++) {
    const pivot = rows
      .slice(i)
      .reduce((best, row, k) => (Math.abs(row[i]!) > Math.abs(rows[best]![i]!) ? i + k : best), i);
    [rows[i], rows[pivot]] = [rows[pivot]!, rows[i]!];
    for (let k = i + 1; k < rows.length; k++) {
      const factor = rows[k]![i]! / rows[i]![i]!;
      for (let j = i; j <= rows.length; j++) rows[k]![j]! -= factor * rows[i]![j]!;
    }
  }
  const x = rows.map(() => 0);
  for (let i = rows.length - 1; i >= 0; i--)
    x[i] = (rows[i]!.at(-1)! - dot(rows[i]!.slice(i + 1, -1), x.slice(i + 1))) / rows[i]![i]!;
  return x;
}

/** Ridge regression of one variable on some, sample by sample: weights by variable, and what it predicts. */
function ridge(data: Data, target: number, told: readonly number[], penalty: number) {
  const columns = transposed(data);
  const means = columns.map(mean);
  const deviations = columns.map((x, v) => Math.sqrt(mean(x.map((value) => (value - means[v]!) ** 2))));
  const standard = columns.map((x, v) => x.map((value) => (value - means[v]!) / deviations[v]!));
  const size = data.length;
  const gram = told.map((a, i) => told.map((b, j) => dot(standard[a]!, standard[b]!) / size + (i === j ? penalty : 0)));
  const right = told.map((a) => dot(standard[a]!, standard[target]!) / size);
  const weights = solved(gram, right).map((w, i) => (w * deviations[target]!) / deviations[told[i]!]!);
  const predict = (row: readonly number[]): number =>
    means[target]! + told.reduce((sum, v, i) => sum + weights[i]! * (row[v]! - means[v]!), 0);
  return { weights, predict };
}

const errorOf = (data: Data, target: number, predict: (row: readonly number[]) => number): number =>
  data.reduce((sum, row) => sum + (row[target]! - predict(row)) ** 2, 0);

/** By samples: the penalty with the least error over folds, or none. */
function chosenBySamples(data: Data, target: number, told: readonly number[]): number {
  const parts = Array.from({ length: folds }, (_, fold) => data.filter((__, i) => i % folds === fold));
  const error = (fit: (train: Data) => (row: readonly number[]) => number): number =>
    parts.reduce((sum, part, fold) => sum + errorOf(part, target, fit(data.filter((_, i) => i % folds !== fold))), 0);
  const none = error((train) => () => mean(train.map((row) => row[target]!)));
  const errors = penalties.map((penalty) => error((train) => ridge(train, target, told, penalty).predict));
  const least = Math.min(none, ...errors);
  return least === none ? penalties.length : errors.indexOf(least);
}

const data = sampled(60, 7, 3);
const pool = 5;
const removals: readonly Removal[] = [
  { targets: [2], removed: [2] },
  { targets: [0, 4], removed: [0, 4] },
  { targets: [1, 5], removed: [1] },
  { targets: [6], removed: [] },
];

describe('a fit from moments', () => {
  const fit = new SubstituteFit(momentsOf(data, pool), penalties);

  test('is that of ridge regression on the samples themselves, whatever is removed', () => {
    for (const penalty of penalties.keys()) {
      const found = fit.solve(
        removals,
        removals.map(({ targets }) => targets.map(() => penalty)),
      );
      removals.forEach(({ targets, removed }, r) => {
        const told = [0, 1, 2, 3, 4].filter((v) => !removed.includes(v));
        targets.forEach((target, i) => {
          const { weights, predict } = ridge(data, target, told, penalties[penalty]!);
          const own = found[r]!.weights.subarray(i * pool, (i + 1) * pool);
          told.forEach((v, j) => expect(own[v]).toBeCloseTo(weights[j]!, 9));
          for (const v of removed) expect(own[v]).toBe(0);
          expect(found[r]!.shift[i]).toBeCloseTo(predict(data[0]!.map(() => 0)), 8);
        });
      });
    }
  });

  test('takes for each target the penalty that predicts samples best that it was not fitted to', () => {
    const few = sampled(12, 7, 5);
    for (const samples of [data, few]) {
      const chosen = new SubstituteFit(momentsOf(samples, pool), penalties).choose(removals);
      removals.forEach(({ targets, removed }, r) => {
        const told = [0, 1, 2, 3, 4].filter((v) => !removed.includes(v));
        expect(chosen[r]).toEqual(targets.map((target) => chosenBySamples(samples, target, told)));
      });
    }
  });

  test('predicts nothing of what nothing tells of: its mean', () => {
    const stream = randomStream(9, 'noise');
    const noise = Array.from({ length: 12 }, () => Array.from({ length: 7 }, () => stream.normal()));
    const alone = new SubstituteFit(momentsOf(noise, 7), penalties);
    const all = noise[0]!.map((_, v) => ({ targets: [v], removed: [v] }));
    const chosen = alone.choose(all);
    expect(chosen.flat()).toContain(penalties.length);
    alone.solve(all, chosen).forEach(({ weights, shift }, v) => {
      if (chosen[v]![0] !== penalties.length) return;
      expect([...weights]).toEqual([0, 0, 0, 0, 0, 0, 0]);
      expect(shift[0]).toBeCloseTo(mean(transposed(noise)[v]!), 12);
    });
  });
});

describe('a kernel that does not vary', () => {
  const constant = data.map((row) => row.map((x, v) => (v === 1 ? 2.5 : v === 3 ? 1 + 1e-8 * x : x)));
  const fit = new SubstituteFit(momentsOf(constant, 7), penalties);
  const singles = constant[0]!.map((_, v) => ({ targets: [v], removed: [v] }));

  test('is told by its mean, and tells nothing', () => {
    const found = fit.solve(singles, fit.choose(singles));
    for (const v of [1, 3]) {
      expect([...found[v]!.weights]).toEqual([0, 0, 0, 0, 0, 0, 0]);
      expect(found[v]!.shift[0]).toBe(mean(transposed(constant)[v]!));
    }
    for (const v of [0, 2, 4, 5, 6])
      expect([found[v]!.weights[1] === 0, found[v]!.weights[3] === 0]).toEqual([true, true]);
  });

  test('and where none is left to tell, the mean is all', () => {
    const all = [0, 1, 2, 3, 4, 5, 6];
    const whole = [{ targets: all, removed: all }];
    const [found] = fit.solve(whole, fit.choose(whole));
    expect(found!.weights.every((weight) => weight === 0)).toBe(true);
    expect([...found!.shift]).toEqual(transposed(constant).map(mean));
  });
});

test('a copy, a multiple and a mixture leave less than 1e-7 of their deviation', () => {
  const planted = sampled(400, 5, 21).map((row) => [...row, row[0]!, -0.02 * row[1]! + 4, 0.5 * row[2]! - row[3]!]);
  const fit = new SubstituteFit(momentsOf(planted, 8), [...penalties, 1e-8]);
  const columns = transposed(planted);
  const singles = [0, 5, 6, 7].map((v) => ({ targets: [v], removed: [v] }));
  const found = fit.solve(singles, fit.choose(singles));
  singles.forEach(({ targets: [target = 0] }, i) => {
    const { weights, shift } = found[i]!;
    const left = planted.map((row) => row[target]! - shift[0]! - dot([...weights], row));
    const own = columns[target]!.map((x) => x - mean(columns[target]!));
    expect(Math.sqrt(dot(left, left) / dot(own, own))).toBeLessThan(1e-7);
  });
});
