import { expect, test } from 'vitest';
import { baselines } from '../../../core/report/sections/baselines.js';
import { modelRow } from '../hand-rows.js';
import { contextWith, drawingOf, figures, said, tablesIn, whole } from '../reading.js';

const [a, b] = ['resnet20', 'resnet56'];

test('accuracies stand at their places, each network with its interval, and what was expected as a tick', async () => {
  const base = await baselines(
    contextWith({
      models: [
        modelRow({
          model: a,
          accuracy: 0.8,
          accuracy_low: 0.75,
          accuracy_high: 0.85,
          accuracy_expected: 0.79,
          images: 500,
        }),
        modelRow({ model: b, accuracy: 0.9, accuracy_low: 0.85, accuracy_high: 0.95, accuracy_expected: null }),
        modelRow({ model: 'plain20', accuracy: 0.7, accuracy_low: 0.65, accuracy_high: 0.75, accuracy_expected: 0.75 }),
      ],
    }),
  );
  const drawn = figures(base);
  expect(said(drawn[0])).toEqual({
    title: 'Accuracy of the intact networks.',
    panels: [''],
    legend: ['resnet20', 'resnet56', 'plain20', '95 % interval', 'expected'],
    note: 'Share of images classified correctly, with exact intervals (Clopper and Pearson); the upright tick is what the study stated beforehand.',
    reading:
      'A network whose tick lies inside its interval was imported and fed as its author did; the axis does not start at zero.',
  });
  expect(drawn[0]?.panels.map(({ body }) => drawingOf(body))).toEqual([
    {
      label: 'Accuracy of the intact networks',
      titles: ['Accuracy (% of images)', 'Network'],
      x: ['70%', '80%', '90%'],
      y: ['resnet20', 'resnet56', 'plain20'],
      marks: [
        'rule m0 0.75,17 0.85,17',
        'rule m1 0.85,51 0.95,51',
        'rule m2 0.65,85 0.75,85',
        'area ink 0.79,7',
        'area ink 0.75,75',
        'triangle m2 0.7,85',
        'square m1 0.9,51',
        'circle m0 0.8,17',
      ],
    },
  ]);
  expect(tablesIn(whole(base))).toEqual([
    [
      ['network', 'images', 'accuracy [95 %]', 'expected', 'verdict'],
      ['resnet20', '500', '80.0 % [75.0, 85.0]', '79.0 %', 'as expected (± 2.0 %)'],
      ['resnet56', '500', '90.0 % [85.0, 95.0]', '–', 'nothing expected'],
      ['plain20', '500', '70.0 % [65.0, 75.0]', '75.0 %', 'off by 5.0 %'],
    ],
  ]);
});
