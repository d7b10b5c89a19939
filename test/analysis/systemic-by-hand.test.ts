import { describe, expect, test } from 'vitest';
import { jackknifeInterval } from '../../core/analysis/interval.js';
import { longRangeMatrix } from '../../core/analysis/long-range.js';
import type { SignatureSet } from '../../core/analysis/signature.js';
import { commonRarefaction } from '../../core/analysis/site-matrix.js';
import {
  effectiveRank,
  spacedSites,
  systemicExcess,
  systemicRedundancy,
  systemicScore,
  type SystemicRedundancy,
} from '../../core/analysis/systemic.js';
import { bases, mixture, noiseRows, planted, points, stream } from './planted.js';

const options = { seed: 2, sites: 3, kernels: 4, draws: 5 };
/** Sites of four kernels each, so that every draw of four takes them all. */
const four = (name: string): SignatureSet => {
  const random = stream(name);
  const space = noiseRows(random, 3);
  return planted(
    Array.from({ length: 3 }, () =>
      Array.from({ length: 4 }, () =>
        mixture([...space, ...noiseRows(random, 1)], [random.normal(), random.normal(), random.normal(), 1]),
      ),
    ),
  );
};
/** The score of all kernels of a set on some base images, from nested loops. */
const scoreOf = (set: SignatureSet, kept: readonly number[]): number => {
  const rows = set.sites.flatMap(({ data }) =>
    [0, 1, 2, 3].map((k) => data.subarray(k * set.features, (k + 1) * set.features)),
  );
  const gram = rows.flatMap((a) =>
    rows.map((b) =>
      kept.reduce((sum, base) => {
        for (let f = base * points; f < (base + 1) * points; f++) sum += a[f]! * b[f]!;
        return sum;
      }, 0),
    ),
  );
  return systemicScore(Float64Array.from(gram), 3, 4)!;
};
const every = Array.from({ length: bases }, (_, base) => base);

describe('systemic redundancy', () => {
  test('of sites whose kernels are all drawn is the score of all, by base image without each', () => {
    const set = four('all');
    const found = systemicRedundancy(set, { ...options, level: 0.9 })!;
    expect(found.value).toBeCloseTo(scoreOf(set, every), 9);
    expect(found.value).toBeGreaterThan(0.05);
    expect(found.value).toBeLessThan(0.95);
    expect(found.leaveOneOut).toHaveLength(bases);
    found.leaveOneOut.forEach((left, out) =>
      expect(left).toBeCloseTo(
        scoreOf(
          set,
          every.filter((base) => base !== out),
        ),
        9,
      ),
    );
    expect(found).toMatchObject({ sites: 3, kernels: 4 });
    expect(found.drawVariance).toBeLessThan(1e-20);
    const wanted = jackknifeInterval(found.value, found.leaveOneOut, 0.9, { least: 0, most: 1 })!;
    expect(found.interval!.low).toBeCloseTo(wanted.low, 9);
    expect(found.interval!.high).toBeCloseTo(wanted.high, 9);
    expect(found.interval!.level).toBe(0.9);
  });

  test('of more kernels varies from draw to draw, and its interval counts that', () => {
    const random = stream('draws');
    const space = noiseRows(random, 3);
    const set = planted(
      Array.from({ length: 3 }, () => [
        ...noiseRows(random, 5),
        ...Array.from({ length: 5 }, () => mixture(space, [random.normal(), random.normal(), random.normal()])),
      ]),
    );
    const of = (draws: number) => systemicRedundancy(set, { ...options, draws })!;
    const [few, more] = [of(5), of(20)];
    expect(few.drawVariance).toBeGreaterThan(0);
    // The variance of a mean of four times as many draws is about a quarter.
    expect(more.drawVariance).toBeLessThan(0.7 * few.drawVariance);
    const { low, high } = jackknifeInterval(few.value, few.leaveOneOut, 0.95, {
      least: 0,
      most: 1,
      noise: few.drawVariance,
    })!;
    expect(few.interval).toMatchObject({ low, high });
    expect(systemicRedundancy(set, { ...options, seed: 3 })!.value).not.toBe(few.value);
  });

  test('needs three base images for an interval, and two sites for a value', () => {
    const set = four('few');
    const cut = (count: number): SignatureSet => ({ ...set, starts: set.starts.slice(0, count + 1) });
    expect(systemicRedundancy(cut(3), options)!.interval).not.toBeNull();
    expect(systemicRedundancy(cut(3), options)!.leaveOneOut).toHaveLength(3);
    expect(systemicRedundancy(cut(2), options)).toMatchObject({ interval: null, leaveOneOut: [] });
    expect(systemicRedundancy(cut(2), options)!.value).toBeCloseTo(scoreOf(set, [0, 1]), 9);
    expect(systemicRedundancy({ ...set, sites: set.sites.slice(0, 1) }, options)).toBeNull();
    expect(systemicRedundancy({ ...set, sites: set.sites.slice(0, 2) }, options)).not.toBeNull();
  });

  test('is of 8 kernels at up to 8 sites, unless told', () => {
    const random = stream('defaults');
    const set = planted(Array.from({ length: 9 }, () => noiseRows(random, 8)));
    expect(systemicRedundancy(set, { seed: 1, draws: 1 })).toMatchObject({ sites: 8, kernels: 8 });
    expect(systemicRedundancy(set, { seed: 1, draws: 1 })!.interval!.level).toBe(0.95);
  });

  test('of responses that are all silent on what is kept has no value', () => {
    const set = four('silent');
    const silent = { ...set, sites: set.sites.map((site) => ({ ...site, data: new Float32Array(site.data.length) })) };
    expect(systemicRedundancy(silent, options)).toBeNull();
  });

  test('beyond a null is a difference, with what both draws add to its interval', () => {
    const one = (value: number, leaveOneOut: readonly number[], drawVariance: number): SystemicRedundancy => ({
      value,
      interval: null,
      sites: 3,
      kernels: 4,
      leaveOneOut,
      drawVariance,
    });
    const [network, shuffled] = [one(0.75, [0.5, 0.75, 1], 0.001), one(0.25, [0.25, 0.125, 0.375], 0.002)];
    const { value, interval } = systemicExcess(network, shuffled, 0.5);
    expect(value).toBe(0.5);
    const wanted = jackknifeInterval(0.5, [0.25, 0.625, 0.625], 0.5, { least: -1, most: 1, noise: 0.003 })!;
    expect(interval!.low).toBeCloseTo(wanted.low, 12);
    expect(interval!.high).toBeCloseTo(wanted.high, 12);
    expect(systemicExcess(network, one(0.25, [0.25, 0.125], 0)).interval).toBeNull();
    // Ends at −1 and 1.
    const wide = systemicExcess(one(0.9, [0, 1, 0.5], 1), one(0.1, [1, 0, 0.5], 1));
    expect(wide.interval).toMatchObject({ low: -1, high: 1 });
  });
});

describe('sites', () => {
  const set = planted([4, 4, 3, 4, 4, 4].map((count) => noiseRows(stream('sites'), count)));
  test('are spread evenly over those that have enough kernels, and one is the first', () => {
    expect(spacedSites(set, 1, 4)).toEqual([0]);
    expect(spacedSites(set, 2, 4)).toEqual([0, 5]);
    expect(spacedSites(set, 3, 4)).toEqual([0, 3, 5]);
    expect(spacedSites(set, 9, 3)).toEqual([0, 1, 2, 3, 4, 5]);
    expect(spacedSites(set, 3, 5)).toEqual([]);
  });
});

test('an effective rank is the exponential of an entropy', () => {
  // Shares of a half, a quarter and a quarter: 1.5 ln 2.
  expect(effectiveRank([2, 1, 1])).toBeCloseTo(2 ** 1.5, 12);
  expect(effectiveRank([2, -5, 1, 1])).toBeCloseTo(2 ** 1.5, 12);
  expect(effectiveRank([])).toBe(0);
});

describe('the long-range matrix', () => {
  test('is read from row to column: a large space predicts a part of it, the part half of the space', () => {
    const random = stream('asymmetric');
    const [x, y] = noiseRows(random, 2);
    const wide = Array.from({ length: 8 }, () => mixture([x!, y!], [random.normal(), random.normal()]));
    const narrow = Array.from({ length: 8 }, () => mixture([x!], [1 + random.uniform()]));
    const { values: r2, kernels, sites } = longRangeMatrix(planted([wide, narrow]), { seed: 1, draws: 8 })!;
    expect(kernels).toBe(4);
    expect(sites).toEqual([
      { site: 'site0', depth: 0 },
      { site: 'site1', depth: 1 },
    ]);
    expect(r2[0]![1]).toBeGreaterThan(0.99);
    expect(r2[1]![0]).toBeLessThan(0.9);
    expect(r2[1]![0]).toBeGreaterThan(0.1);
    expect(r2[0]![0]).toBeGreaterThan(0.99);
    expect(r2[1]![1]).toBeGreaterThan(0.99);
  });

  test('has no number on fewer than two base images, and numbers only of sites that take part', () => {
    const set = planted([noiseRows(stream('base'), 8), noiseRows(stream('base'), 3)]);
    expect(longRangeMatrix({ ...set, starts: [0, points] }, { seed: 1 })).toBeNull();
    expect(longRangeMatrix({ ...set, starts: [0, points, 2 * points] }, { seed: 1 })).not.toBeNull();
    const { values: r2 } = longRangeMatrix(set, { seed: 1 })!;
    expect(r2.map((row) => row.map((value) => value === null))).toEqual([
      [false, true],
      [true, true],
    ]);
    // Pool and targets of a site are different kernels: noise is not explained by itself.
    expect(Math.abs(r2[0]![0]!)).toBeLessThan(0.1);
  });

  test('takes pools of half the kernels of the smallest site that takes part, 8 at most unless told', () => {
    const set = (...counts: readonly number[]) => planted(counts.map((count) => noiseRows(stream('pools'), count)));
    expect(commonRarefaction([set(40, 20)])).toBe(8);
    expect(commonRarefaction([set(40, 20)], 99)).toBe(10);
    expect(commonRarefaction([set(40), set(7, 3)])).toBe(3);
    expect(commonRarefaction([set(4)])).toBe(2);
    expect(commonRarefaction([set(3)])).toBeNull();
    expect(longRangeMatrix(set(40, 20), { seed: 1, poolSize: 5, draws: 1 })!.kernels).toBe(5);
  });

  test('is drawn by its seed', () => {
    const set = planted([noiseRows(stream('seeds'), 12), noiseRows(stream('seeds'), 12)]);
    const of = (seed: number, draws = 4) => longRangeMatrix(set, { seed, draws, poolSize: 2 });
    expect(of(1)).toEqual(of(1));
    expect(of(1)).not.toEqual(of(2));
    expect(longRangeMatrix(set, { seed: 1, poolSize: 2 })).toEqual(of(1));
    expect(of(1, 1)).not.toEqual(of(1));
  });
});
