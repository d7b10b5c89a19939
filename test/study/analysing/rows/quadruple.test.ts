import { describe, expect, test } from 'vitest';
import { meanContrast } from '../../../../core/analysis/quadruples.js';
import { conditionsOf } from '../../../../core/plan/conditions.js';
import { distanceClass, plannedQuadruples } from '../../../../core/plan/quadruples.js';
import { targetsOf } from '../../../../core/plan/target.js';
import type { AblationSpec } from '../../../../core/spec/study-spec.js';
import { nameOf, type MeasuredPair } from '../../../../core/study/analysing/rows/pair.js';
import { contrastRows, quadrupleRows } from '../../../../core/study/analysing/rows/quadruple.js';
import type { ModelResults } from '../../../../core/study/reading/model-results.js';
import { ablationSpec } from '../../../builders/specs.js';
import { ablation, anatomy, flat, outline, results } from './hand-results.js';

const SEED = 7;
const IMAGES = 6;
/** Six layers of four kernels, at depths from 0 to 1. */
const layers = [0, 1, 2, 3, 4, 5];
const wide = {
  ...anatomy,
  sites: layers.map((l) => ({ ...anatomy.sites[0]!, name: `s${l}`, depth: l, normalisedDepth: l / 5 })),
  layers: layers.map((l) => ({ ...anatomy.layers[0]!, name: `l${l}`, site: `s${l}`, kernels: 4 })),
};

function study(own: Partial<AblationSpec> = {}, lost: (name: string) => boolean = () => false) {
  const spec = ablationSpec({ name: 'four', mode: 'quadruples', quadruples: { budget: 25 }, ...own });
  const list = conditionsOf(spec, { seed: SEED, anatomy: wide, reference: 'reference', scores: undefined });
  const conditions = Array.from({ length: list.length }, (_, i) => list.at(i));
  const found: ModelResults = results({
    outline: {
      ...outline,
      anatomy: wide,
      ablations: [{ spec, list }] as unknown as ModelResults['outline']['ablations'],
    },
  });
  const asked = ablation(
    { name: 'four', mode: spec.mode },
    conditions.map((one) => [one, lost(one.targets.map(nameOf).join(' ')) ? undefined : flat(1)] as const),
  );
  const targets = targetsOf(wide, spec.unit, spec.layers);
  const drawn = plannedQuadruples(spec, { targets, anatomy: wide, seed: SEED });
  return { found, asked, drawn };
}

const placeOf = (pair: MeasuredPair, side: 'a' | 'b'): number =>
  4 * Number(pair[side].target.group[1]) + (pair[side].target.channel ?? 0);
/** A number for each pair of kernels, and image, in fractions of powers of two. */
const excess = (a: number, b: number, image: number): number => ((7 * a + 5 * b) % 11) / 8 + ((a + b + image) % 3) / 16;
const excessOf = (pair: MeasuredPair): Float64Array =>
  Float64Array.from(
    { length: IMAGES },
    (_, i) => excess(placeOf(pair, 'a'), placeOf(pair, 'b'), i) + (pair.labelled.draw ?? 0),
  );
const meanOf = (of: (image: number) => number): number =>
  Array.from({ length: IMAGES }, (_, i) => of(i)).reduce((sum, value) => sum + value, 0) / IMAGES;
const sorted = (a: number, b: number): [number, number] => (a < b ? [a, b] : [b, a]);

describe('the row of a quadruple', () => {
  test('holds the excess of its four pairs and their contrast, in the order in which quadruples are drawn', () => {
    const { found, asked, drawn } = study();
    const rows = quadrupleRows(found, asked, SEED, 0.9, excessOf);
    expect(rows).toHaveLength(drawn.length);
    rows.forEach((row, index) => {
      const { first, second } = drawn[index]!;
      const of = (a: number, b: number): number => meanOf((i) => excess(...sorted(a, b), i));
      const [ab, ba] = [of(first[0], second[1]), of(first[1], second[0])];
      const [within, beside] = [of(...first), of(...second)];
      const [l, m] = [Math.floor(first[0] / 4), Math.floor(second[0] / 4)];
      expect(row).toMatchObject({
        model: 'net',
        ablation: 'four',
        index,
        fill: 'zero',
        layer_first: `l${l}`,
        first_a: first[0] % 4,
        first_b: first[1] % 4,
        layer_second: `l${m}`,
        second_a: second[0] % 4,
        second_b: second[1] % 4,
        distance: expect.closeTo((m - l) / 5, 12) as number,
        excess_first: expect.closeTo(within, 12) as number,
        excess_second: expect.closeTo(beside, 12) as number,
        excess_ab: expect.closeTo(ab, 12) as number,
        excess_ba: expect.closeTo(ba, 12) as number,
        contrast: expect.closeTo((ab + ba - within - beside) / 2, 12) as number,
        images: IMAGES,
        non_finite: 0,
        state: 'ok',
      });
      expect(row.contrast_low!).toBeLessThanOrEqual(row.contrast!);
      expect(row.contrast_high!).toBeGreaterThanOrEqual(row.contrast!);
    });
  });

  test('is over draws of donors, and one for each fill', () => {
    const { found, asked, drawn } = study({ fill: ['zero', 'resample'], draws: 3 });
    const rows = quadrupleRows(found, asked, SEED, 0.9, excessOf);
    expect(rows.map(({ fill }) => fill)).toEqual([...drawn.map(() => 'zero'), ...drawn.map(() => 'resample')]);
    // Draws 0, 1 and 2 add as much to each pair.
    expect(rows[drawn.length]?.excess_ab).toBeCloseTo(rows[0]!.excess_ab! + 1, 12);
    expect(rows[drawn.length]?.contrast).toBeCloseTo(rows[0]!.contrast!, 12);
  });

  test('stays, without numbers, where a cell failed, outputs are missing, or one is not finite', () => {
    const plain = study();
    const [row] = quadrupleRows(plain.found, plain.asked, SEED, 0.9, excessOf);
    const unknown = { contrast: null, contrast_low: null, contrast_high: null, excess_first: null, excess_ab: null };
    const single = `${row!.layer_first}[${row!.first_a}]`;
    const failed = study({}, (name) => name === single);
    expect(quadrupleRows(failed.found, failed.asked, SEED, 0.9, excessOf)[0]).toMatchObject({
      ...unknown,
      state: 'failed',
      images: 0,
    });
    expect(quadrupleRows(plain.found, plain.asked, SEED, 0.9, () => undefined)[0]).toMatchObject({
      ...unknown,
      state: 'failed',
    });
    const broken = (pair: MeasuredPair) => excessOf(pair).map((value, i) => (i < 2 ? Number.NaN : value));
    expect(quadrupleRows(plain.found, plain.asked, SEED, 0.9, broken)[0]).toMatchObject({
      ...unknown,
      state: 'ok',
      images: IMAGES,
      non_finite: 2,
    });
  });

  test('is there in mode quadruples only', () => {
    const { found, asked } = study({ mode: 'pairs', pairs: { within: ['any'], budget: undefined } });
    const other = { ...found, outline: { ...found.outline, ablations: [] } };
    expect(quadrupleRows(other, asked, SEED, 0.9, excessOf)).toEqual([]);
    expect(contrastRows(other, asked, SEED, 0.9, excessOf)).toEqual([]);
  });
});

describe('contrasts', () => {
  test('are means over all quadruples and over those of each distance', () => {
    const { found, asked, drawn } = study();
    const quadruples = quadrupleRows(found, asked, SEED, 0.9, excessOf);
    const rows = contrastRows(found, asked, SEED, 0.9, excessOf);
    expect(rows.map(({ part, distance_low, distance_high }) => [part, distance_low, distance_high])).toEqual([
      ['all', null, null],
      ['distance', 0, 0.2],
      ['distance', 0.2, 0.4],
      ['distance', 0.4, 0.6],
      ['distance', 0.6, 0.8],
      ['distance', 0.8, 1],
    ]);
    rows.forEach((row, part) => {
      const own = quadruples.filter(({ distance }) => part === 0 || distanceClass(distance) === part - 1);
      expect(row).toMatchObject({
        model: 'net',
        ablation: 'four',
        fill: 'zero',
        quadruples: own.length,
        left_out: 0,
        layers: new Set(own.flatMap((one) => [one.layer_first, one.layer_second])).size,
        contrast: expect.closeTo(own.reduce((sum, one) => sum + one.contrast!, 0) / own.length, 12) as number,
      });
    });
    const layerOf = (place: number): number => Math.floor(place / 4);
    const values = drawn.map(({ first: [a, b], second: [c, d] }) =>
      Float64Array.from({ length: IMAGES }, (_, i) => {
        const of = (x: number, y: number): number => excess(...sorted(x, y), i);
        return (of(a, d) + of(b, c) - of(a, b) - of(c, d)) / 2;
      }),
    );
    const sample = {
      layers: drawn.map(({ first, second }) => [layerOf(first[0]), layerOf(second[0])] as const),
      values: (index: number) => values[index] as Float64Array,
    };
    const expected = meanContrast(sample, [...drawn.keys()], 0.9)!;
    expect(rows[0]?.low).toBeCloseTo(expected.low!, 12);
    expect(rows[0]?.high).toBeCloseTo(expected.high!, 12);
    expect(rows[0]?.freedom).toBeCloseTo(expected.freedom!, 9);
  });

  test('leave out quadruples that are not known, and count them where they would have stood', () => {
    const plain = study();
    const before = contrastRows(plain.found, plain.asked, SEED, 0.9, excessOf);
    const [lost] = quadrupleRows(plain.found, plain.asked, SEED, 0.9, excessOf);
    const pair = `${lost!.layer_first}[${Math.min(lost!.first_a, lost!.first_b)}] ${lost!.layer_first}[${Math.max(lost!.first_a, lost!.first_b)}]`;
    const { found, asked } = study({}, (name) => name === pair);
    const rows = contrastRows(found, asked, SEED, 0.9, excessOf);
    expect(rows[0]?.left_out).toBeGreaterThan(0);
    rows.forEach((row, i) => expect(row.quadruples + row.left_out).toBe(before[i]?.quadruples));
    const nothing = contrastRows(plain.found, plain.asked, SEED, 0.9, () => undefined);
    expect(nothing[0]).toMatchObject({
      quadruples: 0,
      layers: 0,
      contrast: null,
      low: null,
      high: null,
      freedom: null,
    });
    expect(nothing[0]?.left_out).toBe(before[0]?.quadruples);
  });
});
