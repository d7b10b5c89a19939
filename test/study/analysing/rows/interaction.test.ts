import { describe, expect, test } from 'vitest';
import { meanInteraction, type PairSample } from '../../../../core/analysis/interaction.js';
import { interactionRows } from '../../../../core/study/analysing/rows/interaction.js';
import type { ConditionResult, ModelResults } from '../../../../core/study/reading/model-results.js';
import type { Site } from '../../../../core/anatomy/site.js';
import type { LabelledCondition } from '../../../../core/plan/conditions.js';
import { ablation, analysis, anatomy, flat, labelled, measured, outline, results } from './hand-results.js';

type Condition = readonly [LabelledCondition, ConditionResult | undefined];
const pairs = (...conditions: readonly Condition[]) => ablation({ name: 'two', mode: 'pairs' }, conditions);

const one = (removed: string, result: ConditionResult | undefined, own = {}): Condition => [
  labelled(removed, own),
  result,
];

/** A row of sites, at depths from 0 to 1, so that pairs have every distance; a kernel each, and two at the first. */
const depths = [0, 0.2, 0.4, 0.65, 1];

const deep: ModelResults = results({
  outline: {
    ...outline,
    anatomy: {
      ...anatomy,
      sites: depths.map((normalisedDepth, depth) => ({
        ...anatomy.sites[0]!,
        name: `l${depth}`,
        depth,
        normalisedDepth,
      })),
      layers: [],
    },
  },
});

const names = [...depths.keys()].flatMap((l) => [0, 1].map((k) => `l${l}[${k}]`));

/** KL of a kernel alone, and what a pair of them does beyond. */
const aloneOf = (name: string): number => (1 + names.indexOf(name)) / 32;

const beyondOf = (a: string, b: string): number =>
  (a.slice(0, 2) === b.slice(0, 2) ? 0.5 : 0.375) + ((7 * names.indexOf(a) + 5 * names.indexOf(b)) % 11) / 32;

const everyPair = names.flatMap((a, i) => names.slice(i + 1).map((b) => [a, b] as const));
const varied = (mean: number): ConditionResult => measured([-2, -1, 0, 0, 1, 2].map((step) => mean + step / 128));

const jointOf = (a: string, b: string, draw = 0): ConditionResult =>
  varied(aloneOf(a) + aloneOf(b) + beyondOf(a, b) + draw);

describe('interactions', () => {
  const planned = [
    ...names.map((name) => one(name, flat(aloneOf(name)))),
    ...everyPair.map(([a, b]) => one(`${a} ${b}`, jointOf(a, b))),
  ];
  const rowsOf = (conditions: readonly Condition[]) =>
    interactionRows(deep, pairs(...conditions), { ...analysis, confidence: 0.9 });
  const plannedRows = () => rowsOf(planned);
  const depthOf = (name: string): number => depths[Number(name[1])] as number;
  const distance = ([a, b]: readonly [string, string]): number => Math.abs(depthOf(a) - depthOf(b));
  const meanOver = (some: readonly (readonly [string, string])[], of: (pair: readonly [string, string]) => number) =>
    some.reduce((sum, pair) => sum + of(pair), 0) / some.length;
  const within = everyPair.filter(([a, b]) => a[1] === b[1]);
  const across = everyPair.filter(([a, b]) => a[1] !== b[1]);

  /** The pairs as analysis takes them, with what is known from above. */
  const sample: PairSample = {
    pairs: everyPair.map(([a, b]) => ({
      a: names.indexOf(a),
      b: names.indexOf(b),
      across: a[1] !== b[1],
      singles: aloneOf(a) + aloneOf(b),
      weight: 1,
    })),
    values: (index) => {
      const [a, b] = everyPair[index] as readonly [string, string];
      return Float64Array.from(jointOf(a, b).kl, (kl) => kl - aloneOf(a) - aloneOf(b));
    },
  };
  const placesOf = (some: readonly (readonly [string, string])[]) => some.map((pair) => everyPair.indexOf(pair));

  test('are summed up within layers, across them, and by fifths of the distance; KL, then loss', () => {
    const rows = plannedRows();
    expect(rows.map((row) => [row.measure, row.part, row.distance_low, row.distance_high])).toEqual(
      ['kl', 'delta_loss'].flatMap((measure) => [
        [measure, 'layer', null, null],
        [measure, 'across', null, null],
        [measure, 'distance', 0, 0.2],
        [measure, 'distance', 0.2, 0.4],
        [measure, 'distance', 0.4, 0.6],
        [measure, 'distance', 0.6, 0.8],
        [measure, 'distance', 0.8, 1],
      ]),
    );
  });

  test('within layers and across them are means over those pairs, with the units in them', () => {
    const rows = plannedRows();
    const interval = meanInteraction(sample, placesOf(within), 0.9);
    expect(rows[0]).toEqual({
      model: 'net',
      ablation: 'two',
      unit: 'kernel',
      fill: 'zero',
      measure: 'kl',
      part: 'layer',
      distance_low: null,
      distance_high: null,
      distance: 0,
      pairs: 5,
      left_out: 0,
      units: 10,
      singles: expect.closeTo(
        meanOver(within, ([a, b]) => aloneOf(a) + aloneOf(b)),
        9,
      ) as number,
      interaction: expect.closeTo(
        meanOver(within, ([a, b]) => beyondOf(a, b)),
        9,
      ) as number,
      low: expect.closeTo(interval!.low, 9) as number,
      high: expect.closeTo(interval!.high, 9) as number,
    });
    expect(rows[1]).toMatchObject({
      pairs: 40,
      units: 10,
      distance: expect.closeTo(meanOver(across, distance), 9) as number,
      interaction: expect.closeTo(
        meanOver(across, ([a, b]) => beyondOf(a, b)),
        9,
      ) as number,
    });
  });

  test.each([
    [0, 0.2],
    [0.2, 0.4],
    [0.4, 0.6],
    [0.6, 0.8],
    [0.8, 1],
  ])('at distances above %d and up to %d are means over those pairs', (from, to) => {
    const rows = plannedRows();
    // Depths are decimal fractions: a distance of 0.4 − 0.2 counts as 0.2.
    const own = across.filter((pair) => distance(pair) > from + 1e-9 && distance(pair) <= to + 1e-9);
    const row = rows.find((one_) => one_.measure === 'kl' && one_.distance_high === to);
    expect(own.length).toBeGreaterThan(1);
    expect(row).toMatchObject({
      distance_low: from,
      pairs: own.length,
      units: new Set(own.flat()).size,
      distance: expect.closeTo(meanOver(own, distance), 9) as number,
      interaction: expect.closeTo(
        meanOver(own, ([a, b]) => beyondOf(a, b)),
        9,
      ) as number,
    });
  });

  test('leave out pairs that lack a condition or a number, and count them where they would have stood', () => {
    const changed = planned.map(([condition, result]): Condition => {
      const name = condition.targets.map(({ group, channel }) => `${group}[${channel}]`).join(' ');
      if (name === 'l0[0] l0[1]') return [condition, undefined];
      if (name === 'l0[0] l1[0]') return [condition, measured([Number.NaN, 1, 1, 1, 1, 1])];
      // Its KL is known, its loss is not: it counts in neither, so that both are over the same pairs.
      if (name === 'l0[0] l4[0]') return [condition, measured([1, 1, 1, 1, 1, 1], { loss: [Infinity, 1, 1, 1, 1, 1] })];
      return [condition, result];
    });
    for (const measure of ['kl', 'delta_loss']) {
      const own = rowsOf(changed).filter((row) => row.measure === measure);
      expect(own.map((row) => [row.part, row.distance_high, row.pairs, row.left_out])).toEqual([
        ['layer', null, 4, 1],
        ['across', null, 38, 2],
        ['distance', 0.2, 7, 1],
        ['distance', 0.4, 12, 0],
        ['distance', 0.6, 8, 0],
        ['distance', 0.8, 8, 0],
        ['distance', 1, 3, 1],
      ]);
    }
  });

  test('keep a row for pairs that were asked for, where none of them is known, and none for what nobody asked for', () => {
    const lost = rowsOf([
      one('l0[0]', undefined),
      one('l0[1]', flat(1)),
      one('l1[0]', flat(1)),
      one('l0[0] l0[1]', flat(1)),
      one('l0[0] l1[0]', flat(1)),
    ]).filter((row) => row.measure === 'kl');
    const nothing = {
      pairs: 0,
      units: 0,
      singles: null,
      distance: null,
      interaction: null,
      low: null,
      high: null,
    };
    expect(lost).toEqual(
      [
        { part: 'layer', distance_low: null, distance_high: null },
        { part: 'across', distance_low: null, distance_high: null },
        { part: 'distance', distance_low: 0, distance_high: 0.2 },
      ].map((part) => ({
        model: 'net',
        ablation: 'two',
        unit: 'kernel',
        fill: 'zero',
        measure: 'kl',
        ...nothing,
        ...part,
        left_out: 1,
      })),
    );
  });

  test('across layers of one depth lie in the first fifth', () => {
    const [first, second] = deep.outline.anatomy.sites as [Site, Site];
    const level = { ...anatomy, sites: [first, { ...second, normalisedDepth: first.normalisedDepth }], layers: [] };
    const beside = { ...deep, outline: { ...deep.outline, anatomy: level } };
    const own = [one('l0[0]', flat(1)), one('l1[0]', flat(1)), one('l0[0] l1[0]', undefined)];
    const found = interactionRows(beside, pairs(...own), analysis).filter((row) => row.measure === 'kl');
    expect(found.map((row) => [row.part, row.distance_low, row.distance_high, row.left_out])).toEqual([
      ['across', null, null, 1],
      ['distance', 0, 0.2, 1],
    ]);
  });

  test('average the draws of a pair before anything else, and keep fills apart', () => {
    const rows = plannedRows();
    const drawn = (draw: number): Condition[] => {
      const own = { fill: 'resample', draw } as const;
      return [
        ...names.slice(0, 4).map((name) => one(name, flat(aloneOf(name)), own)),
        one('l0[0] l0[1]', jointOf('l0[0]', 'l0[1]', draw), own),
        one('l1[0] l1[1]', draw === 2 ? undefined : jointOf('l1[0]', 'l1[1]', draw), own),
      ];
    };
    const found = rowsOf([...planned, ...[0, 1, 2].flatMap(drawn)]);
    const [row] = found.filter((each) => each.fill === 'resample' && each.measure === 'kl');
    // Draws add 0, 1 and 2; of the second pair only the first two are known.
    const expected = (beyondOf('l0[0]', 'l0[1]') + 1 + beyondOf('l1[0]', 'l1[1]') + 0.5) / 2;
    expect(row).toMatchObject({
      part: 'layer',
      pairs: 2,
      left_out: 0,
      units: 4,
      interaction: expect.closeTo(expected, 9) as number,
    });
    expect(row?.singles).toBeCloseTo(
      (aloneOf('l0[0]') + aloneOf('l0[1]') + aloneOf('l1[0]') + aloneOf('l1[1]')) / 2,
      9,
    );
    expect(found.filter((each) => each.fill === 'zero')).toEqual(rows);
  });
});
