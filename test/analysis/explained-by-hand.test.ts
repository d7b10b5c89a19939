import { describe, expect, test } from 'vitest';
import { baseFolds, explainedKernels, meanOfKnown, partEnergies, poolSizes } from '../../core/analysis/explained.js';
import { partGrams, predictorOf, signatureOf, type FeatureRanges } from '../../core/analysis/gram.js';
import { leaveOneOutR2, ridgeR2, type R2Bracket } from '../../core/analysis/ridge.js';
import { signatureSet, type SignatureSet } from '../../core/analysis/signature.js';
import { bases, noiseRows, planted, points, stream, type Row } from './planted.js';

const options = { seed: 3, distance: 1 };
const rowsOf = (set: SignatureSet, site: number): Float32Array[] =>
  set.sites[site]!.live.map((kernel) => signatureOf(set, { site, kernel }));

describe('folds of base images', () => {
  const set = (count = bases): SignatureSet => {
    const whole = planted([noiseRows(stream('folds'), 2)]);
    return { ...whole, starts: whole.starts.slice(0, count + 1) };
  };
  const shown = (folds: FeatureRanges[] | null) => folds?.map((fold) => fold.map(([from]) => from / points));

  test('deal all of them out, as evenly as can be, each fold in their order', () => {
    for (const [asked, sizes] of [
      [4, [2, 2, 2, 2]],
      [3, [3, 3, 2]],
      [1, [4, 4]],
      [99, [1, 1, 1, 1, 1, 1, 1, 1]],
    ] as const) {
      const folds = baseFolds(set(), asked, 5)!;
      expect(folds.map((fold) => fold.length)).toEqual(sizes);
      expect(folds.flat().every(([from, to]) => to - from === points && from % points === 0)).toBe(true);
      expect(shown(folds)!.flat().sort()).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
      for (const fold of shown(folds)!) expect(fold).toEqual([...fold].sort((a, b) => a - b));
    }
  });

  test('are drawn by the seed, and need two base images', () => {
    expect(shown(baseFolds(set(), 4, 5))).not.toEqual(shown(baseFolds(set(), 4, 6)));
    expect(baseFolds(set(2), 4, 5)).toHaveLength(2);
    expect(baseFolds(set(1), 4, 5)).toBeNull();
  });
});

describe('a pool of all that there is', () => {
  const set = (): SignatureSet => {
    const random = stream('whole');
    return planted([noiseRows(random, 5), noiseRows(random, 4), noiseRows(random, 6)]);
  };

  test('in the same site is regression of each on all others', () => {
    const whole = set();
    const folds = baseFolds(whole, 4, options.seed)!;
    explainedKernels(whole, options).forEach(({ same, pools, site, depth }, index) => {
      const own = whole.sites[index]!.live.map((kernel) => predictorOf(whole, { site: index, kernel }, index));
      expect(same).toEqual(leaveOneOutR2(partGrams(own, own, folds), own.length));
      expect(pools.same).toBe(own.length - 1);
      expect([site, depth]).toEqual([`site${index}`, index]);
    });
  });

  test('far away is regression on every kernel whose site is at least so far', () => {
    const whole = set();
    for (const [distance, far] of [
      [
        1,
        [
          [1, 2],
          [0, 2],
          [0, 1],
        ],
      ],
      [2, [[2], [], [0]]],
    ] as const) {
      const folds = baseFolds(whole, 3, options.seed)!;
      explainedKernels(whole, { ...options, distance, folds: 3 }).forEach(({ far: found, pools, meanFar }, index) => {
        const pool = far[index]!.flatMap((site) =>
          whole.sites[site]!.live.map((kernel) => predictorOf(whole, { site, kernel }, index)),
        );
        const own = rowsOf(whole, index);
        const r2 = ridgeR2(
          {
            pool: partGrams(pool, pool, folds),
            cross: partGrams(pool, own, folds),
            energies: partEnergies(own, folds),
          },
          pool.length,
        );
        expect(pools.far).toBe(pool.length);
        expect(found).toEqual(pool.length === 0 ? own.map(() => null) : r2);
        expect(meanFar).toBe(pool.length === 0 ? null : meanOfKnown(r2.map((one) => one?.low ?? null)));
      });
    }
  });

  test('is as large as it is told, where that is less', () => {
    const whole = set();
    const all = explainedKernels(whole, options);
    const fewer = explainedKernels(whole, options, [
      { same: 0, far: 0 },
      { same: 3, far: 0 },
    ]);
    expect(fewer[0]!.same).toEqual([null, null, null, null, null]);
    expect(fewer[0]!.far).toEqual([null, null, null, null, null]);
    expect(fewer[1]!.same).toEqual(all[1]!.same);
    expect(fewer[2]!.pools).toEqual({ same: 0, far: 0 });
    expect(fewer[2]).toMatchObject({ meanSame: null, meanFar: null });
  });
});

describe('pools that are drawn', () => {
  /** Kernels in pairs that are alike: explained by a pool with their twin, and by no other. */
  const twins = (count: number): Row[] => {
    const rows = noiseRows(stream('twins'), count);
    return rows.flatMap((row) => [row, row.map((value) => 2 * value)]);
  };
  /** In how many of the draws each kernel met its twin; a number that is none tells that draws were counted otherwise. */
  const met = (r2: readonly (R2Bracket | null)[], draws: number): number[] =>
    r2.map((value) => {
      const count = value!.low * draws;
      expect(Math.abs(count - Math.round(count))).toBeLessThan(0.25);
      return Math.abs(Math.round(count));
    });

  test('within a site hold every kernel once in each draw, and average over draws', () => {
    const draws = 12;
    const set = planted([twins(3)]);
    const [site] = explainedKernels(set, { ...options, poolSize: 1, draws });
    const counts = met(site!.same, draws);
    // Twins meet each other.
    expect(counts).toEqual([0, 2, 4].flatMap((i) => [counts[i]!, counts[i]!]));
    expect(counts.every((count) => count < draws)).toBe(true);
    expect(counts.some((count) => count > 0)).toBe(true);
    const [once] = explainedKernels(set, { ...options, poolSize: 1, draws: 1 });
    expect(met(once!.same, 1).every((count) => count === 0 || count === 1)).toBe(true);
    expect(explainedKernels(set, { ...options, poolSize: 1, draws: 4 })).toEqual(
      explainedKernels(set, { ...options, poolSize: 1 }),
    );
  });

  test('within a site that groups do not divide count nobody twice', () => {
    const draws = 10;
    const set = planted([[...twins(3), ...noiseRows(stream('odd'), 1)]]);
    for (const poolSize of [1, 2, 4]) {
      const [site] = explainedKernels(set, { ...options, poolSize, draws });
      const counts = met(site!.same, draws);
      expect(counts[6]).toBe(0);
      expect(site!.same.every((value) => value !== null)).toBe(true);
    }
  });

  test('from afar serve all kernels of a site, and average over draws', () => {
    const draws = 12;
    const rows = noiseRows(stream('far'), 4);
    const set = planted([rows, rows.map((row) => row.map((value) => -value))]);
    const [, late] = explainedKernels(set, { ...options, poolSize: 1, draws });
    const counts = met(late!.far, draws);
    // Of each pool of one kernel just one is the copy.
    expect(counts.reduce((sum, count) => sum + count, 0)).toBe(draws);
    expect(Math.max(...counts)).toBeLessThan(draws);
  });

  test('are filled from kernels that respond only', () => {
    const silent = new Float32Array(bases * points);
    const set = planted([
      [silent, ...noiseRows(stream('silent'), 2), silent],
      noiseRows(stream('silent'), 1),
      [silent],
    ]);
    const [first, second, third] = explainedKernels(set, options);
    expect(first!.pools).toEqual({ same: 1, far: 1 });
    expect(second!.pools).toEqual({ same: 0, far: 2 });
    expect(third).toMatchObject({ pools: { same: 0, far: 3 }, same: [null], far: [null], meanFar: null });
    expect(first!.same.map((value) => value === null)).toEqual([true, false, false, true]);
    expect(poolSizes(set, options)).toEqual([first, second, third].map((site) => site!.pools));
  });

  test('hold 64 kernels at most, unless told', () => {
    const wide = planted([noiseRows(stream('wide'), 1)]);
    const site = wide.sites[0]!;
    const live = Array.from({ length: 70 }, (_, kernel) => kernel);
    const set = { ...wide, sites: [0, 1].map((depth) => ({ ...site, depth, kernels: 70, live })) };
    expect(poolSizes(set, options)).toEqual(Array(2).fill({ same: 64, far: 64 }));
    expect(poolSizes(set, { ...options, poolSize: 99 })).toEqual(Array(2).fill({ same: 69, far: 70 }));
  });
});

test('energies are squares of each row over each part', () => {
  const rows = [Float32Array.of(1, 2, 3, 4), Float32Array.of(0, -1, 0, 5)];
  const parts = [
    [
      [0, 1],
      [3, 4],
    ],
    [[1, 3]],
  ] as const;
  expect(partEnergies(rows, parts).map((energies) => [...energies])).toEqual([
    [17, 25],
    [13, 1],
  ]);
});

describe('signatures', () => {
  const part = (...values: readonly number[]): Float32Array => Float32Array.from(values);

  test('stand kernel by kernel, in each by base, impulse and point', () => {
    const set = signatureSet([
      {
        site: 'only',
        depth: 3,
        kernels: 2,
        parts: [
          [part(1, 2, 10, 20), part(3, 30)],
          [part(4, 40), part(5, 6, 50, 60)],
        ],
      },
    ]);
    // Base 0: impulses of 2 and 1 points; base 1: of 1 and 2.
    expect(set).toMatchObject({ features: 6, starts: [0, 3, 6] });
    const [site] = set.sites;
    // The second kernel responds ten times as strongly; each base has the norm 1 over both.
    const norms = [Math.sqrt(101 * (1 + 4 + 9)), Math.sqrt(101 * (16 + 25 + 36))];
    [1, 2, 3, 4, 5, 6].forEach((value, f) => {
      const norm = norms[f < 3 ? 0 : 1] as number;
      expect(site!.data[f]).toBeCloseTo(value / norm, 6);
      expect(site!.data[6 + f]).toBeCloseTo((10 * value) / norm, 6);
    });
    expect(site).toMatchObject({ site: 'only', depth: 3, kernels: 2, live: [0, 1] });
    norms.forEach((norm, base) => expect(site!.totals[base]).toBeCloseTo(norm, 9));
  });

  test('of a kernel that is not finite are silent, and leave the others as they are', () => {
    const [site] = signatureSet([
      { site: 'a', depth: 0, kernels: 3, parts: [[part(Number.NaN, 3, Number.POSITIVE_INFINITY)], [part(1, 4, 0)]] },
    ]).sites;
    expect(site!.live).toEqual([1]);
    expect([...site!.data]).toEqual([0, 0, 1, 1, 0, 0]);
  });

  test('of no site are none', () => {
    expect(signatureSet([])).toEqual({ features: 0, starts: [0], sites: [] });
  });

  test.each([
    ['impulses', [[part(1, 2), part(1, 2)]]],
    ['bases', [[part(1, 2)], [part(1, 2)]]],
    ['points', [[part(1, 2, 3, 4)]]],
  ])('of other %s than those of the first site are our mistake', (_, parts) => {
    const first = { site: 'first', depth: 0, kernels: 2, parts: [[part(1, 2)]] };
    expect(() => signatureSet([first, { ...first, site: 'second', parts }])).toThrow(
      expect.objectContaining({ code: 'BUG' }),
    );
  });
});
