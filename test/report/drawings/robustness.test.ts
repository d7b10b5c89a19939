import { expect, test } from 'vitest';
import type { Html } from '../../../core/report/html.js';
import { robustness } from '../../../core/report/sections/robustness.js';
import { curveRow, modelRow } from '../hand-rows.js';
import { contextWith, drawingOf, figures, said, tablesIn } from '../reading.js';

const [a, b] = ['resnet20', 'resnet56'];

test('curves go through their points, from the intact network on, with their bands, and what is missing is said and marked', async () => {
  const models = [modelRow({ model: a, accuracy: 0.8, accuracy_low: 0.75, accuracy_high: 0.85 })];
  const curve = (own: Parameters<typeof curveRow>[0]) =>
    curveRow({
      model: a,
      accuracy_low: 0.4,
      accuracy_high: 0.7,
      kl: 0.1,
      kl_low: 0.01,
      kl_high: 1,
      conditions: 3,
      ...own,
    });
  const curves = [
    curve({ fraction: 0.1, accuracy: 0.6 }),
    curve({ fraction: 0.2, accuracy: 0.5, kl: 1, kl_low: 0.1, kl_high: 10, missing: 1 }),
    curve({
      fraction: 0.4,
      accuracy: 0.2,
      accuracy_low: 0.1,
      accuracy_high: 0.3,
      kl: null,
      kl_low: null,
      kl_high: null,
      non_finite: 4,
    }),
    curve({
      fraction: 0.3,
      accuracy: null,
      accuracy_low: null,
      accuracy_high: null,
      kl: null,
      kl_low: null,
      kl_high: null,
      conditions: 0,
      missing: 3,
    }),
    curve({ model: b, fraction: 0.2, accuracy: 0.7, kl: 0, kl_low: 0, kl_high: 0.1 }),
    curve({ model: b, fraction: 0.1, accuracy: 0.75 }),
  ];
  const rob = await robustness(contextWith({ models, curves }));
  const drawn = figures(rob);
  expect(said(drawn[0])).toEqual({
    title: 'Accuracy as kernels, layers or blocks are removed.',
    panels: ['across-depth: all-depths, filled with zero'],
    legend: [
      'resnet20',
      'resnet56',
      '95 % interval',
      'outputs that are not finite: counted as wrong, without KL',
      'chance (10.0 %)',
    ],
    note: 'Mean accuracy over the conditions of each removed fraction; the intact network stands at 0. 4 conditions are not in the means, since cells failed; 1 fraction has no point for that.',
    reading:
      'The longer a curve stays high, the more of the network can be removed before it fails; where bands overlap, the order of two networks is open.',
  });
  expect(drawn[0]?.panels.map(({ body }) => drawingOf(body))).toEqual([
    {
      label: 'Accuracy against removed fraction: across-depth: all-depths, filled with zero',
      titles: ['Removed fraction of kernels (%)', 'Accuracy (% of images)'],
      x: ['0%', '5%', '10%', '15%', '20%', '25%', '30%', '35%', '40%'],
      y: ['0%', '20%', '40%', '60%', '80%', '100%'],
      marks: [
        'rule axis 0.41,0.1 -0.007,0.1 dashed 2,3',
        'area m0 0,0.75 0.1,0.4 0.2,0.4 0.4,0.1 0.4,0.3 0.2,0.7 0.1,0.7 0,0.85',
        'area m1 0.1,0.4 0.2,0.4 0.2,0.7 0.1,0.7',
        'line m0 0,0.8 0.1,0.6 0.2,0.5 0.4,0.2',
        'line m1 0.1,0.75 0.2,0.7 dashed 6,3',
        'square m1 0.1,0.75',
        'square m1 0.2,0.7',
        'circle m0 0,0.8',
        'circle m0 0.1,0.6',
        'circle m0 0.2,0.5',
        'circle m0 0.4,0.2',
        'cross m0 0.4,0.97',
      ],
    },
  ]);
  expect(tablesIn(drawn[0]?.numbers as Html)).toEqual([
    [
      [
        'curve',
        'network',
        'accuracy halves at',
        'largest fraction',
        'accuracy there',
        'KL there (nat)',
        'conditions',
        'missing',
        'not finite (conditions × images)',
      ],
      [
        'across-depth: all-depths, filled with zero',
        'resnet20',
        '26.7 % (at most 10.0 % to 35.0 %)',
        '40.0 %',
        '20.0 % [10.0, 30.0]',
        '–',
        '9',
        '4',
        '4',
      ],
      [
        'across-depth: all-depths, filled with zero',
        'resnet56',
        'more than 20.0 %',
        '20.0 %',
        '70.0 % [40.0, 70.0]',
        '0 [0, 0.100]',
        '6',
        '0',
        '0',
      ],
    ],
  ]);
  expect(said(drawn[1])).toEqual({
    title: 'Damage as kernels, layers or blocks are removed.',
    panels: ['across-depth: all-depths, filled with zero'],
    legend: ['resnet20', 'resnet56', '95 % interval', 'outputs that are not finite: counted as wrong, without KL'],
    note: 'Mean over images and conditions of KL(baseline ‖ lesioned), on a logarithmic axis.',
    reading:
      'Lower is more robust, and an equal step upwards is an equal factor of damage; this measure sees changes of the output long before any prediction flips.',
  });
  expect(drawn[1]?.panels.map(({ body }) => drawingOf(body, { y: true }))).toEqual([
    {
      label: 'KL divergence against removed fraction: across-depth: all-depths, filled with zero',
      titles: ['Removed fraction of kernels (%)', 'KL divergence (nat)'],
      x: ['10%', '15%', '20%', '25%', '30%', '35%', '40%'],
      y: ['0.01', '', '', '', '', '0.1', '', '', '', '', '1', '', '', '', '', '10'],
      marks: [
        'area m0 0.1,0.033 0.2,0.1 0.2,10 0.1,1',
        'area m1 0.1,0.033 0.2,0.033 0.2,0.1 0.1,1',
        'line m0 0.1,0.1 0.2,1',
        'line m1 0.1,0.1 0.2,0.033 dashed 6,3',
        'square m1 0.1,0.1',
        'square m1 0.2,0.033',
        'circle m0 0.1,0.1',
        'circle m0 0.2,1',
        'cross m0 0.4,8.15',
      ],
    },
  ]);
});

test('where every output is finite the legend says nothing of others', async () => {
  const curves = [0.1, 0.2].map((fraction) =>
    curveRow({ model: a, fraction, accuracy: 0.5, accuracy_low: 0.4, accuracy_high: 0.6, non_finite: 0 }),
  );
  const section = await robustness(contextWith({ models: [modelRow({ model: a })], curves }));
  expect([section.id, section.title]).toEqual(['robustness', 'Robustness curves']);
  expect(said(figures(section)[0]).legend).toEqual(['resnet20', '95 % interval', 'chance (10.0 %)']);
});
