import type { R2Bracket } from '../../../../core/analysis/ridge.js';
import { describe, expect, test } from 'vitest';
import { explainedKernels, poolSizes } from '../../../../core/analysis/explained.js';
import { longRangeMatrix } from '../../../../core/analysis/long-range.js';
import { rarefaction } from '../../../../core/analysis/site-matrix.js';
import { signatureSet, type SignatureSet } from '../../../../core/analysis/signature.js';
import { systemicExcess, systemicRedundancy } from '../../../../core/analysis/systemic.js';
import { printVariant, type NetworkVariant } from '../../../../core/plan/network-variant.js';
import { randomStream } from '../../../../core/random.js';
import {
  explainedOf,
  meanR2,
  signaturesOf,
  systemicColumns,
  systemicOf,
} from '../../../../core/study/analysing/rows/redundancy.js';
import { similarityRows } from '../../../../core/study/analysing/rows/similarity.js';
import type { ResponseResultRead } from '../../../../core/study/reading/model-results.js';
import { float32 } from '../../../../core/tensor.js';
import { analysis, anatomy, results, bracket } from './hand-results.js';

const POINTS = 9;
const BASES = 6;

/** Signatures of a site on one base image: mixtures of a few sources that all sites share, so that R² is not 0. */
function partOf(name: string, kernels: number, variant: string, image: number): Float32Array {
  const sources = randomStream(1, 'sources', variant, image);
  const shared = Array.from({ length: 3 }, () => Array.from({ length: POINTS }, () => sources.normal()));
  const own = randomStream(1, 'own', name, variant, image);
  const mixing = randomStream(1, 'mixing', name, variant);
  const strength = variant === 'intact' ? 1 : 0.5;
  const weights = Array.from({ length: kernels }, () => shared.map(() => mixing.normal()));
  return Float32Array.from(
    weights.flatMap((row) =>
      Array.from({ length: POINTS }, (_, p) => {
        const mixed = row.reduce((sum, weight, s) => sum + weight * (shared[s]?.[p] as number), 0);
        return strength * mixed + 0.5 * own.normal();
      }),
    ),
  );
}

const read = (
  variant: NetworkVariant,
  image: number | string,
  own: Partial<ResponseResultRead['group']> = {},
  lacking = '',
): ResponseResultRead => {
  const name = printVariant(variant);
  return {
    group: {
      variant,
      at: 'input',
      base: typeof image === 'string' ? (image as 'black') : { image },
      channels: [0],
      positions: [[0, 0]],
      amplitudes: { unit: 'std', values: [1, -1] },
      record: ['first', 'second'],
      keep: 'signatures',
      ...own,
    },
    impulses: [],
    tensors: new Map(
      anatomy.sites
        .filter((site) => site.name !== lacking)
        .map((site) => [
          `signature/${site.name}`,
          float32([site.channels, POINTS], partOf(site.name, site.channels, name, Number(image))),
        ]),
    ),
    object: 'object',
  };
};

const images = Array.from({ length: BASES }, (_, i) => i);
const ofVariant = (variant: NetworkVariant): ResponseResultRead[] => images.map((image) => read(variant, image));
const setOf = (variant: string, sites = anatomy.sites): SignatureSet =>
  signatureSet(
    sites.map((site) => ({
      site: site.name,
      depth: site.normalisedDepth,
      kernels: site.channels,
      parts: images.map((image) => [partOf(site.name, site.channels, variant, image)]),
    })),
  );

const groups = [...ofVariant('intact'), ...ofVariant({ shuffled: 0 }), ...ofVariant({ shuffled: 1 })];
const found = results({ responses: [{ name: 'images', groups }] });
const [intact, first, second] = ['intact', 'shuffled 0', 'shuffled 1'].map((name) => setOf(name)) as [
  SignatureSet,
  SignatureSet,
  SignatureSet,
];

describe('signatures', () => {
  test('are those of the intact network and of each null, one part a base image', () => {
    const signatures = signaturesOf(found);
    expect(signatures?.intact).toEqual(intact);
    expect(signatures?.nulls).toEqual([first, second]);
  });

  test('come from the first set of impulses on images whose intact network is there on two of them', () => {
    const flat = { name: 'flat', groups: [read('intact', 'black'), read('intact', 'mean-image')] };
    const within = { name: 'within', groups: [0, 1].map((i) => read('intact', i, { at: 'first' })) };
    const single = { name: 'single', groups: [read('intact', 0), ...ofVariant({ shuffled: 0 })] };
    const nullOnly = { name: 'null', groups: ofVariant({ shuffled: 0 }) };
    const own = { name: 'images', groups };
    expect(signaturesOf(results({ responses: [flat, within, single, nullOnly] }))).toBeUndefined();
    expect(signaturesOf(results({ responses: [flat, within, single, nullOnly, own] }))?.intact).toEqual(intact);
    // Flat ones beside them change nothing.
    const mixed = { name: 'mixed', groups: [...flat.groups, ...within.groups, ...groups] };
    expect(signaturesOf(results({ responses: [mixed] }))?.intact).toEqual(intact);
    const two = { name: 'two', groups: [read('intact', 0), read('intact', 1)] };
    expect(signaturesOf(results({ responses: [two, own] }))?.intact.starts).toHaveLength(3);
    expect(signaturesOf(results({ responses: [two, own] }))?.nulls).toEqual([]);
  });

  test('leave out a site that lacks a part, and nulls with too few images', () => {
    const some = [read('intact', 0, {}, 'second'), ...ofVariant('intact').slice(1), read({ shuffled: 0 }, 0)];
    const signatures = signaturesOf(results({ responses: [{ name: 'images', groups: some }] }));
    expect(signatures?.intact).toEqual(setOf('intact', anatomy.sites.slice(0, 1)));
    expect(signatures?.nulls).toEqual([]);
    const none = ofVariant('intact').map((group) => ({ ...group, tensors: new Map() }));
    expect(signaturesOf(results({ responses: [{ name: 'images', groups: none }] }))).toBeUndefined();
  });
});

describe('R² of kernels', () => {
  const signatures = { intact, nulls: [first, second] };
  const options = { seed: 3, distance: analysis.far };
  const pools = poolSizes(intact, options);
  const explain = () => explainedOf(signatures, analysis, 3);

  test('is within a site and from far away, by equal pools in network and nulls', () => {
    const explained = explain();
    const expected = explainedKernels(intact, options, pools);
    expect([...explained.intact]).toEqual(expected.map(({ site, same, far }) => [site, { same, far }]));
    expect(explained.intact.get('first')?.far.every((r2) => r2 !== null)).toBe(true);
  });

  test('of nulls is the mean over them, kernel by kernel', () => {
    const explained = explain();
    const nulls = [first, second].map((set) => explainedKernels(set, options, pools));
    for (const [i, name] of ['first', 'second'].entries()) {
      for (const reach of ['same', 'far'] as const) {
        const [a, b] = nulls.map((sites) => sites[i]?.[reach]) as [R2Bracket[], R2Bracket[]];
        expect(explained.null?.get(name)?.[reach]).toEqual(
          a.map(({ low, high }, k) => ({ low: (low + b[k]!.low) / 2, high: (high + b[k]!.high) / 2 })),
        );
      }
    }
    expect(explainedOf({ intact, nulls: [] }, analysis, 3).null).toBeUndefined();
  });

  test('far away is what the spec says it is', () => {
    const apart = explainedOf(signatures, { ...analysis, far: 0.9 }, 3);
    expect(apart.intact.get('first')?.far).toEqual([null, null, null, null]);
  });

  test('is averaged over the kernels of a site or of all, those without one left out', () => {
    const by = new Map([
      ['first', { same: [0.5, null, 0.25].map(bracket), far: [1, null, null].map(bracket) }],
      ['second', { same: [0.75].map(bracket), far: [0.5].map(bracket) }],
    ]);
    expect(meanR2(by, 'same')).toEqual(bracket(0.5));
    expect(meanR2(by, 'far')).toEqual(bracket(0.75));
    expect(meanR2(by, 'same', 'first')).toEqual(bracket(0.375));
    expect(meanR2(by, 'far', 'second')).toEqual(bracket(0.5));
    expect(meanR2(by, 'same', 'third')).toBeNull();
    expect(meanR2(undefined, 'same')).toBeNull();
  });
});

describe('systemic redundancy', () => {
  const options = { seed: 3, level: 0.95, ...analysis.rarefy };
  const own = systemicRedundancy(intact, options)!;
  const nulls = [first, second].map((set) => systemicRedundancy(set, options)!);

  test('stands against its nulls', () => {
    const systemic = systemicOf({ intact, nulls: [first, second] }, analysis, 3);
    expect(systemic).toEqual({ intact: own, against: systemicExcess(own, nulls, analysis.confidence) });
    expect(systemic?.against?.excess.value).not.toBeCloseTo(0, 3);
  });

  test('has neither null nor excess without nulls, and is not there with too few kernels', () => {
    expect(systemicOf({ intact, nulls: [] }, analysis, 3)).toEqual({ intact: own, against: null });
    const many = { ...analysis, rarefy: { ...analysis.rarefy, kernels: 5 } };
    expect(systemicOf({ intact, nulls: [first] }, many, 3)).toBeUndefined();
    const small = setOf('shuffled 0', anatomy.sites.slice(0, 1));
    expect(systemicOf({ intact, nulls: [small, second] }, analysis, 3)?.against?.none.value).toBe(nulls[1]!.value);
  });

  test('is resolved where its plug-in value is no farther from it than it is from 0', () => {
    const like = (value: number, plugin: number | null) =>
      systemicColumns({ intact: { ...own, value, plugin }, against: null }).sr_resolved;
    expect([like(0.5, 0.75), like(0.5, 1.25), like(-0.125, 0), like(0.5, null)]).toEqual([true, false, true, null]);
    expect(systemicColumns(undefined).sr_resolved).toBeNull();
  });
});

describe('the long-range matrix', () => {
  const poolSize = rarefaction(intact)!;
  const matrix = longRangeMatrix(intact, { seed: 3, poolSize })!;
  const nulls = [first, second].map((set) => longRangeMatrix(set, { seed: 3, poolSize })!);
  const matrixRows = () => similarityRows(found, { intact, nulls: [first, second] }, 3);

  test('has a row for each ordered pair of sites: how well the first is predicted from the second', () => {
    const rows = matrixRows();
    expect(rows.map(({ site_a, site_b }) => [site_a, site_b])).toEqual([
      ['first', 'first'],
      ['first', 'second'],
      ['second', 'first'],
      ['second', 'second'],
    ]);
    const r2 = matrix.values[1]?.[0] as number;
    const none = ((nulls[0]?.values[1]?.[0] as number) + (nulls[1]?.values[1]?.[0] as number)) / 2;
    expect(rows[1]).toMatchObject({
      model: 'net',
      site_a: 'first',
      site_b: 'second',
      depth_a: 0,
      depth_b: 1,
      type_a: 'rectified',
      type_b: 'signed',
      kernels: 2,
      r2,
      r2_null: none,
      excess: r2 - none,
    });
    expect(rows[2]?.r2).toBe(matrix.values[0]?.[1]);
    expect(rows[1]?.r2).not.toBe(rows[2]?.r2);
  });

  test('has no excess without nulls', () => {
    const [row] = similarityRows(found, { intact, nulls: [] }, 3);
    expect(row).toMatchObject({ r2: expect.any(Number) as number, r2_null: null, excess: null });
  });

  test('is not there for sites, images or kernels that are too few', () => {
    const silent = {
      ...intact,
      sites: intact.sites.map((site) => ({ ...site, live: site.live.slice(0, 3) })),
    };
    expect(similarityRows(found, { intact: silent, nulls: [] }, 3)).toEqual([]);
    expect(similarityRows(found, { intact: { ...intact, starts: [0, intact.features] }, nulls: [] }, 3)).toEqual([]);
    const half = { ...intact, sites: intact.sites.map((site, i) => (i === 1 ? { ...site, live: [0] } : site)) };
    const own = similarityRows(found, { intact: half, nulls: [first] }, 3);
    expect(own.map(({ site_a, site_b }) => [site_a, site_b])).toEqual([['first', 'first']]);
  });
});
