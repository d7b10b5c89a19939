import { describe, expect, test } from 'vitest';
import { kernelMeasureColumn, kernelMeasures } from '../../../../core/analysis/kernel-measures.js';
import { judgePredictions, type Judged } from '../../../../core/analysis/leading.js';
import { predictDamage } from '../../../../core/analysis/predictor.js';
import { randomStream } from '../../../../core/random.js';
import { kernelRows } from '../../../../core/study/analysing/rows/kernel.js';
import type { StopSpec } from '../../../../core/spec/study-spec.js';
import { predictedFamilies, predictorRows } from '../../../../core/study/analysing/rows/predictor.js';
import { ablation, analysis, graphOf, labelled, measured, results, bracket } from './hand-results.js';

const random = randomStream(2, 'damage');
const names = [...[0, 1, 2, 3].map((k) => `conv1[${k}]`), ...[0, 1, 2, 3, 4].map((k) => `conv2[${k}]`)];
const kl = new Map(
  names.map((name, i) => [name, Array.from({ length: 6 }, () => i * 0.5 + 0.1 * random.uniform())] as const),
);
const found = results({
  graph: graphOf({ conv1: [1, -2, 3, 4], conv2: [5, 6, -7, 8, 9] }),
  ablations: [
    ablation(
      {},
      names.map((name) => [labelled(name), measured(kl.get(name) as number[])] as const),
    ),
  ],
  profile: new Map([
    ['first', { mean: Float64Array.of(4, 3, 2, 1), std: Float64Array.of(1, 2, 4, 3) }],
    ['second', { mean: Float64Array.of(1, 5, 2, 4, 3), std: Float64Array.of(1, 2, 3, 5, 4) }],
  ]),
});
const kernels = kernelRows(found, undefined, undefined, 0.95);

describe('predictors of damage', () => {
  test('are the measures of kernels, each with a column of its own', () => {
    const facts = {
      weights: Float32Array.of(-1, 2),
      activation: { mean: 2, std: 1 },
      responses: { norm: [4, 4], odd: [1], even: [2] },
      explained: { same: bracket(6), far: bracket(7) },
      gradients: { damage: 8, activation: 9, fisher: 10, taylor: 11, linearised: new Map() },
    };
    const of = (name: keyof typeof kernelMeasures) => [kernelMeasureColumn(name), kernelMeasures[name].of(facts)];
    expect(of('activation-std')).toEqual(['activation_std', 1]);
    expect(of('activation-mean')).toEqual(['activation_mean', 2]);
    expect(of('weight-norm')).toEqual(['weight_norm', 3]);
    expect(of('response-norm')).toEqual(['response_norm', 4]);
    expect(of('linearity')).toEqual(['linearity', 0.2]);
    expect(of('r2-same-low')).toEqual(['r2_same_low', 6]);
    expect(of('r2-far-low')).toEqual(['r2_far_low', 7]);
    expect(of('linearised')).toEqual(['linearised', 8]);
    expect(of('gradient-activation')).toEqual(['gradient_activation', 9]);
    expect(of('fisher')).toEqual(['fisher', 10]);
    expect(of('taylor')).toEqual(['taylor', 11]);
  });

  const families = (from = found, rows = kernels) => predictedFamilies(from, rows, analysis, 5);
  const known = ['activation-std', 'activation-mean', 'weight-norm'] as const;
  const sitesOf = (damage: (kernel: string) => readonly number[]) =>
    ['first', 'second'].map((site) => ({
      site,
      kernels: kernels
        .filter((row) => row.site === site)
        .map((row) => ({
          damage: Float32Array.from(damage(`${row.layer}[${row.channel}]`)),
          predictors: Object.fromEntries(known.map((name) => [name, row[kernelMeasureColumn(name)]])),
        })),
    }));
  const options = { seed: 5, covariates: ['activation-std', 'weight-norm'], bootstrap: 50 };

  test('are compared within sites, those of which something is known, as analysis does', () => {
    const predictions = predictDamage(
      sitesOf((kernel) => kl.get(kernel) as number[]),
      known,
      options,
    );
    expect(families()).toEqual([{ model: 'net', target: 'kl', fill: 'zero', predictions }]);
    const [first] = predictions;
    expect(first?.correlation?.estimate).toBeGreaterThan(0.7);
  });

  test('have a row each, judged with those of all networks', () => {
    const own = families().map((family) => ({
      ...family,
      predictions: family.predictions.map((one, i) => ({
        ...one,
        correlation: { estimate: 0.5, error: 0.1, freedom: 9 },
        p: 0.01 * (i + 1),
        between: 0.25,
        ahead: [{ estimate: 0.3 - i, error: 0.01, freedom: 9 }],
      })),
    }));
    const both = [...own, ...own.map((family) => ({ ...family, model: 'other' }))];
    const judged = judgePredictions(
      both.map(({ predictions }) => predictions),
      0.95,
    ).flat();
    const rows = predictorRows(both, analysis);
    expect(rows.map(({ model, predictor }) => [model, predictor])).toEqual(
      ['net', 'other'].flatMap((name) => known.map((predictor) => [name, predictor])),
    );
    rows.forEach((row, i) => {
      const { prediction, interval, pAdjusted, lead } = judged[i] as Judged;
      expect(row).toEqual({
        model: i < 3 ? 'net' : 'other',
        predictor: known[i % 3],
        target: 'kl',
        fill: 'zero',
        sites: 2,
        kernels: 9,
        spearman: Math.tanh(0.5),
        low: interval?.low,
        high: interval?.high,
        p: 0.01 * ((i % 3) + 1),
        p_adjusted: pAdjusted,
        discovered: (pAdjusted as number) <= 0.05,
        between_sites: 0.25,
        lead: lead?.estimate,
        lead_low: lead?.low,
        lead_high: lead?.high,
        partial: prediction.partial,
        reliability: prediction.reliability,
        ceiling: prediction.ceiling,
      });
    });
    expect(rows[0]?.lead_low).toBeGreaterThan(0);
    const p = rows[0]?.p_adjusted as number;
    const at = (fdr: number) => predictorRows(both, { ...analysis, fdr })[0]?.discovered;
    expect([at(p), at(p * 0.999)]).toEqual([true, false]);
  });

  test('that are known of some kernels are there, with what can be said', () => {
    const some = kernels.map((row, i) => ({ ...row, linearity: i < 3 ? i : null }));
    const row = predictorRows(families(found, some), analysis).find(({ predictor }) => predictor === 'linearity');
    expect(row).toMatchObject({ spearman: null, low: null, high: null, p: null, p_adjusted: null, discovered: null });
    expect(row).toMatchObject({ between_sites: null, lead: null, lead_low: null, lead_high: null });
  });

  test('are held against each fill that a study has, draws of donors averaged image by image', () => {
    const twice = (name: string): readonly number[] => (kl.get(name) as number[]).map((value) => 2 * value);
    const mixed = results({
      ...found,
      ablations: [
        ...found.ablations,
        ablation(
          {},
          names.flatMap((name) => [
            [labelled(name, { fill: 'resample', draw: 0 }), measured(kl.get(name) as number[])] as const,
            [labelled(name, { fill: 'resample', draw: 1 }), measured(twice(name).toReversed())] as const,
          ]),
        ),
      ],
    });
    const [zero, resample, ...more] = families(mixed);
    expect(more).toEqual([]);
    expect(zero).toEqual(families()[0]);
    const averaged = sitesOf((name) => {
      const [one, other] = [kl.get(name) as number[], twice(name).toReversed()];
      return one.map((value, image) => (Math.fround(value) + Math.fround(other[image] as number)) / 2);
    });
    expect(resample).toMatchObject({ target: 'kl', fill: 'resample' });
    const expected = predictDamage(averaged, known, options);
    expect(resample?.predictions.map(({ correlation }) => correlation?.estimate)).toEqual(
      expected.map(({ correlation }) => correlation?.estimate),
    );
  });

  test('leave out kernels of which a draw is missing', () => {
    const [first, ...others] = names;
    const drawn = (name: string, draw: number, there = true) =>
      [labelled(name, { fill: 'resample', draw }), there ? measured(kl.get(name) as number[]) : undefined] as const;
    const conditions = [drawn(first as string, 0), drawn(first as string, 1, false)];
    const rest = others.flatMap((name) => [drawn(name, 0), drawn(name, 1)]);
    const [family] = families(results({ ...found, ablations: [ablation({}, [...conditions, ...rest])] }));
    // Three kernels of a site are too few.
    expect(family?.predictions[0]).toMatchObject({ sites: 1, kernels: 5 });
  });

  test('of a substitute are held against its damage, and against the ratio to that of the mean', () => {
    const filled = (fill: 'zero', of: (values: readonly number[]) => readonly number[]) =>
      ablation(
        {},
        names.map((name) => [labelled(name, { fill }), measured(of(kl.get(name) as number[]))] as const),
      );
    // No fill is called `substitute` yet; what is stored is read by name.
    const substitute = 'substitute' as 'zero';
    const mean = 'mean' as 'zero';
    const both = results({
      ...found,
      ablations: [filled(substitute, (values) => values), filled(mean, (values) => values.map(() => 1))],
    });
    const found3 = families(both);
    expect(found3.map(({ target, fill }) => [target, fill])).toEqual([
      ['kl', 'substitute'],
      ['kl', 'mean'],
      ['log(substitute/mean)', 'substitute'],
    ]);
    // Against a mean that costs all kernels the same, the ratio ranks as the substitute does.
    const of = (at: number) => found3[at]?.predictions.map(({ correlation }) => correlation?.estimate);
    expect(of(2)).toEqual(of(0));
  });

  test('are not there without results of single kernels', () => {
    expect(families(results())).toEqual([]);
    const [first, ...others] = found.ablations[0]!.conditions;
    expect(first?.labelled.targets[0]?.channel).toBe(0);
    const [family] = families(results({ ...found, ablations: [{ ...found.ablations[0]!, conditions: others }] }));
    expect(family?.predictions[0]).toMatchObject({ sites: 1, kernels: 5 });
    const stopped = { ...found.ablations[0]!, stop: { rule: 'precision' } as unknown as StopSpec };
    expect(families(results({ ...found, ablations: [stopped] }))).toEqual([]);
    expect(families(results({ ...found, ablations: [{ ...found.ablations[0]!, unit: 'layer' }] }))).toEqual([]);
  });
});
