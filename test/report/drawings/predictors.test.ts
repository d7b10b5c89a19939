import { expect, test } from 'vitest';
import type { Html } from '../../../core/report/html.js';
import { predictors } from '../../../core/report/sections/predictors.js';
import { kernelRow, predictorRow } from '../hand-rows.js';
import { contextWith, drawingOf, figures, said, tablesIn } from '../reading.js';

const a = 'resnet20';

test('kernels stand by their ranks within their site, predictors by their correlation, with interval and ceiling', async () => {
  const kernels = [1, 2, 3, 4].map((k) =>
    kernelRow({ model: a, site: 's', channel: k, activation_std: k, kl: k === 4 ? 0 : k, non_finite: 0 }),
  );
  const pre = await predictors(
    contextWith({
      kernels: [...kernels, kernelRow({ model: a, site: 's', non_finite: 1 })],
      predictors: [
        predictorRow({
          model: a,
          predictor: 'activation-std',
          target: 'kl',
          spearman: 0.5,
          low: 0.25,
          high: 0.75,
          ceiling: 0.9,
        }),
        predictorRow({
          model: a,
          predictor: 'weight-norm',
          target: 'kl',
          spearman: -0.25,
          low: -0.5,
          high: 0,
          ceiling: 0.9,
          discovered: false,
          lead: -0.4,
          lead_low: -0.5,
          lead_high: -0.3,
          partial: null,
        }),
      ],
    }),
  );
  const drawn = figures(pre);
  expect(said(drawn[0])).toEqual({
    title: 'Damage of each kernel (filled with zero) against activation-std.',
    panels: ['resnet20: ρ = 0.500 [0.250, 0.750], n = 4'],
    legend: ['resnet20', 'equal ranks'],
    note: 'One point a kernel, ranked among the kernels of its own site, so that differences between layers play no part, and spread within the width of its rank. 1 kernel whose removal leaves outputs that are not finite has no point and no part in ρ.',
    reading:
      'Points along the dashed diagonal mean that the cheap measure orders the kernels of a layer as their removal does; an even cloud means that it says nothing.',
  });
  expect(drawn[0]?.panels.map(({ body }) => drawingOf(body))).toEqual([
    {
      label: 'Rank of damage against rank of activation-std in resnet20',
      titles: ['Rank of activation-std within its site (0 to 1)', 'Rank of KL within its site (0 to 1)'],
      x: ['0.2', '0.4', '0.6', '0.8'],
      y: ['0.0', '0.2', '0.4', '0.6', '0.8', '1.0'],
      marks: [
        'line ink-2 0,0 1,1 dashed 4,4',
        'circle m0 0.19,0.39',
        'circle m0 0.38,0.53',
        'circle m0 0.57,0.93',
        'circle m0 0.75,0.07',
      ],
    },
  ]);
  expect(said(drawn[1])).toEqual({
    title: 'All predictors.',
    panels: ['Target: kl, filled with zero'],
    legend: ['resnet20', '95 % interval', 'reliability ceiling'],
    note: 'Spearman correlation within sites: mean over sites, which count as drawn from sites like these, and over images. Each interval is of its own; which predictor is best is picked after looking, so that only the lead over all others, with an interval that holds for all comparisons at once, tells it. The ceiling is the highest correlation that the split-half reliability of the damage allows.',
    reading:
      'A correlation is a discovery where its adjusted p says so; how close its marker comes to the black tick says how much of what can be predicted is predicted.',
  });
  expect(drawn[1]?.panels.map(({ body }) => drawingOf(body))).toEqual([
    {
      label: 'Rank correlations with kl, filled with zero',
      titles: ['Rank correlation within sites (Spearman ρ)', 'Predictor'],
      x: ['−0.5', '0.0', '0.5'],
      y: ['activation-std', 'weight-norm'],
      marks: [
        'rule axis 0,0 0,67',
        'rule m0 0.25,18 0.75,18',
        'rule m0 -0.5,49 0,49',
        'area ink 0.89,13',
        'area ink 0.89,45',
        'circle m0 0.5,18',
        'circle m0 -0.25,49',
      ],
    },
  ]);
  expect(tablesIn(drawn[1]?.numbers as Html)).toEqual([
    [
      [
        'predictor',
        'target',
        'fill',
        'network',
        'ρ [95 %]',
        'lead (atanh ρ) [95 %, all at once]',
        'between sites (atanh ρ)',
        'partial ρ',
        'p',
        'p, adjusted',
        'discovery',
        'reliability',
        'ceiling',
        'sites',
        'kernels',
      ],
      [
        'activation-std',
        'kl',
        'zero',
        'resnet20',
        '0.500 [0.250, 0.750]',
        '0.300 [0.100, 0.500]',
        '0.200',
        '0.357',
        '4.00 × 10⁻⁴',
        '0.00200',
        'yes',
        '0.910',
        '0.900',
        '7',
        '42',
      ],
      [
        'weight-norm',
        'kl',
        'zero',
        'resnet20',
        '−0.250 [−0.500, 0]',
        '−0.400 [−0.500, −0.300]',
        '0.200',
        '–',
        '4.00 × 10⁻⁴',
        '0.00200',
        'no',
        '0.910',
        '0.900',
        '7',
        '42',
      ],
    ],
  ]);
});
