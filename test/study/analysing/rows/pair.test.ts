import { describe, expect, test } from 'vitest';
import { meanInterval, signedMeanInterval } from '../../../../core/analysis/interval.js';
import { interactionRows } from '../../../../core/study/analysing/rows/interaction.js';
import { pairRows } from '../../../../core/study/analysing/rows/pair.js';
import type { ConditionResult } from '../../../../core/study/reading/model-results.js';
import type { LabelledCondition } from '../../../../core/plan/conditions.js';
import { ablation, analysis, flat, intactLoss, labelled, measured, results } from './hand-results.js';

type Condition = readonly [LabelledCondition, ConditionResult | undefined];
const pairs = (...conditions: readonly Condition[]) => ablation({ name: 'two', mode: 'pairs' }, conditions);

const one = (removed: string, result: ConditionResult | undefined, own = {}): Condition => [
  labelled(removed, own),
  result,
];

describe('the row of a pair', () => {
  const a = measured([0.5, 0, 0.25, 0.25, 1, 1]);
  const b = measured([0, 0.5, 0.25, 0.25, 0, 0.5]);
  const joint = measured([1, 0.5, 1, 0.5, 2, 1]);
  const both = pairs(one('conv1[1]', a), one('conv2[3]', b), one('conv1[1] conv2[3]', joint));

  test('holds the excess with its interval, and what both would do if their changes added up, where outputs are kept', () => {
    const excess = Float64Array.of(0.5, 0.25, -0.25, 0.5, 1, 0.25);
    const [row] = pairRows(results(), both, 0.9, ({ index }) => (index === 2 ? excess : undefined));
    const interval = signedMeanInterval(excess, 0.9);
    expect(row).toMatchObject({
      kl_joint: 1,
      kl_additive: 0.625,
      excess: 0.375,
      excess_low: interval?.low,
      excess_high: interval?.high,
    });
    const unknown = { kl_additive: null, excess: null, excess_low: null, excess_high: null };
    expect(pairRows(results(), both, 0.9, () => undefined)[0]).toMatchObject({
      ...unknown,
      kl_interaction: 0.25,
      state: 'ok',
    });
    expect(pairRows(results(), both, 0.9, () => Float64Array.of(1, 2, NaN, 0, 0, 0))[0]).toMatchObject(unknown);
  });

  test('has means of the excess over pairs where outputs are kept, and none where they are not', () => {
    const two = pairs(
      one('conv1[1]', a),
      one('conv1[0]', b),
      one('conv2[3]', b),
      one('conv1[1] conv1[0]', joint),
      one('conv1[1] conv2[3]', joint),
      one('conv1[0] conv2[3]', joint),
    );
    const flatExcess = (value: number) => Float64Array.from({ length: 6 }, () => value);
    const rows = interactionRows(results(), two, analysis, ({ index }) =>
      index === 5 ? undefined : flatExcess(index),
    );
    const of = (measure: string) =>
      rows.filter((row) => row.measure === measure).map((row) => [row.part, row.pairs, row.left_out]);
    // The pair within a layer is one of one, whose mean has no interval; of the two across, outputs of one are missing.
    expect(of('excess')).toContainEqual(['across', 1, 1]);
    expect(of('kl')).toContainEqual(['across', 2, 0]);
    expect(interactionRows(results(), two, analysis).some((row) => row.measure === 'excess')).toBe(false);
  });

  test('holds each alone, both together, and what both do beyond the two, image by image', () => {
    const rows = pairRows(results(), both, 0.9);
    const interaction = meanInterval(Float64Array.of(0.5, 0, 0.5, 0, 1, -0.5), 0.9);
    expect(rows).toEqual([
      {
        model: 'net',
        ablation: 'two',
        unit: 'kernel',
        index: 2,
        fill: 'zero',
        draw: null,
        layer_a: 'conv1',
        channel_a: 1,
        layer_b: 'conv2',
        channel_b: 3,
        relation: 'across',
        screened: null,
        weight: 1,
        depth_a: 0.25,
        depth_b: 1,
        distance: 0.75,
        kl_a: 0.5,
        kl_b: 0.25,
        kl_joint: 1,
        kl_additive: null,
        excess: null,
        excess_low: null,
        excess_high: null,
        kl_interaction: 0.25,
        kl_interaction_low: interaction?.low,
        kl_interaction_high: interaction?.high,
        // Losses grow as KL does.
        delta_loss_a: 0.5,
        delta_loss_b: 0.25,
        delta_loss_joint: 1,
        delta_loss_interaction: 0.25,
        delta_loss_interaction_low: interaction?.low,
        delta_loss_interaction_high: interaction?.high,
        images: 6,
        non_finite: 0,
        state: 'ok',
      },
    ]);
  });

  test('tells loss from KL', () => {
    const same = measured([1, 0.5, 1, 0.5, 2, 1], { loss: intactLoss });
    const [row] = pairRows(
      results(),
      pairs(one('conv1[1]', a), one('conv2[3]', b), one('conv1[1] conv2[3]', same)),
      0.95,
    );
    expect(row).toMatchObject({ kl_interaction: 0.25, delta_loss_joint: 0, delta_loss_interaction: -0.75 });
  });

  test.each([
    ['one alone', [undefined, b, joint]],
    ['the other alone', [a, undefined, joint]],
    ['both', [a, b, undefined]],
    ['chunks of both', [a, b, measured([1, 1], { images: [0, 1], state: 'partial' })]],
  ] as const)('without %s says so, and keeps what is known of the others', (_, [first, second, together]) => {
    const [row] = pairRows(
      results(),
      pairs(one('conv1[1]', first), one('conv2[3]', second), one('conv1[1] conv2[3]', together)),
      0.95,
    );
    const sound = together?.state === 'ok';
    expect(row).toMatchObject({
      kl_a: first ? 0.5 : null,
      delta_loss_a: first ? 0.5 : null,
      kl_b: second ? 0.25 : null,
      delta_loss_b: second ? 0.25 : null,
      kl_joint: sound ? 1 : null,
      delta_loss_joint: sound ? 1 : null,
      kl_interaction: null,
      kl_interaction_low: null,
      kl_interaction_high: null,
      delta_loss_interaction: null,
      delta_loss_interaction_low: null,
      delta_loss_interaction_high: null,
      images: together?.kl.length ?? 0,
      non_finite: 0,
      state: 'failed',
    });
  });

  test('counts images without numbers: means are over the others, an interaction is not known', () => {
    const lost = measured([1, 0.5, Number.NaN, 0.5, Number.POSITIVE_INFINITY, 1]);
    const [row] = pairRows(
      results(),
      pairs(one('conv1[1]', a), one('conv2[3]', b), one('conv1[1] conv2[3]', lost)),
      0.95,
    );
    expect(row).toMatchObject({
      kl_joint: 0.75,
      delta_loss_joint: 0.75,
      kl_interaction: null,
      delta_loss_interaction: null,
      non_finite: 2,
      state: 'ok',
    });
  });

  test('compares with singles of its own fill and draw', () => {
    const rows = pairRows(
      results(),
      pairs(
        one('conv1[1]', flat(1), { fill: 'resample', draw: 1 }),
        one('conv1[1]', flat(2), { fill: 'resample', draw: 2 }),
        one('conv1[1]', flat(3), { fill: 'mean' }),
        one('conv1[2]', flat(4), { fill: 'resample', draw: 1 }),
        one('conv1[2]', flat(5), { fill: 'resample', draw: 2 }),
        one('conv1[2]', flat(6), { fill: 'mean' }),
        one('conv1[1] conv1[2]', flat(8), { fill: 'resample', draw: 2 }),
        one('conv1[1] conv1[2]', flat(8), { fill: 'mean' }),
        // Nothing is known of it alone, nor planned.
        one('conv1[1] conv1[3]', flat(8), { fill: 'mean' }),
      ),
      0.95,
    );
    expect(rows.map(({ index, fill, draw, kl_a, kl_b }) => [index, fill, draw, kl_a, kl_b])).toEqual([
      [6, 'resample', 2, 2, 5],
      [7, 'mean', null, 3, 6],
    ]);
    expect(rows[0]).toMatchObject({ relation: 'layer', distance: 0, depth_a: 0.25, depth_b: 0.25 });
  });

  test('of layers names no channels', () => {
    const [row] = pairRows(
      results(),
      ablation({ mode: 'pairs', unit: 'layer' }, [
        one('conv2', flat(1)),
        one('conv1', flat(1)),
        one('conv2 conv1', flat(4)),
      ]),
      0.95,
    );
    expect(row).toMatchObject({ unit: 'layer', layer_a: 'conv2', channel_a: null, channel_b: null, distance: 0.75 });
  });

  test('is there in mode pairs only', () => {
    expect(pairRows(results(), { ...both, mode: 'each' }, 0.95)).toEqual([]);
  });
});
