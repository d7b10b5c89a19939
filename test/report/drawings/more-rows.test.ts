import { describe, expect, test } from 'vitest';
import type { Figure } from '../../../core/report/figure.js';
import type { Html } from '../../../core/report/html.js';
import { baselines } from '../../../core/report/sections/baselines.js';
import { fills } from '../../../core/report/sections/fills.js';
import { interactions } from '../../../core/report/sections/interactions.js';
import { robustness } from '../../../core/report/sections/robustness.js';
import { sensitivity } from '../../../core/report/sections/sensitivity.js';
import { emptyInput } from '../fixture.js';
import { ablationRow, curveRow, interactionRow, kernelRow, layerRow, modelRow, pairRow } from '../hand-rows.js';
import { contextWith, drawingOf, figures, said, tablesIn, whole } from '../reading.js';

const [a, b] = ['resnet20', 'resnet56'];
const marksOf = (figure: Figure | undefined): readonly string[] => drawingOf(figure?.panels[0]?.body as Html).marks;

test('baselines: what was expected holds within what the study says, for that network and no other', async () => {
  const { study } = emptyInput();
  const own = study.models.map((model) =>
    model.name === b ? { ...model, expect: { accuracy: 0.8, within: 0.1 } } : { ...model, expect: undefined },
  );
  const rows = [a, b, 'unheard of'].map((model) =>
    modelRow({ model, accuracy: 0.85, accuracy_low: 0.8, accuracy_high: 0.9, accuracy_expected: 0.8 }),
  );
  const [table = []] = tablesIn(
    whole(await baselines(contextWith({ models: rows }, { study: { ...study, models: own } }))),
  );
  expect(table.slice(1).map((row) => row.at(-1))).toEqual(['off by 5.0 %', 'as expected (± 10.0 %)', 'off by 5.0 %']);
});

describe('robustness', () => {
  const curve = (model: string, fraction: number, accuracy: number) =>
    curveRow({
      model,
      fraction,
      accuracy,
      accuracy_low: accuracy,
      accuracy_high: accuracy,
      kl: 1,
      kl_low: 1,
      kl_high: 1,
    });
  const models = [a, b].map((model) => modelRow({ model, accuracy: 1, accuracy_low: 1, accuracy_high: 1 }));

  test('begins with the intact network, but where a fraction of nothing was measured itself', async () => {
    const curves = [curve(a, 0.5, 0.25), curve(b, 0, 0.75), curve(b, 0.5, 0.5)];
    const [accuracy] = figures(await robustness(contextWith({ models, curves })));
    expect(marksOf(accuracy).filter((mark) => mark.startsWith('line'))).toEqual([
      'line m0 0,1 0.5,0.25',
      'line m1 0,0.75 0.5,0.5 dashed 6,3',
    ]);
  });

  test('has a line of chance where all networks have equally many classes, of images that they use', async () => {
    const { study } = emptyInput();
    const withClasses = (...counts: readonly (number | null)[]) => ({
      ...study,
      data: study.data.map((set, i) => {
        const count = counts[i] ?? null;
        return { ...set, classes: count === null ? null : Array.from({ length: count }, (_, c) => `class ${c}`) };
      }),
    });
    const chanceOf = async (...counts: readonly (number | null)[]) => {
      const [figure] = figures(
        await robustness(contextWith({ models, curves: [curve(a, 0.5, 0.25)] }, { study: withClasses(...counts) })),
      );
      return said(figure).legend?.filter((label) => label.startsWith('chance'));
    };
    // The second set is that of the reference images.
    expect(await chanceOf(4, 7)).toEqual(['chance (25.0\u202f%)']);
    expect(await chanceOf(null, 4)).toEqual([]);
    expect(await chanceOf(1, 4)).toEqual([]);
  });
});

test('fills: the first draw stands for all, twins are of one condition, and the median is of ratios in order', async () => {
  const row = (channels: string, fill: string, kl: number | null, own = {}) =>
    ablationRow({ model: a, channels, fill, kl, non_finite: 0, state: 'complete', ...own });
  const [figure] = figures(
    await fills(
      contextWith({
        ablations: [
          // Ratios 3, 0.5 and 1, in this order; a second draw that would make them others.
          row('x', 'zero', 1),
          row('x', 'resample', 3, { draw: 0 }),
          row('x', 'resample', 30, { draw: 1 }),
          row('y', 'zero', 2),
          row('y', 'resample', 1),
          row('z', 'zero', 3),
          row('z', 'resample', 3),
          row('x', 'mean-position', 9, { model: b }),
          row('u', 'zero', 1, { state: 'partial' }),
          row('u', 'resample', 1),
          row('v', 'zero', 1),
          row('v', 'resample', null),
          row('w', 'zero', 1, { ablation: 'one' }),
          row('w', 'resample', 7, { ablation: 'other' }),
        ],
      }),
    ),
  );
  expect(tablesIn(figure?.numbers as Html)).toEqual([
    [
      ['network', 'pairs', 'median of KL(resample) / KL(zero)', 'middle half', 'share milder with resample'],
      ['resnet20', '3', '1.00', '[0.750, 2.00]', '0.333'],
    ],
  ]);
  expect(said(figure).title).toBe('Damage with resample in place of zero.');
  expect(said(figure).note).toContain('2 pairs of conditions have no KL on every image, and are left out.');
});

test('interactions: of each network the five strongest that are sure, the strongest first', async () => {
  const known = interactionRow({
    model: a,
    measure: 'excess',
    part: 'layer',
    interaction: 0,
    low: 0,
    high: 0,
    distance: 0,
  });
  const pair = (model: string, channel: number, kl: number) =>
    pairRow({
      model,
      layer_a: 'x',
      channel_a: channel,
      layer_b: 'y',
      channel_b: null,
      excess: kl,
      excess_low: kl - 0.05,
      excess_high: kl + 0.05,
    });
  const pairs = [
    ...[0.3, 0.6, 0.1, 0.5, 0.2, 0.4, 0.02].map((kl, i) => pair(a, i, kl)),
    ...[0.2, -0.3, -0.1, 0.7].map((kl, i) => pair(b, i, kl)),
  ];
  const [redundant = [], synergies = []] = tablesIn(
    whole(await interactions(contextWith({ interactions: [known], pairs }))),
  ).map((table) => table.slice(1).map((row) => [row[0], row[2], row.at(-1)?.split(' ')[0]]));
  expect(redundant).toEqual([
    ['x[1]', a, '0.600'],
    ['x[3]', a, '0.500'],
    ['x[5]', a, '0.400'],
    ['x[0]', a, '0.300'],
    ['x[4]', a, '0.200'],
    ['x[3]', b, '0.700'],
    ['x[0]', b, '0.200'],
  ]);
  expect(synergies).toEqual([
    ['x[1]', b, '−0.300'],
    ['x[2]', b, '−0.100'],
  ]);
});

test('interactions: a mean without an interval, or without a distance, has no point', async () => {
  const row = (own: Parameters<typeof interactionRow>[0]) =>
    interactionRow({
      model: a,
      measure: 'excess',
      part: 'distance',
      interaction: 0.1,
      low: 0,
      high: 0.2,
      distance: 0.5,
      ...own,
    });
  const [figure] = figures(
    await interactions(
      contextWith({
        interactions: [
          row({}),
          row({ distance: 0.1, low: null }),
          row({ distance: 0.2, high: null }),
          row({ distance: 0.3, interaction: null }),
          row({ distance: null }),
        ],
      }),
    ),
  );
  expect(marksOf(figure).filter((mark) => mark.startsWith('circle'))).toEqual(['circle m0 0.5,0.1']);
});

test('sensitivity: says how many layers have no point, and draws no accuracy that is not known', async () => {
  const layer = (name: string, own: Parameters<typeof layerRow>[0]) =>
    layerRow({ model: a, layer: name, kernel_kl: 0.1, layer_accuracy: null, ...own });
  const layers = [
    layer('x', {}),
    layer('none', { kernel_kl: 0 }),
    layer('nothing', { kernel_kl: 0 }),
    layer('lost', { kernel_kl: null }),
    layer('gone', { kernel_kl: null }),
    layer('unmeasured', { kernel_kl: null }),
  ];
  const kernel = (name: string, non_finite: number | null) => kernelRow({ model: a, layer: name, non_finite });
  const kernels = [kernel('lost', 2), kernel('gone', 1), kernel('unmeasured', 0), kernel('x', null)];
  const drawn = figures(await sensitivity(contextWith({ layers, kernels })));
  expect(drawn.map(({ title }) => title)).toEqual(['Damage of a single kernel, layer by layer.']);
  expect(said(drawn[0]).note).toMatch(
    /axis\. 2 layers without any measurable damage have no point\. 2 layers have no point, since .* not finite\.$/,
  );
  const [whole] = figures(await sensitivity(contextWith({ layers: layers.slice(0, 1), kernels: [] })));
  expect(said(whole).note).toMatch(/on a logarithmic axis\.$/);
  expect(said(whole).legend).toEqual([a, '95\u202f% interval over kernels']);
});
