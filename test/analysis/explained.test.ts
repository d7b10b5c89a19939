import { describe, expect, test } from 'vitest';
import { baseFolds, explainedKernels, meanOfKnown, poolSizes } from '../../core/analysis/explained.js';
import { longRangeMatrix } from '../../core/analysis/long-range.js';
import type { R2Bracket } from '../../core/analysis/ridge.js';
import { rarefaction } from '../../core/analysis/site-matrix.js';
import { bases, mixture, noiseRow, noiseRows, planted, points, stream } from './planted.js';

const options = { seed: 3, distance: 2 };

describe('R² of planted kernels', () => {
  test('an idle copy in its own site is explained by it, kernels beside it are not', () => {
    const site = noiseRows(stream('copy'), 6);
    const [first] = explainedKernels(planted([[...site, site[0]!.map((v) => 3 * v)]]), options);
    expect(first!.same[0]!.low).toBeGreaterThan(0.999);
    expect(first!.same[6]!.low).toBeGreaterThan(0.999);
    for (const r2 of first!.same.slice(1, 6)) expect(Math.abs(r2!.low)).toBeLessThan(0.05);
  });
  test('a linear mixture of kernels far away is recovered from afar and not from beside', () => {
    const random = stream('mixture');
    const early = noiseRows(random, 6);
    const late = [mixture(early, [1, -0.5, 0, 2, 0, 0.3]), ...noiseRows(random, 5)];
    const sites = explainedKernels(planted([early, noiseRows(random, 6), late]), options);
    expect(sites[2]!.far[0]!.low).toBeGreaterThan(0.99);
    expect(sites[2]!.same[0]!.low).toBeLessThan(0.05);
    for (const r2 of sites[2]!.far.slice(1)) expect(r2!.low).toBeLessThan(0.1);
  });
  test('a mixture with as much noise as signal: R² near one half', () => {
    const random = stream('half');
    const early = noiseRows(random, 4);
    const late = Array.from({ length: 12 }, () => {
      const weights = early.map(() => random.normal());
      const size = Math.sqrt(weights.reduce((t, w) => t + w * w, 0));
      return mixture([...early, noiseRow(random)], [...weights.map((w) => w / size), 1]);
    });
    const sites = explainedKernels(planted([early, noiseRows(random, 4), late]), options);
    expect(Math.abs(sites[2]!.meanFar! - 0.5)).toBeLessThan(0.05);
  });
  test(
    'noise has R² near 0 out of sample, even from a pool of a sixth as many kernels as features fitted',
    { timeout: 60_000 },
    () => {
      const random = stream('noise');
      const sets = planted(Array.from({ length: 3 }, () => noiseRows(random, 30)));
      for (const site of explainedKernels(sets, { ...options, distance: 1, poolSize: 40, draws: 2 })) {
        expect(Math.abs(site.meanSame!)).toBeLessThan(0.02);
        expect(Math.abs(site.meanFar!)).toBeLessThan(0.02);
      }
    },
  );
  test('what holds on some base images only does not count', () => {
    const random = stream('local');
    const site = noiseRows(random, 4);
    const impostor = noiseRow(random);
    impostor.set(site[0]!.subarray(0, points)); // a copy on the first base image, noise on the others
    const [only] = explainedKernels(planted([[...site, impostor]]), options);
    expect(only!.same[4]!.low).toBeLessThan(0.15);
  });
  test('a copy that responds a thousand times as weakly is found, and finds', () => {
    const random = stream('weak');
    const site = noiseRows(random, 5);
    site.push(site[0]!.map((v) => 0.001 * v));
    const [only] = explainedKernels(planted([site]), options);
    expect(only!.same[0]!.low).toBeGreaterThan(0.999);
    expect(only!.same[5]!.low).toBeGreaterThan(0.999);
  });
  test('the bracket of noise holds 0 and closes as bases are added; that of a copy is closed', () => {
    const random = stream('bracket');
    const site = noiseRows(random, 12);
    site.push(site[0]!.map((v) => 2 * v));
    const [only] = explainedKernels(planted([site]), options);
    for (const r2 of only!.same.slice(1, 12)) {
      expect(r2!.low).toBeLessThanOrEqual(0.02);
      expect(r2!.high).toBeGreaterThan(0);
    }
    expect(only!.same[0]!.high - only!.same[0]!.low).toBeLessThan(0.001);
  });
  test('a copy in another site is found although the sites respond unequally strongly from base to base', () => {
    const random = stream('across');
    const early = noiseRows(random, 5);
    // On every other base image the rest of the later site responds a hundred times as strongly.
    const loud = noiseRows(random, 5).map((row) => row.map((v, i) => (Math.floor(i / points) % 2 === 0 ? 100 * v : v)));
    const set = planted([early, [...loud, early[2]!.map((v) => -2 * v)]]);
    const sites = explainedKernels(set, { ...options, distance: 1 });
    expect(sites[1]!.far[5]!.low).toBeGreaterThan(0.999);
    expect(sites[0]!.far[2]!.low).toBeGreaterThan(0.999);
  });
  test('so is one in the matrix of sites', () => {
    const random = stream('matrix');
    const one = noiseRow(random);
    const multiples = Array.from({ length: 15 }, (_, k) => one.map((v) => (k + 1) * v));
    const loud = noiseRow(random).map((v, i) => (Math.floor(i / points) % 2 === 0 ? 1000 * v : v));
    const { values } = longRangeMatrix(planted([multiples, [...multiples, loud]]), { seed: 3, poolSize: 7 })!;
    // All of the later site's kernels but the loud one are there in the earlier one: one of 16 may be missed.
    expect(values[0]![1]).toBeGreaterThan(0.85);
  });
  test('the scale of a site does not matter', () => {
    const random = stream('scale');
    const site = noiseRows(random, 5);
    site.push(mixture(site, [1, 1, 0, 0, 0.5]));
    const scaled = site.map((row) => row.map((v) => 8 * v));
    const [a] = explainedKernels(planted([site]), options);
    const [b] = explainedKernels(planted([scaled]), options);
    a!.same.forEach((r2, k) => expect(b!.same[k]!.low).toBeCloseTo(r2!.low, 5));
  });
});

describe('pools', () => {
  // Within each test, not before them: mutation testing sees what a test runs.
  const sets = () => {
    const random = stream('pools');
    return { network: planted([noiseRows(random, 12), noiseRows(random, 5), noiseRows(random, 12)]), random };
  };
  test('are as large as the network can fill, whatever its nulls can', () => {
    const { network, random } = sets();
    expect(poolSizes(network, { ...options, poolSize: 10 })).toEqual([
      { same: 10, far: 10 },
      { same: 4, far: 0 },
      { same: 10, far: 10 },
    ]);
    // A null with fewer live kernels fills its pools with silent ones, which tell nothing.
    const silent = (count: number) => Array.from({ length: count }, () => new Float32Array(bases * points));
    // What is live at the two ends lives in one space of three directions, so that each end tells all of the other.
    const space = noiseRows(random, 3);
    const within = (count: number) =>
      Array.from({ length: count }, () => mixture(space, [random.normal(), random.normal(), random.normal()]));
    const live = [within(8), noiseRows(random, 5), within(3)];
    const poor = planted([[...live[0]!, ...silent(4)], live[1]!, [...silent(9), ...live[2]!]]);
    const found = explainedKernels(poor, options, poolSizes(network, options));
    expect(found.map(({ pools }) => pools)).toEqual(poolSizes(network, options));
    const alone = explainedKernels(planted(live), options);
    const known = (list: readonly (R2Bracket | null)[]): R2Bracket[] => list.filter((r2) => r2 !== null);
    for (const reach of ['same', 'far'] as const) {
      found.forEach((site, s) => {
        expect(known(site[reach])).toHaveLength(known(alone[s]![reach]).length);
        // Only the penalties that are tried are others, being shares of the mean over all of the pool.
        known(site[reach]).forEach((r2, k) => expect(r2.low).toBeCloseTo(known(alone[s]![reach])[k]!.low, 1));
        // Three kernels of three directions tell nothing of each other.
        const told = s === 0 || (s === 2 && reach === 'far');
        if (told) for (const { low } of known(site[reach])) expect(low).toBeGreaterThan(0.9);
      });
    }
  });
  test('every kernel of a large site gets its number from groups of the pool size', () => {
    const { network } = sets();
    const [first] = explainedKernels(network, { ...options, poolSize: 4, draws: 3 });
    expect(first!.pools).toEqual({ same: 4, far: 4 });
    expect(first!.same.every((r2) => r2 !== null)).toBe(true);
    expect(first!.far.every((r2) => r2 !== null)).toBe(true);
  });
  test('the same seed gives the same bytes, another seed other draws', () => {
    const { network } = sets();
    const once = (seed: number) => explainedKernels(network, { ...options, seed, poolSize: 4 });
    expect(once(1)).toEqual(once(1));
    expect(once(1)).not.toEqual(once(2));
  });
  test('folds share out the base images, each once', () => {
    const { network } = sets();
    const folds = baseFolds(network, 3, 5)!;
    expect(
      folds
        .flat()
        .map(([from]) => from / points)
        .sort((a, b) => a - b),
    ).toEqual([...Array(bases).keys()]);
  });
  test('silent kernels, single kernels and single base images have no R²', () => {
    const { random } = sets();
    const silent = planted([[...noiseRows(random, 3), new Float32Array(bases * points)], [noiseRow(random)]]);
    const [first, second] = explainedKernels(silent, { ...options, distance: 1 });
    expect(first!.same[3]).toBeNull();
    expect(first!.far[3]).toBeNull();
    expect(second!.same).toEqual([null]);
    expect(second!.far[0]).not.toBeNull();
    const one = { ...silent, starts: [0, bases * points] };
    expect(explainedKernels(one, options)[0]!.same.every((r2) => r2 === null)).toBe(true);
    expect(meanOfKnown([null, 1, 3])).toBe(2);
    expect(meanOfKnown([null])).toBeNull();
  });
});

describe('the long-range matrix', () => {
  test('finds the pair of sites that share a space, in both directions, and nothing else', () => {
    const random = stream('long-range');
    const space = noiseRows(random, 3);
    const within = () =>
      Array.from({ length: 10 }, () => mixture(space, [random.normal(), random.normal(), random.normal()]));
    const set = planted([within(), noiseRows(random, 10), within(), noiseRows(random, 10)]);
    const matrix = longRangeMatrix(set, { seed: 1 })!;
    expect(matrix.kernels).toBe(5);
    matrix.values.forEach((row, from) =>
      row.forEach((r2, to) => {
        if (from % 2 === 0 && to % 2 === 0) expect(r2).toBeGreaterThan(0.99);
        else expect(Math.abs(r2!)).toBeLessThan(0.03);
      }),
    );
  });
  test('a site with too few live kernels is null; sizes agree with the smallest site that takes part', () => {
    const random = stream('few');
    const set = planted([noiseRows(random, 12), noiseRows(random, 3), noiseRows(random, 6)]);
    expect(rarefaction(set)).toBe(3);
    const matrix = longRangeMatrix(set, { seed: 1 })!;
    expect(matrix.values[1]).toEqual([null, null, null]);
    expect(matrix.values.map((row) => row[1])).toEqual([null, null, null]);
    expect(matrix.values[0]![2]).not.toBeNull();
    expect(longRangeMatrix(planted([noiseRows(random, 3)]), { seed: 1 })).toBeNull();
  });
  test('a null with fewer live kernels keeps the size of its network’s pools, and fills them with silent ones', () => {
    const random = stream('poor null');
    const silent = Array.from({ length: 7 }, () => new Float32Array(bases * points));
    const poor = planted([
      [...noiseRows(random, 5), ...silent],
      noiseRows(random, 12),
      [...noiseRows(random, 3), ...silent],
    ]);
    const matrix = longRangeMatrix(poor, { seed: 1, poolSize: 6 })!;
    expect(matrix.kernels).toBe(6);
    expect(matrix.values[0]![1]).not.toBeNull();
    expect(matrix.values[1]![0]).not.toBeNull();
    expect(matrix.values[2]).toEqual([null, null, null]);
  });
});
