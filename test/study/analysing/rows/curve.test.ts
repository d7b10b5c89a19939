import { describe, expect, test } from 'vitest';
import { correctness, robustnessCurve } from '../../../../core/analysis/curve.js';
import { curveGroups, curveRows } from '../../../../core/study/analysing/rows/ablation.js';
import { ablation, labelled, labels, measured, results } from './hand-results.js';

describe('curves', () => {
  const at = (fraction: number | undefined, own: Parameters<typeof labelled>[1] = {}) =>
    labelled('conv1[0]', { fraction, ...own });
  const low = measured([0, 0.5, 0, 0.5, 0, 0.5], { predicted: [0, 1, 2, 0, 1, 2] });
  const high = measured([1, 1, 1, 1, 1, 2], { predicted: [1, 1, 1, 1, 1, 1] });
  const one = ablation({ name: 'random', mode: 'random' }, [
    [at(0.5, { spread: 'all-depths', trial: 0 }), high],
    [at(0.5, { spread: 'all-depths', trial: 1 }), undefined],
    [at(0.25, { spread: 'all-depths', trial: 0 }), low],
    [at(0.25, { spread: 'all-depths', trial: 1 }), high],
    [at(0.25, { spread: 'one-layer' }), low],
    [at(0.25, { spread: 'all-depths', fill: 'mean' }), low],
    [at(1, { spread: 'all-depths' }), measured([0, 0], { images: [0, 1], state: 'partial' })],
    [at(undefined, { spread: 'all-depths' }), low],
  ]);

  test('gather trials by spread and fill, then by ascending fraction, and count those that are missing', () => {
    const groups = curveGroups(results(), one);
    expect(groups.map(({ spread, fill }) => [spread, fill])).toEqual([
      ['all-depths', 'zero'],
      ['one-layer', 'zero'],
      ['all-depths', 'mean'],
    ]);
    expect(groups[0]?.inputs.map(({ fraction, trials }) => [fraction, [...trials].length])).toEqual([
      [0.25, 2],
      [0.5, 1],
      [1, 0],
    ]);
    expect([...(groups[0]?.missing ?? [])].sort(([a], [b]) => a - b)).toEqual([
      [0.25, 0],
      [0.5, 1],
      [1, 1],
    ]);
    const [, second] = [...(groups[0]?.inputs[0]?.trials ?? [])];
    expect(Array.from(second?.correct ?? [])).toEqual([0, 1, 0, 0, 1, 0]);
    expect(second?.kl).toBe(high.kl);
  });

  test('have a row for every fraction asked for, with means over trials and images', () => {
    const rows = curveRows(results(), one, 0.9);
    expect(rows.map((row) => [row.spread, row.fill, row.fraction, row.conditions, row.missing])).toEqual([
      ['all-depths', 'zero', 0.25, 2, 0],
      ['all-depths', 'zero', 0.5, 1, 1],
      ['all-depths', 'zero', 1, 0, 1],
      ['one-layer', 'zero', 0.25, 1, 0],
      ['all-depths', 'mean', 0.25, 1, 0],
    ]);
    const trials = [low, high].map(({ predicted, kl }) => ({ correct: correctness(predicted, labels), kl }));
    const [point] = robustnessCurve([{ fraction: 0.25, trials }], 0.9);
    expect(rows[0]).toEqual({
      model: 'net',
      ablation: 'random',
      mode: 'random',
      unit: 'kernel',
      spread: 'all-depths',
      fill: 'zero',
      fraction: 0.25,
      conditions: 2,
      missing: 0,
      accuracy: 8 / 12,
      accuracy_low: point?.accuracy?.low,
      accuracy_high: point?.accuracy?.high,
      kl: 8.5 / 12,
      kl_low: point?.kl?.low,
      kl_high: point?.kl?.high,
      non_finite: 0,
    });
    expect(rows[2]).toMatchObject({
      accuracy: null,
      accuracy_low: null,
      accuracy_high: null,
      kl: null,
      kl_low: null,
      kl_high: null,
    });
  });

  test('of an order have no spread', () => {
    const [row] = curveRows(results(), ablation({ mode: 'cumulative' }, [[at(0.5), low]]), 0.95);
    expect(row).toMatchObject({ spread: null, mode: 'cumulative', conditions: 1 });
  });
});
