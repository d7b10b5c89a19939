import { describe, expect, test } from 'vitest';
import { curveSets, mainCurveSet } from '../../core/report/curves.js';
import { mainPredictor, predictorValue } from '../../core/report/main-predictor.js';
import { emptyTables } from './fixture.js';
import { curveRow, kernelRow, predictorRow } from './hand-rows.js';

describe('curves that may be compared', () => {
  test('are of one ablation, mode, unit, spread and fill, by ascending fraction', () => {
    const curves = [
      curveRow({ model: 'a', fraction: 0.2 }),
      curveRow({ model: 'a', fraction: 0.1 }),
      curveRow({ model: 'b', fraction: 0.1 }),
      ...[{ ablation: 'x' }, { mode: 'cumulative' }, { unit: 'layer' }, { spread: null }, { fill: 'mean' }].map(
        curveRow,
      ),
    ];
    const sets = curveSets({ ...emptyTables, curves });
    expect(sets).toHaveLength(6);
    expect(sets[0]).toMatchObject({
      ablation: 'across-depth',
      mode: 'random',
      unit: 'kernel',
      spread: 'all-depths',
      fill: 'zero',
    });
    expect(sets[0]?.rows.map(({ model, fraction }) => [model, fraction])).toEqual([
      ['a', 0.1],
      ['b', 0.1],
      ['a', 0.2],
    ]);
    expect(sets[1]?.key).toBe('["x","random","kernel","all-depths","zero"]');
  });
  test('the main one: all depths, then no spread, then others; zero first; random first', () => {
    const order = [
      { spread: 'all-depths', fill: 'zero', mode: 'random' },
      { spread: 'all-depths', fill: 'zero', mode: 'cumulative' },
      { spread: 'all-depths', fill: 'mean', mode: 'random' },
      { spread: 'all-depths', fill: 'mean', mode: 'cumulative' },
      { spread: null, fill: 'zero', mode: 'random' },
      { spread: null, fill: 'mean', mode: 'cumulative' },
      { spread: 'one-layer', fill: 'zero', mode: 'random' },
    ].map(curveRow);
    for (const i of order.keys()) {
      const curves = order.slice(i).reverse();
      const { spread, fill, mode } = order[i]!;
      expect(mainCurveSet({ ...emptyTables, curves })).toMatchObject({ spread, fill, mode });
    }
    expect(mainCurveSet(emptyTables)).toBeUndefined();
  });
});

describe('the main predictor', () => {
  const row = (predictor: string, spearman: number | null, target = 'kl') =>
    predictorRow({ predictor, spearman, target });
  const main = (...predictors: ReturnType<typeof row>[]) => mainPredictor({ ...emptyTables, predictors });
  test('has the largest mean, of either sign, with KL or else the first target', () => {
    expect(main(row('a', 0.5), row('a', 0.3), row('b', -0.6), row('b', null), row('c', 0.9, 'other'))).toMatchObject({
      predictor: 'b',
      target: 'kl',
      mean: -0.6,
      rows: [{ spearman: -0.6 }],
    });
    expect(main(row('a', 0.5), row('a', 0.3))).toMatchObject({ mean: 0.4 });
    expect(main(row('c', 0.9, 'other'), row('d', 0.95, 'more'))).toMatchObject({ predictor: 'c', target: 'other' });
    expect(main(row('a', null))).toBeUndefined();
  });
  test('of equals is the first by name', () => {
    expect(main(row('b', 0.5), row('a', -0.5))?.predictor).toBe('a');
    expect(main(row('a', -0.5), row('b', 0.5))?.predictor).toBe('a');
  });
  test('is read from the column of its name', () => {
    const kernel = kernelRow({ activation_std: 2, state: 'ok', linearity: null });
    expect(predictorValue(kernel, 'activation-std')).toBe(2);
    expect(predictorValue(kernel, 'state')).toBeNull();
    expect(predictorValue(kernel, 'linearity')).toBeNull();
    expect(predictorValue(kernel, 'to-string')).toBeNull();
    expect(predictorValue(kernel, 'toString')).toBeNull();
  });
});
