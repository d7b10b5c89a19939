import { describe, expect, test } from 'vitest';
import { correctness, robustnessArea } from '../../../../core/analysis/curve.js';
import { clopperPearson } from '../../../../core/analysis/interval.js';
import { splitHalfReliability } from '../../../../core/analysis/reliability.js';
import { layerSensitivity } from '../../../../core/analysis/sensitivity.js';
import { kernelRows } from '../../../../core/study/analysing/rows/kernel.js';
import { layerRows, modelRow } from '../../../../core/study/analysing/rows/model.js';
import type { Explained, Systemic } from '../../../../core/study/analysing/rows/redundancy.js';
import type { AblationResult, ModelResults } from '../../../../core/study/reading/model-results.js';
import type { KernelRow } from '../../../../core/tables/schema.js';
import {
  ablation,
  analysis,
  bracket,
  intactPredicted,
  labelled,
  labels,
  measured,
  notReplaced,
  outline,
  results,
} from './hand-results.js';

const kls = [
  [0.5, 0, 0.25, 0.25, 1, 1],
  [0, 0.5, 0.25, 0.25, 0, 0.5],
  [0.25, 0.25, 0.25, 0.25, 0.25, 0.5],
  [0, 0, 0, 0, 0, 0],
];
const each = ablation({}, [
  ...kls.map((kl, k) => [labelled(`conv1[${k}]`), measured(kl, k === 3 ? { state: 'no-op', effect: 0 } : {})] as const),
  [labelled('conv2[0]'), undefined],
]);
const explained: Explained = {
  intact: new Map([
    ['first', { same: [0.5, null, 0.25, null].map(bracket), far: [0.75, null, null, null].map(bracket) }],
    ['second', { same: [0.125].map(bracket), far: [0.25].map(bracket) }],
  ]),
  null: new Map([['first', { same: [0.25].map(bracket), far: [0.125].map(bracket) }]]),
};
const level = { ...analysis, confidence: 0.9 };
const rowsOf = (found: ModelResults): KernelRow[] => kernelRows(found, explained, undefined, 0.9);

describe('the rows of layers', () => {
  const whole = measured([1, 2, 1, 2, 1, 2], { predicted: [0, 0, 0, 0, 0, 0] });
  const lost = (own: Partial<AblationResult>, fill: 'zero' | 'mean' = 'zero') =>
    ablation({ unit: 'layer', ...own }, [[labelled('conv1', { fill }), measured([9, 9, 9, 9, 9, 9])]]);

  test('hold the layer, the damage of its kernels one by one, and that of all at once', () => {
    const found = results({ ablations: [each, ablation({ unit: 'layer' }, [[labelled('conv1'), whole]])] });
    const kernels = rowsOf(found).map((row, i) => ({ ...row, linearity: [0.5, null, 0.25, null, 1][i] ?? null }));
    const [row] = layerRows(found, kernels, explained, level);
    const kl = layerSensitivity([{ layer: 'conv1', kl: kls }], 0.9)[0]?.kl;
    expect(row).toEqual({
      model: 'net',
      layer: 'conv1',
      site: 'first',
      depth: 0,
      normalised_depth: 0.25,
      type: 'rectified',
      kernels: 4,
      parameters: 112,
      macs: 4096,
      stride: 1,
      receptive_field: 3,
      whole_image: false,
      kernel_kl: expect.closeTo((3 + 1.5 + 1.75) / 24, 12),
      kernel_kl_low: kl?.low,
      kernel_kl_high: kl?.high,
      layer_kl: 1.5,
      layer_accuracy: 2 / 6,
      dead_kernels: 1,
      linearity: 0.375,
      r2_same_low: 0.375,
      r2_same_high: 0.4375,
      r2_same_resolved: true,
      r2_far_low: 0.75,
      r2_far_high: 0.8125,
      r2_far_resolved: true,
      ...notReplaced,
    });
  });

  test('say what is not known of a layer', () => {
    const found = results({ ablations: [each] });
    const [first, row] = layerRows(found, rowsOf(found), undefined, level);
    expect(row).toEqual({
      model: 'net',
      layer: 'conv2',
      site: 'second',
      depth: 1,
      normalised_depth: 1,
      type: 'signed',
      kernels: 5,
      parameters: 185,
      macs: 2880,
      stride: 2,
      receptive_field: 7,
      whole_image: true,
      kernel_kl: null,
      kernel_kl_low: null,
      kernel_kl_high: null,
      layer_kl: null,
      layer_accuracy: null,
      dead_kernels: null,
      linearity: null,
      r2_same_low: null,
      r2_same_high: null,
      r2_same_resolved: null,
      r2_far_low: null,
      r2_far_high: null,
      r2_far_resolved: null,
      ...notReplaced,
    });
    expect(first).toMatchObject({ layer_kl: null, layer_accuracy: null, dead_kernels: 1, linearity: null });
  });

  test('have no mean where some damage has no number', () => {
    const none = measured(Array.from({ length: 6 }, () => Number.NaN));
    const ablations = [
      ablation({ unit: 'layer' }, [[labelled('conv1'), none]]),
      ablation({}, [[labelled('conv1[0]'), none]]),
    ];
    const [row] = layerRows(results({ ablations }), [], undefined, level);
    expect(row).toMatchObject({
      kernel_kl: null,
      kernel_kl_low: null,
      kernel_kl_high: null,
      layer_kl: null,
      layer_accuracy: 5 / 6,
      dead_kernels: 0,
    });
  });

  test('take the loss of a whole layer from leave-one-layer-out with zeros on all images, and from nothing else', () => {
    const others = [
      lost({ mode: 'random' }),
      lost({ unit: 'block' }),
      lost({ stop: { precision: 0.1, confidence: 0.95, clip: 1, by: 'images' } }),
      lost({}, 'mean'),
      ablation({ unit: 'layer' }, [
        [labelled('conv1'), undefined],
        [labelled('conv1'), measured([1], { images: [0], state: 'partial' })],
      ]),
    ];
    const of = (ablations: readonly AblationResult[]) =>
      layerRows(results({ ablations }), [], undefined, level)[0]?.layer_kl;
    expect(of(others)).toBeNull();
    expect(of([ablation({ unit: 'layer' }, [[labelled('conv1'), whole]]), ...others])).toBe(1.5);
  });
});

describe('the row of a network', () => {
  const kernels = (silent: readonly (boolean | null)[]): KernelRow[] =>
    silent.map((one) => ({ silent: one }) as KernelRow);
  const rowOf = (found: ModelResults, systemic?: Systemic, silent: readonly (boolean | null)[] = []) =>
    modelRow(found, kernels(silent), explained, systemic, level, 3);

  test('holds its size, its accuracy with an exact interval, and what is known of its redundancy', () => {
    const systemic: Systemic = {
      intact: {
        value: 0.5,
        interval: { estimate: 0.5, low: 0.25, high: 0.75, level: 0.9 },
        sites: 2,
        kernels: 3,
        leaveOneOut: [],
        plugin: 0.75,
        poolVariance: 0,
      },
      against: {
        none: { value: 0.125, interval: { estimate: 0.125, low: 0.0625, high: 0.1875, level: 0.9 } },
        excess: { value: 0.375, interval: { estimate: 0.375, low: 0.25, high: 0.5, level: 0.9 } },
        p: 0.25,
        leaveOneOut: [],
      },
    };
    const exact = clopperPearson(5, 6, 0.9);
    expect(rowOf(results({ ablations: [each] }), systemic, [true, false, null, true])).toEqual({
      model: 'net',
      architecture: 'net',
      format: 'onnx',
      parameters: 311,
      macs: 6993,
      layers: 2,
      kernels: 9,
      images: 6,
      accuracy: 5 / 6,
      accuracy_low: exact?.low,
      accuracy_high: exact?.high,
      accuracy_expected: 0.75,
      robustness_area: null,
      robustness_low: null,
      robustness_high: null,
      kl_direct: null,
      kl_repaired: null,
      kl_repaired_low: null,
      kl_repaired_high: null,
      sr: 0.5,
      sr_low: 0.25,
      sr_high: 0.75,
      sr_null: 0.125,
      sr_null_low: 0.0625,
      sr_null_high: 0.1875,
      sr_excess: 0.375,
      sr_excess_low: 0.25,
      sr_excess_high: 0.5,
      sr_p: 0.25,
      sr_plugin: 0.75,
      sr_resolved: true,
      r2_same_low: (0.5 + 0.25 + 0.125) / 3,
      r2_same_high: expect.closeTo((0.5 + 0.25 + 0.125) / 3 + 0.0625, 12),
      r2_same_resolved: true,
      r2_same_null: 0.25,
      r2_far_low: 0.5,
      r2_far_high: 0.5625,
      r2_far_resolved: true,
      r2_far_null: 0.125,
      reliability_kl: splitHalfReliability([kls.map((kl) => Float32Array.from(kl))], { seed: 3 }),
      dead_kernels: 1,
      silent_kernels: 2,
      ...notReplaced,
    });
  });

  test('has a redundancy without an interval where base images are too few for one', () => {
    const intact = { value: 0.5, interval: null, sites: 2, kernels: 3, leaveOneOut: [], plugin: null, poolVariance: 0 };
    const row = rowOf(results(), { intact, against: null });
    expect(row).toMatchObject({ sr: 0.5, sr_low: null, sr_high: null, sr_null: null, sr_excess: null });
  });

  test('says what is not known', () => {
    const found = results({ outline: { ...outline, model: { ...outline.model, expect: undefined } } });
    expect(modelRow(found, kernels([null]), undefined, undefined, level, 3)).toMatchObject({
      accuracy_expected: null,
      robustness_area: null,
      robustness_low: null,
      robustness_high: null,
      kl_direct: null,
      kl_repaired: null,
      kl_repaired_low: null,
      kl_repaired_high: null,
      sr: null,
      sr_low: null,
      sr_high: null,
      sr_null: null,
      sr_excess: null,
      sr_excess_low: null,
      sr_p: null,
      sr_plugin: null,
      sr_resolved: null,
      r2_same_low: null,
      r2_same_null: null,
      r2_far_low: null,
      r2_far_null: null,
      reliability_kl: null,
      dead_kernels: null,
      silent_kernels: null,
      ...notReplaced,
    });
    expect(rowOf(found, undefined, [false]).silent_kernels).toBe(0);
  });

  test('ranks kernels that have a KL on every image, from four of them', () => {
    const broken = (count: number) => ({
      ...each,
      conditions: each.conditions.map((condition, i) => ({
        ...condition,
        result: i < count ? measured([Number.NaN, 0, 0, 0, 0, 1]) : condition.result,
      })),
    });
    const more = ablation({}, [[labelled('conv2[1]'), measured([0, 0, 1, 0, 1, 0])]]);
    expect(rowOf(results({ ablations: [broken(1)] })).reliability_kl).toBeNull();
    expect(rowOf(results({ ablations: [broken(1), more] })).reliability_kl).toBe(
      splitHalfReliability([[...kls.slice(1), [0, 0, 1, 0, 1, 0]].map((kl) => Float32Array.from(kl))], { seed: 3 }),
    );
  });

  const low = measured([0, 0.5, 0, 0.5, 0, 0.5], { predicted: [0, 1, 2, 1, 1, 1] });
  const high = measured([1, 1, 1, 1, 1, 2], { predicted: [1, 1, 1, 1, 1, 1] });
  const at = (fraction: number, spread: 'all-depths' | 'one-layer', fill: 'zero' | 'mean' = 'zero') =>
    labelled('conv1[0]', { fraction, spread, fill });

  test('reads the robustness area from kernels at random over all depths, filled with zeros', () => {
    const curve = ablation({ mode: 'random' }, [
      [at(0.25, 'one-layer'), high],
      [at(0.25, 'all-depths', 'mean'), high],
      [at(0.5, 'all-depths'), high],
      [at(0.25, 'all-depths'), low],
    ]);
    const correct = (predicted: ArrayLike<number>) => correctness(predicted, labels);
    const area = robustnessArea(
      correct(intactPredicted),
      [
        { fraction: 0.25, trials: [{ correct: correct(low.predicted), kl: low.kl }] },
        { fraction: 0.5, trials: [{ correct: correct(high.predicted), kl: high.kl }] },
      ],
      0.9,
    );
    // From 1 over 4/5 to 2/5 of the intact accuracy, by trapezoids.
    expect(area?.estimate).toBeCloseTo((0.9 + 0.6) / 2, 12);
    const expected = { robustness_area: area?.estimate, robustness_low: area?.low, robustness_high: area?.high };
    expect(rowOf(results({ ablations: [curve] }))).toMatchObject(expected);
    const other = { ...curve, conditions: curve.conditions.slice(0, 2) };
    const ablations = [{ ...curve, mode: 'cumulative' as const }, { ...curve, unit: 'layer' }, other];
    expect(rowOf(results({ ablations })).robustness_area).toBeNull();
    expect(rowOf(results({ ablations: [...ablations, curve] }))).toMatchObject(expected);
  });
});
