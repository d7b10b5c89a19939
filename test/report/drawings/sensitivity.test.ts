import { expect, test } from 'vitest';
import type { Html } from '../../../core/report/html.js';
import { sensitivity } from '../../../core/report/sections/sensitivity.js';
import { ablationRow, kernelRow, layerRow } from '../hand-rows.js';
import { contextWith, drawingOf, figures, said, tablesIn } from '../reading.js';

const [a, b] = ['resnet20', 'resnet56'];

test('layers stand at their depth, on a logarithmic axis for KL; what has no point is said', async () => {
  const layer = (own: Parameters<typeof layerRow>[0]) =>
    layerRow({
      model: a,
      layer: 'x',
      normalised_depth: 0,
      kernel_kl: 0.1,
      kernel_kl_low: 0.05,
      kernel_kl_high: 0.2,
      layer_accuracy: 0.5,
      layer_kl: 1,
      kernels: 4,
      dead_kernels: 1,
      linearity: 0.5,
      ...own,
    });
  const sen = await sensitivity(
    contextWith({
      layers: [
        layer({}),
        layer({
          layer: 'y',
          normalised_depth: 0.5,
          kernel_kl: 1,
          kernel_kl_low: 0.01,
          kernel_kl_high: null,
          layer_accuracy: 0.25,
        }),
        layer({ layer: 'z', normalised_depth: 1, kernel_kl: null, layer_accuracy: null }),
        layer({ layer: 'w', normalised_depth: 1, kernel_kl: 0, layer_accuracy: null }),
        layer({ model: b, normalised_depth: 0.25 }),
      ],
      kernels: [kernelRow({ model: a, layer: 'z', non_finite: 2 })],
      ablations: [
        ablationRow({
          model: a,
          layers: 'x',
          unit: 'layer',
          mode: 'each',
          fill: 'zero',
          accuracy_low: 0.4,
          accuracy_high: 0.6,
          non_finite: 1,
        }),
      ],
    }),
  );
  const drawn = figures(sen);
  expect(said(drawn[0])).toEqual({
    title: 'Damage of a single kernel, layer by layer.',
    panels: ['resnet20', 'resnet56'],
    legend: ['resnet20', 'resnet56', '95 % interval over kernels', 'the other networks'],
    note: 'Each kernel alone is set to zero; shown is the mean over the kernels of a layer of KL(baseline ‖ lesioned), on a logarithmic axis. 1 layer without any measurable damage has no point. 1 layer has no point, since the removal of some kernel leaves outputs that are not finite.',
    reading:
      'Points high up are layers of which the network misses even one kernel; a flat, low line means that no depth is special.',
  });
  expect(drawn[0]?.panels.map(({ body }) => drawingOf(body, { y: true }))).toEqual([
    {
      label: 'Damage of one kernel along the depth of resnet20',
      titles: ['Normalised depth (0 first site, 1 last)', 'Mean KL of one kernel (nat)'],
      x: ['0.0', '0.2', '0.4', '0.6', '0.8', '1.0'],
      y: ['', '', '', '0.2', '', '', '', ''],
      marks: [
        'area faint 0.25,161',
        'rule m0 0,206 0,116',
        'rule m0 0.5,206 0.5,12',
        'line m0 0,161 0.5,12',
        'circle m0 0,161',
        'circle m0 0.5,12',
      ],
    },
    {
      label: 'Damage of one kernel along the depth of resnet56',
      titles: ['Normalised depth (0 first site, 1 last)', 'Mean KL of one kernel (nat)'],
      x: ['0.0', '0.2', '0.4', '0.6', '0.8', '1.0'],
      y: ['', '', '', '0.2', '', '', '', ''],
      marks: ['line faint 0,161 0.5,12', 'rule m1 0.25,206 0.25,116', 'area m1 0.25,161', 'square m1 0.25,161'],
    },
  ]);
  expect(tablesIn(drawn[0]?.numbers as Html)).toEqual([
    [
      [
        'layer',
        'network',
        'depth',
        'kernels',
        'KL, one kernel (nat)',
        '95 %',
        'KL, whole layer (nat)',
        'accuracy without it',
        'dead',
        'linearity',
      ],
      ['x', 'resnet20', '0', '4', '0.100', '[0.0500, 0.200]', '1.00', '50.0 %', '1', '0.500'],
      ['y', 'resnet20', '0.500', '4', '1.00', '–', '1.00', '25.0 %', '1', '0.500'],
      ['z', 'resnet20', '1.00', '4', '–', '[0.0500, 0.200]', '1.00', '–', '1', '0.500'],
      ['w', 'resnet20', '1.00', '4', '0', '[0.0500, 0.200]', '1.00', '–', '1', '0.500'],
      ['x', 'resnet56', '0.250', '4', '0.100', '[0.0500, 0.200]', '1.00', '50.0 %', '1', '0.500'],
    ],
  ]);
  expect(said(drawn[1])).toEqual({
    title: 'Accuracy after the loss of a whole layer.',
    panels: [''],
    legend: [
      'resnet20',
      'resnet56',
      '95 % interval over images',
      'outputs that are not finite: counted as wrong, without KL',
    ],
    note: 'All kernels of one layer are set to zero, one condition a layer.',
    reading:
      'A point near the intact accuracy is a layer that the network can do without; a point near chance is a layer on which everything rests.',
  });
  expect(drawn[1]?.panels.map(({ body }) => drawingOf(body))).toEqual([
    {
      label: 'Accuracy without a layer along the depth',
      titles: ['Normalised depth (0 first site, 1 last)', 'Accuracy without the layer (%)'],
      x: ['0.0', '0.2', '0.4', '0.6', '0.8', '1.0'],
      y: ['0%', '20%', '40%', '60%', '80%', '100%'],
      marks: [
        'rule m1 0.25,0.5 0.25,0.5',
        'rule m0 0,0.4 0,0.6',
        'rule m0 0.5,0.25 0.5,0.25',
        'line m0 0,0.5 0.5,0.25',
        'area m1 0.25,0.5 dashed 6,3',
        'square m1 0.25,0.5',
        'circle m0 0,0.5',
        'circle m0 0.5,0.25',
        'cross m0 0,0.97',
      ],
    },
  ]);
});
