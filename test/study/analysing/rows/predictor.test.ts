import { describe, expect, test } from 'vitest';
import { kernelMeasureColumn, kernelMeasures } from '../../../../core/analysis/kernel-measures.js';
import { predictDamage } from '../../../../core/analysis/predictor.js';
import { randomStream } from '../../../../core/random.js';
import { kernelRows } from '../../../../core/study/analysing/rows/kernel.js';
import { predictorRows } from '../../../../core/study/analysing/rows/predictor.js';
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
    };
    const of = (name: keyof typeof kernelMeasures) => [kernelMeasureColumn(name), kernelMeasures[name].of(facts)];
    expect(of('activation-std')).toEqual(['activation_std', 1]);
    expect(of('activation-mean')).toEqual(['activation_mean', 2]);
    expect(of('weight-norm')).toEqual(['weight_norm', 3]);
    expect(of('response-norm')).toEqual(['response_norm', 4]);
    expect(of('linearity')).toEqual(['linearity', 0.2]);
    expect(of('r2-same-low')).toEqual(['r2_same_low', 6]);
    expect(of('r2-far-low')).toEqual(['r2_far_low', 7]);
  });

  test('are compared within sites, those of which something is known, as analysis does', () => {
    const rows = predictorRows(found, kernels, analysis, 5);
    const known = ['activation-std', 'activation-mean', 'weight-norm'] as const;
    const sites = ['first', 'second'].map((site) => ({
      site,
      kernels: kernels
        .filter((row) => row.site === site)
        .map((row) => ({
          damage: Float32Array.from(kl.get(`${row.layer}[${row.channel}]`) as number[]),
          predictors: Object.fromEntries(known.map((name) => [name, row[kernelMeasureColumn(name)]])),
        })),
    }));
    const expected = predictDamage(sites, known, {
      seed: 5,
      covariates: ['activation-std', 'weight-norm'],
      bootstrap: 50,
      level: 0.95,
    });
    expect(rows).toEqual(
      expected.map((one) => ({
        model: 'net',
        predictor: one.predictor,
        target: 'kl',
        sites: 2,
        kernels: 9,
        spearman: one.spearman?.estimate,
        low: one.spearman?.low,
        high: one.spearman?.high,
        p: one.p,
        p_adjusted: one.pAdjusted,
        discovered: (one.pAdjusted as number) <= 0.05,
        partial: one.partial,
        reliability: one.reliability,
        ceiling: one.ceiling,
      })),
    );
    expect(rows.map((row) => row.predictor)).toEqual(known);
    expect(rows[0]?.spearman).toBeGreaterThan(0.7);
  });

  test('are discoveries up to and with the study’s false discovery rate', () => {
    const [row] = predictorRows(found, kernels, analysis, 5);
    const p = row?.p_adjusted as number;
    const at = (fdr: number) => predictorRows(found, kernels, { ...analysis, fdr }, 5)[0]?.discovered;
    expect([at(p), at(p * 0.999)]).toEqual([true, false]);
  });

  test('that are known of some kernels are there, with what can be said', () => {
    const some = kernels.map((row, i) => ({ ...row, linearity: i < 3 ? i : null }));
    const row = predictorRows(found, some, analysis, 5).find(({ predictor }) => predictor === 'linearity');
    expect(row).toMatchObject({ spearman: null, low: null, high: null, p: null, p_adjusted: null, discovered: null });
  });

  test('are not there without results of single kernels', () => {
    expect(predictorRows(results(), kernels, analysis, 5)).toEqual([]);
    const [first, ...others] = found.ablations[0]!.conditions;
    expect(first?.labelled.targets[0]?.channel).toBe(0);
    const [row] = predictorRows(
      results({ ...found, ablations: [{ ...found.ablations[0]!, conditions: others }] }),
      kernels,
      analysis,
      5,
    );
    // Three kernels of a site are too few.
    expect(row).toMatchObject({ sites: 1, kernels: 5 });
  });
});
