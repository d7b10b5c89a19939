import { describe, expect, test } from 'vitest';
import { jackknifeInterval } from '../../core/analysis/interval.js';
import { PairSums, participationRatio, systemicScore, type PairMoments } from '../../core/analysis/pair-moments.js';
import { signatureSet } from '../../core/analysis/signature.js';
import { systemicExcess, systemicRedundancy, type SystemicRedundancy } from '../../core/analysis/systemic.js';
import { randomStream } from '../../core/random.js';
import { noiseRows, planted, stream } from './planted.js';

const members = [
  [0, 1, 2],
  [3, 4],
];
const n = 5;

/** Gram matrices of random rows, another on each base. */
function grams(bases: number, seed = 1): Float64Array[] {
  const random = randomStream(seed, 'pair moments');
  return Array.from({ length: bases }, () => {
    const rows = Array.from({ length: n }, () => Array.from({ length: 7 }, () => random.normal()));
    return Float64Array.from(rows.flatMap((a) => rows.map((b) => a.reduce((sum, value, i) => sum + value * b[i]!, 0))));
  });
}

/** By definition: over all draws of two of three kernels of the first site, and both of the second, over ordered pairs of bases. */
function byDefinition(all: readonly Float64Array[], which: 'pairs' | 'plugin'): PairMoments {
  const draws = [
    [0, 1],
    [0, 2],
    [1, 2],
  ].map((first) => [first, [3, 4]]);
  const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
  const pairs = all.flatMap((_, i) =>
    all.flatMap((_other, j) => (which === 'plugin' || i !== j ? [[i, j] as const] : [])),
  );
  const trace = (gram: Float64Array, site: number): number =>
    mean(draws.map((draw) => draw[site]!.reduce((sum, k) => sum + gram[k * n + k]!, 0)));
  const sites = [0, 1];
  const of = (value: (a: number, b: number) => number): Float64Array =>
    Float64Array.from(sites.flatMap((a) => sites.map((b) => value(a, b))));
  return {
    means: Float64Array.from(sites, (site) => mean(all.map((gram) => trace(gram, site)))),
    traces: of((a, b) => mean(pairs.map(([i, j]) => trace(all[i]!, a) * trace(all[j]!, b)))),
    squares: of((a, b) =>
      mean(
        draws.map((draw) =>
          draw[a]!.flatMap((k) =>
            draw[b]!.map((l) => mean(pairs.map(([i, j]) => all[i]![k * n + l]! * all[j]![k * n + l]!))),
          ).reduce((sum, value) => sum + value, 0),
        ),
      ),
    ),
  };
}

function expectMoments(found: PairMoments, wanted: PairMoments): void {
  for (const what of ['means', 'traces', 'squares'] as const) {
    expect(found[what]).toHaveLength(wanted[what].length);
    wanted[what].forEach((value, i) => expect(found[what][i]).toBeCloseTo(value, 9));
  }
}

describe('moments over pairs of bases', () => {
  test('are averages over pairs of different bases and over draws; plug-in ones are over all pairs', () => {
    for (const bases of [2, 3, 5]) {
      const sums = new PairSums({ grams: grams(bases), members }, 2);
      expectMoments(sums.unbiased(), byDefinition(grams(bases), 'pairs'));
      expectMoments(sums.plugin(), byDefinition(grams(bases), 'plugin'));
    }
  });

  test('without a base are those of the others', () => {
    const all = grams(5);
    const sums = new PairSums({ grams: all, members }, 2);
    all.forEach((_, left) =>
      expectMoments(
        sums.without(left),
        byDefinition(
          all.filter((_gram, base) => base !== left),
          'pairs',
        ),
      ),
    );
  });

  test('of all kernels of a pool, and of a pool of one, need no draws', () => {
    const whole = new PairSums({ grams: grams(4), members: [[0]] }, 1).unbiased();
    const diagonal = grams(4).map((gram) => gram[0]!);
    const sum = diagonal.reduce((total, value) => total + value, 0);
    const squares = diagonal.reduce((total, value) => total + value * value, 0);
    expect(whole.squares[0]).toBeCloseTo((sum * sum - squares) / 12, 9);
    expect(participationRatio(whole, 0)).toBeCloseTo(1, 12);
  });
});

describe('what moments give no number for', () => {
  const moments = (traces: number[], squares: number[], means: number[]): PairMoments => ({
    traces: Float64Array.from(traces),
    squares: Float64Array.from(squares),
    means: Float64Array.from(means),
  });
  test('a rank without trace or without squares', () => {
    expect(participationRatio(moments([0], [1], [1]), 0)).toBeNull();
    expect(participationRatio(moments([1], [0], [1]), 0)).toBeNull();
    expect(participationRatio(moments([4], [2], [2]), 0)).toBe(2);
  });
  test('a score of one site, of sites one of which has no rank, and of squares that noise made negative', () => {
    expect(systemicScore(moments([4], [2], [2]))).toBeNull();
    expect(systemicScore(moments([4, 4, 4, 4], [2, 0, 0, -1], [2, 2]))).toBeNull();
    expect(systemicScore(moments([4, 4, 4, 4], [2, -9, -9, 2], [2, 2]))).toBeNull();
    // Ranks 2 and 2, weights 1 and 1: r_all = 16 / (2 + 1 + 1 + 2), so (4 − 8/3) / 2.
    expect(systemicScore(moments([4, 4, 4, 4], [2, 1, 1, 2], [2, 2]))).toBeCloseTo(2 / 3, 12);
  });
});

describe('systemic redundancy of a set', () => {
  const options = { seed: 4, sites: 2, kernels: 3 };
  /** Two sites of five kernels on so many bases. */
  const set = (bases: number, kernels = 5) => {
    const random = randomStream(5, 'set of bases');
    const part = (): Float32Array => Float32Array.from({ length: kernels * 9 }, () => random.normal());
    return signatureSet(
      ['a', 'b'].map((site, depth) => ({ site, depth, kernels, parts: Array.from({ length: bases }, () => [part()]) })),
    );
  };

  test('needs two bases and two sites; an interval needs three bases', () => {
    expect(systemicRedundancy(set(1), options)).toBeNull();
    expect(systemicRedundancy({ ...set(4), sites: set(4).sites.slice(0, 1) }, options)).toBeNull();
    const two = systemicRedundancy(set(2), options)!;
    expect([two.leaveOneOut, two.interval]).toEqual([[], null]);
    expect(systemicRedundancy(set(3), options)!.leaveOneOut).toHaveLength(3);
  });

  test('has the jackknife over bases as its interval, each left out in turn', () => {
    const { value, leaveOneOut, interval, poolVariance, sites, kernels } = systemicRedundancy(set(6), options)!;
    expect([poolVariance, sites, kernels]).toEqual([0, 2, 3]);
    expect(interval).toEqual(jackknifeInterval(value, leaveOneOut, 0.95));
    expect(new Set(leaveOneOut).size).toBe(6);
    const narrow = systemicRedundancy(set(6), { ...options, level: 0.5 })!;
    expect(narrow.interval!.high).toBeLessThan(interval!.high);
  });

  test('of a wide site takes a pool of 64, whose variance by eighths is in the interval', () => {
    const wide = planted([noiseRows(stream('one'), 96), noiseRows(stream('two'), 10)]);
    const { value, leaveOneOut, interval, poolVariance } = systemicRedundancy(wide, options)!;
    expect(poolVariance).toBeGreaterThan(0);
    expect(interval).toEqual(jackknifeInterval(value, leaveOneOut, 0.95, { noise: poolVariance }));
    const whole = systemicRedundancy(planted([noiseRows(stream('one'), 64), noiseRows(stream('two'), 10)]), options)!;
    expect(whole.poolVariance).toBe(0);
    // A pool that holds two thirds of its site varies by a third of what one of a very wide site does.
    const wider = planted([noiseRows(stream('one'), 640), noiseRows(stream('two'), 10)]);
    expect(systemicRedundancy(wider, options)!.poolVariance).toBeGreaterThan(poolVariance);
  });
});

describe('the excess', () => {
  const like = (value: number, leaveOneOut: number[] = [], poolVariance = 0): SystemicRedundancy => ({
    value,
    plugin: null,
    interval: null,
    sites: 2,
    kernels: 4,
    leaveOneOut,
    poolVariance,
  });
  const bases = [0.2, 0.4, 0.3, 0.5];
  const nulls = [0.1, 0.3, 0.2].map((value) => like(value, [0.1, 0.2, 0.1, 0.1]));

  test('counts bases, pools and nulls, with the degrees of freedom of the fewer', () => {
    const { excess, none } = systemicExcess(like(0.4, bases, 0.05), nulls)!;
    const differences = [0.1, 0.2, 0.2, 0.4];
    const mean = 0.225;
    const spread = differences.reduce((sum, value) => sum + (value - mean) ** 2, 0) / 3;
    const error = Math.sqrt((spread * 9) / 4 + 0.05 + 0.01 / 3);
    expect(excess.value).toBeCloseTo(0.2, 12);
    // Student's quantile of 2 degrees of freedom.
    expect(excess.interval!.high - excess.value).toBeCloseTo(4.302652729911275 * error, 9);
    expect(none.interval!.estimate).toBeCloseTo(0.2, 12);
  });

  test('has no interval where networks were measured on other bases, or on two', () => {
    const others = [...nulls.slice(1), like(0.2, [0.1])];
    expect(systemicExcess(like(0.4, bases), others)!.excess.interval).toBeNull();
    const two = nulls.map(({ value }) => like(value, [0.1, 0.2]));
    expect(systemicExcess(like(0.4, [0.2, 0.3]), two)!.excess.interval).toBeNull();
    expect(systemicExcess(like(0.4, bases), nulls.slice(1))!.none.interval).toBeNull();
  });

  test('a null that equals the network reaches it', () => {
    expect(systemicExcess(like(0.3), [like(0.3), like(0.1), like(0.2)])!.p).toBe(2 / 4);
  });
});
