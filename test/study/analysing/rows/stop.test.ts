import { describe, expect, test } from 'vitest';
import { stopRows } from '../../../../core/study/analysing/rows/stop.js';
import type { StopSpec } from '../../../../core/spec/study-spec.js';
import { verdictOf } from '../../../../core/study/planning/settle.js';
import { ablation, flat, labelled, measured, results } from './hand-results.js';

const precision: StopSpec = { precision: 0.1, confidence: 0.95, clip: 1, by: 'images' };
const top: StopSpec = { top: 1, epsilon: 0.1, confidence: 0.95, clip: 1, by: 'images' };

/** Two images of six clipped; none seen; and of one that lacks chunks, nothing counts but how many images there are. */
const conditions = [
  [labelled('conv1[0] conv2[1]', { fill: 'resample', draw: 2 }), measured([0.5, 2, 0.25, 1, 0, 0.75])],
  [labelled('conv1[1]'), undefined],
  [labelled('conv1[2]'), measured([0.5, 0.5], { images: [0, 1], state: 'partial' })],
] as const;

describe('the rows of an adaptive ablation', () => {
  const one = ablation({ name: 'quick', stop: precision }, conditions);
  const { standings } = verdictOf(
    precision,
    one.conditions.map(({ result }) => result),
    6,
  );

  test('say on how many images each condition was run, its clipped mean, and how many images were clipped', () => {
    expect(stopRows(results(), one)[0]).toEqual({
      model: 'net',
      ablation: 'quick',
      unit: 'kernel',
      index: 0,
      layers: 'conv1 conv2',
      channels: 'conv1[0] conv2[1]',
      fill: 'resample',
      draw: 2,
      rule: 'precision',
      place: standings[0]?.place,
      images: 6,
      of: 6,
      kl: 0.5 + 1 / 12,
      kl_low: standings[0]?.low,
      kl_high: standings[0]?.high,
      kl_predicted: null,
      clip: 1,
      clipped: 2,
    });
  });

  test('leave undecided what failed, and what lacks chunks', () => {
    const rows = stopRows(results(), one);
    const unknown = { place: 'undecided', kl: null, kl_low: null, kl_high: null, clipped: 0, draw: null };
    expect(rows[1]).toMatchObject({ ...unknown, index: 1, images: 0, channels: 'conv1[1]' });
    expect(rows[2]).toMatchObject({ ...unknown, index: 2, images: 2 });
  });

  test('name the rule, and the place of each', () => {
    const rows = stopRows(
      results(),
      ablation({ stop: top }, [
        [labelled('conv1[0]'), flat(1)],
        [labelled('conv1[1]'), flat(0)],
      ]),
    );
    expect(rows.map(({ rule, place, clipped }) => [rule, place, clipped])).toEqual([
      ['top', 'top', 6],
      ['top', 'rest', 0],
    ]);
  });
});

test('an ablation that does not stop has none', () => {
  expect(stopRows(results(), ablation({}, conditions))).toEqual([]);
});
