import { describe, expect, test } from 'vitest';
import type { Site } from '../../../../core/anatomy/site.js';
import type { BaseParts } from '../../../../core/probe/null-signatures.js';
import { randomStream } from '../../../../core/random.js';
import { betweenRows, nearestOf, type ComparedNetwork } from '../../../../core/study/analysing/rows/between.js';

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
const all = { impulses: true, examples: true };

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
    expect(values(network({}), { ...all, impulses: false })).toEqual([null, null, null, null]);
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
