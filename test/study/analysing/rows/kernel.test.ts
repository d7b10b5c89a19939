import { describe, expect, test } from 'vitest';
import { meanInterval } from '../../../../core/analysis/interval.js';
import { kernelMeasure } from '../../../../core/analysis/kernel-measures.js';
import type { ImpulseGroup } from '../../../../core/plan/impulses.js';
import { kernelResponses, kernelRows, singleKernels } from '../../../../core/study/analysing/rows/kernel.js';
import type { AblationResult, ModelResults, ResponseResultRead } from '../../../../core/study/reading/model-results.js';
import { float32 } from '../../../../core/tensor.js';
import { ablation, flat, graphOf, labelled, measured, results, bracket, notReplaced } from './hand-results.js';

const stop = { precision: 0.1, confidence: 0.95, clip: 1, by: 'images' } as AblationResult['stop'] & object;

describe('results of single kernels', () => {
  const whole = flat(1);
  const other = flat(2);
  const early = measured([3, 3], { images: [0, 1] });

  test('are those of leave-one-out with zeros, by layer and channel, and of no other ablation', () => {
    const singles = singleKernels(
      results({
        ablations: [
          ablation({}, [
            [labelled('conv1[2]'), whole],
            [labelled('conv1[0]', { fill: 'mean' }), other],
            [labelled('conv2[1]'), undefined],
          ]),
          ablation({ mode: 'random' }, [[labelled('conv1[3]'), other]]),
          ablation({ unit: 'layer' }, [[labelled('conv2'), other]]),
          ablation({ unit: 'stream' }, [[labelled('conv2[4]'), other]]),
          ablation({}, [[labelled('conv2'), other]]),
        ],
      }),
    );
    expect([...singles.keys()]).toEqual(['conv1', 'conv2']);
    expect(singles.get('conv1')).toEqual([undefined, undefined, whole]);
    expect(singles.get('conv2')).toEqual([undefined, undefined]);
  });

  test('on all images are preferred to those that were stopped, in whichever order they come', () => {
    const adaptive = ablation({ stop }, [[labelled('conv1[0]'), early]]);
    const plain = ablation({}, [[labelled('conv1[0]'), whole]]);
    for (const ablations of [
      [adaptive, plain],
      [plain, adaptive],
    ]) {
      expect(singleKernels(results({ ablations }), 'any').get('conv1')).toEqual([whole]);
      expect(singleKernels(results({ ablations })).get('conv1')).toEqual([whole]);
    }
    expect(singleKernels(results({ ablations: [adaptive] }), 'any').get('conv1')).toEqual([early]);
    expect(singleKernels(results({ ablations: [adaptive] })).size).toBe(0);
  });

  test('that failed or lack chunks do not hide one that is there, and of two the later counts', () => {
    const partial = measured([9], { images: [0], state: 'partial' });
    const of = (...found: Parameters<typeof ablation>[1][number][1][]) =>
      singleKernels(
        results({ ablations: found.map((result) => ablation({}, [[labelled('conv1[0]'), result]])) }),
        'any',
      ).get('conv1');
    expect(of(whole, undefined)).toEqual([whole]);
    expect(of(whole, partial)).toEqual([whole]);
    expect(of(partial)).toEqual([undefined]);
    expect(of(whole, other)).toEqual([other]);
    const [again] = [measured([4, 4], { images: [2, 3] })];
    const ablations = [early, again].map((result) => ablation({ stop }, [[labelled('conv1[0]'), result]]));
    expect(singleKernels(results({ ablations }), 'any').get('conv1')).toEqual([again]);
  });
});

const group = (own: Partial<ImpulseGroup> = {}): ImpulseGroup => ({
  at: 'input',
  base: { image: 0 },
  channels: [0],
  positions: [[0, 0]],
  amplitudes: { unit: 'std', values: [1, -1] },
  record: ['first', 'second'],
  keep: 'signatures',
  ...own,
});

const read = (own: Partial<ImpulseGroup>, tensors: ResponseResultRead['tensors']): ResponseResultRead => ({
  group: group(own),
  impulses: [],
  tensors,
  object: 'object',
});

/** Two impulses, of which the pair's odd and even parts are known, at the first site. */
const first = new Map([
  ['norm/first', float32([2, 4], Float32Array.of(3, 0, 1, 0, 4, 0, 1, 0))],
  ['odd/first', float32([1, 4], Float32Array.of(3, 0, 1, 0))],
  ['even/first', float32([1, 4], Float32Array.of(4, 0, 0, 0))],
]);

const responding = (...groups: ResponseResultRead[]): ModelResults =>
  results({ responses: [{ name: 'images', groups }] });

const nothing = {
  weights: undefined,
  activation: undefined,
  responses: undefined,
  explained: { same: null, far: null },
  gradients: undefined,
};

describe('responses of kernels', () => {
  test('are the root mean square of norms, and λ weighted by energy, over all impulses on images', () => {
    const found = kernelResponses(responding(read({}, first), read({ base: { image: 1 } }, first)));
    expect([...(found?.keys() ?? [])]).toEqual(['first']);
    const of = (name: 'response-norm' | 'linearity') =>
      found?.get('first')?.map((responses) => kernelMeasure(name).of({ ...nothing, responses }));
    expect(of('response-norm')).toEqual([Math.sqrt(12.5), 0, 1, 0]);
    expect(of('linearity')).toEqual([expect.closeTo(9 / 25, 12), null, 1, null]);
  });

  test.each([
    ['on flat images', { base: 'black' } as const],
    ['within the network', { at: 'first' } as const],
  ])('do not rest on impulses %s', (_, own) => {
    expect(kernelResponses(responding(read(own, first)))).toBeUndefined();
  });

  test('are unknown without any', () => expect(kernelResponses(results())).toBeUndefined());
});

describe('the rows of kernels', () => {
  const kl = [0.5, 0, 0.25, 0.25, 1, 1];
  const found = results({
    ablations: [
      ablation({}, [
        [labelled('conv1[0]'), measured(kl, { predicted: [1, 1, 2, 0, 1, 0] })],
        [labelled('conv2[4]'), measured([0, 0, 0, 0, 0, 0], { state: 'no-op', effect: 0 })],
        [labelled('conv2[3]'), measured([Number.NaN, 1, 1, 1, 1, 1])],
      ]),
    ],
    profile: new Map([
      ['first', { mean: Float64Array.of(0.5, 1, 1.5, Number.POSITIVE_INFINITY), std: Float64Array.of(2, 4, 6, 8) }],
    ]),
    responses: [{ name: 'images', groups: [read({}, first)] }],
  });
  const explained = {
    intact: new Map([
      ['first', { same: [0.5, null, 0.25, 0.125].map(bracket), far: [0.75, 0.5, 0.25, 0.125].map(bracket) }],
    ]),
    null: new Map([
      ['first', { same: [0.375, null, 0.25, 0.125].map(bracket), far: [0.625, 0.5, 0.25, 0.125].map(bracket) }],
    ]),
  };

  test('hold each layer’s kernels in topological order, with all that is known of them', () => {
    const rows = kernelRows(found, explained, kernelResponses(found), 0.9);
    expect(rows.map((row) => `${row.layer}[${row.channel}]`)).toEqual([
      ...[0, 1, 2, 3].map((k) => `conv1[${k}]`),
      ...[0, 1, 2, 3, 4].map((k) => `conv2[${k}]`),
    ]);
    const interval = meanInterval(Float64Array.from(kl), 0.9);
    expect(rows[0]).toMatchObject({
      model: 'net',
      layer: 'conv1',
      site: 'first',
      channel: 0,
      type: 'rectified',
      normalised_depth: 0.25,
      weight_norm: 1,
      activation_mean: 0.5,
      activation_std: 2,
      images: 6,
      kl: 0.5,
      kl_low: interval?.low,
      kl_high: interval?.high,
      delta_loss: 0.5,
      flips: 1 / 6,
      non_finite: 0,
      state: 'ok',
      silent: false,
      linearity: expect.closeTo(9 / 25, 12),
      response_norm: Math.sqrt(12.5),
      r2_same_low: 0.5,
      r2_same_high: 0.5625,
      r2_same_resolved: true,
      r2_far_low: 0.75,
      r2_far_high: 0.8125,
      r2_far_resolved: true,
      r2_same_null: 0.375,
      r2_far_null: 0.625,
      ...notReplaced,
    });
    expect(rows[1]).toMatchObject({
      weight_norm: 2,
      silent: true,
      response_norm: 0,
      linearity: null,
      r2_same_low: null,
    });
    expect(rows[3]).toMatchObject({ activation_mean: null, activation_std: 8 });
  });

  test('without results say so, number by number', () => {
    const rows = kernelRows(found, undefined, undefined, 0.95);
    expect(rows[4]).toMatchObject({
      model: 'net',
      layer: 'conv2',
      site: 'second',
      channel: 0,
      type: 'signed',
      normalised_depth: 1,
      weight_norm: 5,
      activation_mean: null,
      activation_std: null,
      images: null,
      kl: null,
      kl_low: null,
      kl_high: null,
      delta_loss: null,
      flips: null,
      non_finite: null,
      state: 'missing',
      silent: null,
      linearity: null,
      response_norm: null,
      r2_same_low: null,
      r2_far_low: null,
      r2_same_null: null,
      r2_far_null: null,
      ...notReplaced,
    });
    // Not finite is not known.
    expect(rows[7]).toMatchObject({ weight_norm: null, non_finite: 1, kl: 1, flips: 1 / 6 });
    expect(rows[8]).toMatchObject({ state: 'no-op', kl: 0, flips: 0, silent: null });
  });

  test('without any number, norm or null say so', () => {
    const none = Array.from({ length: 6 }, () => Number.NaN);
    const ablations = [ablation({}, [[labelled('conv1[1]'), measured(none)]])];
    const lost = results({ ablations, graph: graphOf({}) });
    const rows = kernelRows(lost, { ...explained, null: undefined }, undefined, 0.95);
    expect(rows[1]).toMatchObject({ kl: null, kl_low: null, kl_high: null, delta_loss: null, flips: 1, non_finite: 6 });
    expect(rows[0]).toMatchObject({ weight_norm: null, r2_same_low: 0.5, r2_same_null: null, r2_far_null: null });
  });

  test('take a damage that was stopped early where there is no other', () => {
    const ablations = [ablation({ stop }, [[labelled('conv1[1]'), measured([0.5, 0.25], { images: [4, 5] })]])];
    const rows = kernelRows(results({ ablations }), undefined, undefined, 0.95);
    expect(rows[1]).toMatchObject({ images: 2, kl: 0.375, state: 'ok' });
  });
});
