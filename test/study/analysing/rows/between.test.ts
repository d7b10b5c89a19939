import { describe, expect, test } from 'vitest';
import type { Site } from '../../../../core/anatomy/site.js';
import type { BaseParts } from '../../../../core/probe/null-signatures.js';
import { randomStream } from '../../../../core/random.js';
import {
  Comparison,
  nearestOf,
  type Common,
  type ComparedNetwork,
} from '../../../../core/study/analysing/rows/between.js';

const bases = 8;
const random = randomStream(3, 'between rows');

/** Kernels of one site: [kernels × (2 impulses × points)] on each base. */
const noise = (kernels: number, points: number): Float32Array[][] =>
  Array.from({ length: bases }, () => [Float32Array.from({ length: kernels * 2 * points }, () => random.normal())]);

const siteOf = (name: string, depth: number, channels: number): Site =>
  ({ name, normalisedDepth: depth, channels }) as unknown as Site;

/** Every second row of [kernels × 2 × (rows × 2)]. */
const everySecond = (part: Float32Array): Float32Array => part.filter((_, i) => Math.floor(i / 2) % 2 === 0);

const places = { rows: [0, 4, 8, 12], columns: [0, 4] };
const coarse = { rows: [0, 8], columns: [0, 4] };
const parts: BaseParts = new Map([
  ['early', noise(4, 8)],
  ['late', noise(5, 8)],
]);
const none = new Map<string, Float64Array>();
const network = (own: Partial<ComparedNetwork>): ComparedNetwork => ({
  name: 'a',
  sites: [siteOf('early', 0, 4), siteOf('late', 1, 5)],
  places,
  signatures: parts,
  examples: none,
  ...own,
});
const all: Common = { impulses: (signatures) => signatures, examples: true };

/** Rows of two networks, with nulls of the second, of which sites are discovered at a rate of 0.1. */
function betweenRows(
  a: ComparedNetwork,
  b: ComparedNetwork,
  common: Common,
  nulls: readonly BaseParts[],
  seed: number,
) {
  const comparison = new Comparison(a, b, common, seed);
  for (const parts of nulls) comparison.standIn(parts);
  return comparison.rows(0.1);
}

describe('rows of two networks', () => {
  test('compare them at the points that both have', () => {
    const coarser = network({
      name: 'b',
      places: coarse,
      signatures: new Map([...parts].map(([site, own]) => [site, own.map((bases) => bases.map(everySecond))])),
    });
    const rows = betweenRows(network({}), coarser, all, [], 1);
    expect(
      rows.map(({ model_a, model_b, site_a, site_b, nearest, kernels }) => [
        model_a,
        model_b,
        site_a,
        site_b,
        nearest,
        kernels,
      ]),
    ).toEqual([
      ['a', 'b', 'early', 'early', true, 4],
      ['a', 'b', 'early', 'late', false, 5],
      ['a', 'b', 'late', 'early', false, 4],
      ['a', 'b', 'late', 'late', true, 5],
    ]);
    expect(rows.map(({ r2_low }) => r2_low! > 0.99)).toEqual([true, false, false, true]);
  });

  test('have no R² where they have no point, no impulses or no signatures in common, and none of a site without', () => {
    const values = (b: ComparedNetwork, common = all): (number | null)[] =>
      betweenRows(network({}), b, common, [], 1).map(({ r2_low }) => r2_low);
    expect(values(network({ places: { rows: [1, 5], columns: [0, 4] } }))).toEqual([null, null, null, null]);
    expect(values(network({}), { ...all, impulses: undefined })).toEqual([null, null, null, null]);
    expect(values(network({ signatures: undefined }))).toEqual([null, null, null, null]);
    const [early, fromLate] = values(network({ signatures: new Map([['late', parts.get('late')!]]) }));
    expect([early, fromLate === null]).toEqual([null, false]);
  });

  test('stand against nulls of the predicting network, at nearest sites', () => {
    const nulls = [1, 2].map(
      (): BaseParts =>
        new Map([
          ['early', noise(4, 8)],
          ['late', noise(5, 8)],
        ]),
    );
    const rows = betweenRows(network({}), network({ name: 'b' }), all, nulls, 1);
    expect(rows.map(({ r2_null }) => r2_null === null)).toEqual([false, true, true, false]);
    for (const { r2_low, r2_null, r2_excess } of rows.filter(({ nearest }) => nearest)) {
      expect(Math.abs(r2_null!)).toBeLessThan(0.2);
      expect(r2_excess).toBe(r2_low! - r2_null!);
    }
  });

  test('have for all sites R² of few kernels against all nulls, and what is above them is discovered', () => {
    const nulls = Array.from(
      { length: 19 },
      (): BaseParts =>
        new Map([
          ['early', noise(4, 8)],
          ['late', noise(5, 8)],
        ]),
    );
    const rows = betweenRows(network({}), network({ name: 'b' }), all, nulls, 1);
    // Four of five kernels may miss the one of that is predicted: a mean over draws.
    expect(rows.map((row) => [row.rarefied_kernels, row.rarefied_discovered])).toEqual([
      [4, true],
      [4, false],
      [4, false],
      [4, true],
    ]);
    const [early] = rows;
    expect(early!.rarefied).toBeGreaterThan(0.99);
    expect(early!.rarefied_p).toBe(1 / 20);
    // Two of four pairs have no null of 76 above them: 1/77, by Benjamini and Yekutieli times 4/2 and 1 + 1/2 + 1/3 + 1/4.
    expect(early!.rarefied_p_adjusted).toBeCloseTo(((1 / 77) * 4 * (25 / 12)) / 2, 12);
    for (const { rarefied, rarefied_null, rarefied_null_sd, rarefied_excess } of rows) {
      expect(rarefied_excess).toBe(rarefied! - rarefied_null!);
      expect(rarefied_null_sd).toBeGreaterThan(0);
    }
    const alone = betweenRows(network({}), network({ name: 'b' }), all, [], 1);
    expect(alone.map((row) => [row.rarefied === null, row.rarefied_null, row.rarefied_discovered])).toEqual(
      Array(4).fill([false, null, null]),
    );
  });

  test('say whether the bracket of R² is narrow enough to quote', () => {
    for (const row of betweenRows(network({}), network({ name: 'b' }), all, [], 1))
      expect(row.r2_resolved).toBe(row.r2_high! - row.r2_low! <= 0.1);
  });

  test('have CKA of the same examples, at least 100 of them', () => {
    const gram = (examples: number): Float64Array =>
      Float64Array.from({ length: (examples * (examples - 1)) / 2 }, () => random.normal());
    const examples = new Map([
      ['early', gram(100)],
      ['late', gram(99)],
    ]);
    const rows = betweenRows(network({ examples }), network({ name: 'b', examples }), all, [], 1);
    expect(rows.map((row) => row.examples)).toEqual([100, null, null, null]);
    expect(rows[0]!.cka).toBeCloseTo(1, 12);
    const others = betweenRows(network({ examples }), network({ examples }), { ...all, examples: false }, [], 1);
    expect(others.map(({ cka }) => cka)).toEqual([null, null, null, null]);
  });

  test('are of the nearest site in depth, the first of several', () => {
    expect(nearestOf([0, 0.4, 0.5, 1], [0, 0.5, 1])).toEqual([0, 1, 1, 2]);
    expect(nearestOf([0.25], [0, 0.5])).toEqual([0]);
  });
});
