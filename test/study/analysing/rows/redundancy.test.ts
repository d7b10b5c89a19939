import type { R2Bracket } from '../../../../core/analysis/ridge.js';
import { describe, expect, test } from 'vitest';
import { explainedKernels, poolSizes } from '../../../../core/analysis/explained.js';
import { longRangeMatrix } from '../../../../core/analysis/long-range.js';
import { rarefaction, type SiteMatrix } from '../../../../core/analysis/site-matrix.js';
import { similarityNames } from '../../../../core/analysis/similarity.js';
import { signatureSet, type SignatureSet } from '../../../../core/analysis/signature.js';
import { systemicExcess, systemicRedundancy } from '../../../../core/analysis/systemic.js';
import { printVariant, type NullVariant } from '../../../../core/plan/network-variant.js';
import { randomStream } from '../../../../core/random.js';
import {
  explainedOf,
  meanR2,
  measureRedundancy,
  shuffledOf,
  signaturesOf,
  systemicColumns,
  systemicOf,
  type NetworkRedundancy,
  type Redundancy,
} from '../../../../core/study/analysing/rows/redundancy.js';
import { similarityRows } from '../../../../core/study/analysing/rows/similarity.js';
import type { ImpulseSpec } from '../../../../core/spec/study-spec.js';
import type { ModelResults, ResponseResultRead } from '../../../../core/study/reading/model-results.js';
import type { NullReader } from '../../../../core/study/reading/null-reader.js';
import { impulseSpec } from '../../../builders/specs.js';
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

const read = (image: number | string, lacking = '', variant = 'intact'): ResponseResultRead => ({
  group: {
    at: 'input',
    base: typeof image === 'string' ? (image as 'black') : { image },
    channels: [0],
    positions: [[0, 0]],
    amplitudes: { unit: 'std', values: [1, -1] },
    record: ['first', 'second'],
    keep: 'signatures',
  },
  impulses: [],
  tensors: new Map(
    anatomy.sites
      .filter((site) => site.name !== lacking)
      .map((site) => [
        `signature/${site.name}`,
        float32([site.channels, POINTS], partOf(site.name, site.channels, variant, Number(image))),
      ]),
  ),
  object: 'object',
});

/** Sets of impulses as they were planned, by name; what was read of them stands in `responses`. */
const asked = (...specs: readonly Partial<ImpulseSpec>[]): Pick<ModelResults, 'outline'> => ({
  outline: {
    ...results().outline,
    impulses: specs.map((own) => ({
      spec: impulseSpec({ name: 'images', bases: { images: BASES }, ...own }),
      groups: [],
      nulls: [],
    })),
  },
});

const images = Array.from({ length: BASES }, (_, i) => i);
const setOf = (variant: string, sites = anatomy.sites): SignatureSet =>
  signatureSet(
    sites.map((site) => ({
      site: site.name,
      depth: site.normalisedDepth,
      kernels: site.channels,
      parts: images.map((image) => [partOf(site.name, site.channels, variant, image)]),
    })),
  );

const groups = images.map((image) => read(image));
const found = results({ ...asked({}), responses: [{ name: 'images', groups }] });
const [intact, first, second] = ['intact', 'shuffled 0', 'shuffled 1'].map((name) => setOf(name)) as [
  SignatureSet,
  SignatureSet,
  SignatureSet,
];

/** Matrices of which the first measure has numbers. */
const only = (r2: SiteMatrix | null): NetworkRedundancy['matrices'] => ({
  ...(Object.fromEntries(similarityNames.map((name) => [name, null])) as unknown as NetworkRedundancy['matrices']),
  r2,
});

/** Nulls whose signatures are made up, those named as they are named. */
const readerOf = (...variants: readonly NullVariant[]): NullReader => ({
  variants,
  read: (variant) =>
    Promise.resolve(
      new Map(
        anatomy.sites.map(({ name, channels }) => [
          name,
          images.map((image) => [partOf(name, channels, printVariant(variant), image)]),
        ]),
      ),
    ),
});
const measured = (...variants: readonly NullVariant[]): Promise<Redundancy> =>
  measureRedundancy(found, intact, readerOf(...variants), analysis, 3);
const twoNulls = measured({ shuffled: 0 }, { shuffled: 1 });

describe('signatures', () => {
  test('are those of the intact network, one part a base image', () => {
    expect(signaturesOf(found)).toEqual(intact);
  });

  test('hold all positions of a base image, which counts once; a base that lacks a position is left out', () => {
    const both = images.flatMap((image) => [read(image), read(image, '', 'shuffled 0')]);
    const of = (own: readonly ResponseResultRead[]): SignatureSet | undefined =>
      signaturesOf(results({ ...asked({}), responses: [{ name: 'images', groups: own }] }));
    const expected = (bases: readonly number[]): SignatureSet =>
      signatureSet(
        anatomy.sites.map(({ name: site, normalisedDepth: depth, channels: kernels }) => ({
          site,
          depth,
          kernels,
          parts: bases.map((image) => ['intact', 'shuffled 0'].map((part) => partOf(site, kernels, part, image))),
        })),
      );
    expect(of(both)).toEqual(expected(images));
    expect(of(both)?.starts).toHaveLength(BASES + 1);
    expect(of([...both.slice(0, 3), ...both.slice(4)])).toEqual(expected(images.filter((image) => image !== 1)));
    expect(of([read(0), read(0, '', 'shuffled 0'), read(1)])).toBeUndefined();
  });

  test('come from the first set of impulses at the input on two images or more, with both signs', () => {
    const others = [
      { name: 'flat', bases: ['black', 'mean-image'] },
      { name: 'within', at: ['first'] },
      { name: 'single', bases: { images: 1 } },
      { name: 'one sign', amplitudes: { unit: 'std', values: [1, 2] } },
    ] as const;
    const responses = others.map(({ name }) => ({ name, groups: [read(0), read(1)] }));
    expect(signaturesOf(results({ ...asked(...others), responses }))).toBeUndefined();
    const own = { name: 'images', groups };
    expect(signaturesOf(results({ ...asked(...others, {}), responses: [...responses, own] }))).toEqual(intact);
    // Nothing takes its place where it is not there.
    const later = [
      { name: 'images', groups: [read(0)] },
      { name: 'later', groups },
    ];
    expect(signaturesOf(results({ ...asked({}, { name: 'later' }), responses: later }))).toBeUndefined();
  });

  test('leave out a site that lacks a part', () => {
    const some = [read(0, 'second'), ...groups.slice(1)];
    const set = signaturesOf(results({ ...asked({}), responses: [{ name: 'images', groups: some }] }));
    expect(set).toEqual(setOf('intact', anatomy.sites.slice(0, 1)));
    const none = groups.map((group) => ({ ...group, tensors: new Map() }));
    expect(signaturesOf(results({ ...asked({}), responses: [{ name: 'images', groups: none }] }))).toBeUndefined();
  });
});

test('a null that is not there on all bases is left out, and only shuffled ones are what an excess stands against', async () => {
  const all = readerOf({ shuffled: 0 }, { shuffled: 1 }, { reinitialised: 0 });
  const some = await measureRedundancy(
    found,
    intact,
    {
      ...all,
      read: (variant) =>
        'shuffled' in variant && variant.shuffled === 0 ? Promise.resolve(undefined) : all.read(variant),
    },
    analysis,
    3,
  );
  expect(some.nulls.map(({ variant }) => variant)).toEqual([{ shuffled: 1 }, { reinitialised: 0 }]);
  expect(shuffledOf(some).map(({ variant }) => variant)).toEqual([{ shuffled: 1 }]);
  const none = await measured({ reinitialised: 0 });
  expect([explainedOf(none).null, systemicOf(none, analysis)?.against]).toEqual([undefined, null]);
  expect(none.nulls[0]?.matrices.r2).toBeNull();
});

describe('R² of kernels', () => {
  const options = { seed: 3, distance: analysis.far };
  const pools = poolSizes(intact, options);

  test('is within a site and from far away, by equal pools in network and nulls', async () => {
    const explained = explainedOf(await twoNulls);
    const expected = explainedKernels(intact, options, pools);
    expect([...explained.intact]).toEqual(expected.map(({ site, same, far }) => [site, { same, far }]));
    expect(explained.intact.get('first')?.far.every((r2) => r2 !== null)).toBe(true);
  });

  test('of nulls is the mean over them, kernel by kernel', async () => {
    const explained = explainedOf(await twoNulls);
    const nulls = [first, second].map((set) => explainedKernels(set, { ...options, draws: 1 }, pools));
    for (const [i, name] of ['first', 'second'].entries()) {
      for (const reach of ['same', 'far'] as const) {
        const [a, b] = nulls.map((sites) => sites[i]?.[reach]) as [R2Bracket[], R2Bracket[]];
        expect(explained.null?.get(name)?.[reach]).toEqual(
          a.map(({ low, high }, k) => ({ low: (low + b[k]!.low) / 2, high: (high + b[k]!.high) / 2 })),
        );
      }
    }
    expect(explainedOf(await measured()).null).toBeUndefined();
  });

  test('far away is what the spec says it is', async () => {
    const apart = await measureRedundancy(found, intact, readerOf(), { ...analysis, far: 0.9 }, 3);
    expect(explainedOf(apart).intact.get('first')?.far).toEqual([null, null, null, null]);
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

  test('stands against its nulls', async () => {
    const systemic = systemicOf(await twoNulls, analysis);
    expect(systemic).toEqual({ intact: own, against: systemicExcess(own, nulls, analysis.confidence) });
    expect(systemic?.against?.excess.value).not.toBeCloseTo(0, 3);
  });

  test('has neither null nor excess without nulls, and is not there with too few kernels', async () => {
    expect(systemicOf(await measured(), analysis)).toEqual({ intact: own, against: null });
    const many = { ...analysis, rarefy: { ...analysis.rarefy, kernels: 5 } };
    const few = await measureRedundancy(found, intact, readerOf({ shuffled: 0 }), many, 3);
    expect(systemicOf(few, many)).toBeUndefined();
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
  const matrixRows = async () => similarityRows(found, await twoNulls, 0.05);

  test('has a row for each ordered pair of sites: how well the first is predicted from the second', async () => {
    const rows = await matrixRows();
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
      r2_null_sd: expect.closeTo(Math.abs((nulls[0]?.values[1]?.[0] as number) - none) * Math.SQRT2, 12) as number,
      excess: r2 - none,
      r2_discovered: false,
    });
    expect(rows[2]?.r2).toBe(matrix.values[0]?.[1]);
    expect(rows[1]?.r2).not.toBe(rows[2]?.r2);
  });

  test('has neither excess nor discoveries without nulls', async () => {
    const [row] = similarityRows(found, await measured(), 0.05);
    expect(row).toMatchObject({ r2: expect.any(Number) as number, r2_null: null, excess: null, r2_p: null });
    expect([row?.r2_null_sd, row?.r2_p_adjusted, row?.r2_discovered]).toEqual([null, null, null]);
  });

  test('pairs are discovered where they are above 0 and above the largest of every null, at the asked rate', async () => {
    const redundancy = await twoNulls;
    const at = (value: number) => ({ ...matrix, values: matrix.values.map((row) => row.map(() => value)) });
    const of = (own: number, others: number, rate: number) =>
      similarityRows(
        found,
        {
          intact: { ...redundancy.intact, matrices: only(at(own)) },
          nulls: redundancy.nulls.map((one, i) => ({ ...one, matrices: only(at(others - 0.01 * i)) })),
        },
        rate,
      ).map(({ r2_p, r2_p_adjusted, r2_discovered }) => [r2_p, r2_p_adjusted, r2_discovered]);
    expect(new Set(of(0.5, 0.1, 0.34).map(String))).toEqual(new Set([[1 / 3, 1 / 3, true].join()]));
    expect(new Set(of(0.5, 0.1, 0.3).map(String))).toEqual(new Set([[1 / 3, 1 / 3, false].join()]));
    // Better than its nulls, and yet no prediction at all.
    expect(new Set(of(-0.1, -0.5, 0.34).map(String))).toEqual(new Set([[1 / 3, 1 / 3, false].join()]));
    expect(new Set(of(0.1, 0.5, 0.99).map(String))).toEqual(new Set([[1, 1, false].join()]));
  });

  test('has no rows where it could not be measured, and none for sites that take no part', async () => {
    const redundancy = await twoNulls;
    const without = (r2: SiteMatrix | null): Redundancy => ({
      ...redundancy,
      intact: { ...redundancy.intact, matrices: only(r2) },
    });
    expect(similarityRows(found, without(null), 0.05)).toEqual([]);
    const half = { ...matrix, values: matrix.values.map((row, a) => row.map((r2, b) => (a + b > 0 ? null : r2))) };
    const own = similarityRows(found, without(half), 0.05);
    expect(own.map(({ site_a, site_b }) => [site_a, site_b])).toEqual([['first', 'first']]);
  });
});
