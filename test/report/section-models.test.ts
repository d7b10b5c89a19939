import { expect, test } from 'vitest';
import type { Html } from '../../core/report/html.js';
import { models } from '../../core/report/sections/models.js';
import { curveRow, kernelRow, modelRow } from './hand-rows.js';
import { contextWith, tablesIn, textOf, whole } from './reading.js';

const paragraphs = (block: Html): string[] =>
  [...block.text.matchAll(/<(p|h3)[ >][\s\S]*?<\/\1>/g)].map(([text]) => textOf(text));

test('the table across networks has every number of a row, and a dash for what is not known', () => {
  const rows = [
    modelRow({
      model: 'resnet20',
      parameters: 269_722,
      macs: 40_813_184,
      layers: 19,
      kernels: 688,
      images: 500,
      accuracy: 0.8,
      accuracy_low: 0.75,
      accuracy_high: 0.85,
      robustness_area: 0.5,
      robustness_low: 0.4,
      robustness_high: 0.6,
      kl_repaired: 0.1,
      kl_repaired_low: 0.05,
      kl_repaired_high: 0.15,
      sr: 0.41,
      sr_low: 0.38,
      sr_high: 0.44,
      sr_null: 0.24,
      sr_excess: 0.17,
      sr_excess_low: 0.14,
      sr_excess_high: 0.2,
      r2_same_low: 0.82,
      r2_same_high: 0.87,
      r2_same_null: 0.6,
      r2_far_low: 0.55,
      r2_far_high: 0.55,
      r2_far_null: 0.42,
      reliability_kl: 0.91,
      dead_kernels: 1,
      silent_kernels: 2,
    }),
    modelRow({
      model: 'other',
      robustness_area: null,
      kl_repaired: null,
      kl_repaired_low: null,
      sr: null,
      sr_null: null,
      sr_excess: null,
      sr_excess_low: null,
      r2_same_low: null,
      r2_same_high: null,
      r2_same_null: null,
      r2_far_low: null,
      r2_far_high: null,
      r2_far_null: null,
      reliability_kl: null,
      dead_kernels: null,
      silent_kernels: null,
      robustness_low: null,
      sr_low: null,
      accuracy: 1,
      accuracy_low: 0.9,
      accuracy_high: 1,
      parameters: 1,
      macs: 2,
      layers: 3,
      kernels: 4,
      images: 5,
    }),
  ];
  const curves = [curveRow({ model: 'resnet20', fraction: 0.2, accuracy: 0, accuracy_low: 0, accuracy_high: 0 })];
  const kernels = [
    kernelRow({ model: 'resnet20', state: 'ok', images: 500 }),
    kernelRow({ model: 'resnet20', state: 'no-op', images: 500 }),
    // Stopped early, not removed, and of another network.
    kernelRow({ model: 'resnet20', state: 'ok', images: 75 }),
    kernelRow({ model: 'resnet20', state: 'missing', images: null }),
    kernelRow({ model: 'other', state: 'ok', images: 5 }),
  ];
  const section = models(contextWith({ models: rows, kernels, curves }));
  expect(tablesIn(whole(section))).toEqual([
    [
      [
        'network,parameters,MACs / image,layers,kernels,images,accuracy,robustness area,accuracy halves at,repaired (nat),SR',
        'SR, null|SR, excess|R², same site|null|R², far sites|null|reliability of KL|dead|silent',
      ].flatMap((heads, i) => heads.split(i === 0 ? ',' : '|')),
      [
        'resnet20',
        '269 722',
        '40 813 184',
        '19',
        '688',
        '500',
        '80.0 % [75.0, 85.0]',
        '0.500 [0.400, 0.600]',
        'at most 20.0 %',
        '0.100 [0.0500, 0.150]',
        '0.410 [0.380, 0.440]',
        '0.240',
        '0.170 [0.140, 0.200]',
        '0.820 to 0.870',
        '0.600',
        '0.550',
        '0.420',
        '0.910',
        '1 of 2',
        '2',
      ],
      ['other', '1', '2', '3', '4', '5', '100 % [90.0, 100]', ...Array.from({ length: 13 }, () => '–')],
    ],
  ]);
  expect(paragraphs(whole(section))).toEqual([
    'One row a network; brackets hold 95 % intervals, but for R², where “a to b” is from what the fit knows of other bases to what it knows of its own: the value lies between. “Null” is the same network with weights shuffled within its layers.',
    'Robustness area: mean of accuracy over intact accuracy along the removed fractions measured. Repaired: what later residual blocks take back of the damage of removing one, mean over blocks. SR: systemic redundancy. R²: how well other kernels predict a kernel’s signature. Dead: of the kernels that were removed alone, those that change nothing on any image; silent: no answer to any impulse.',
  ]);
  const none = models(contextWith({}));
  expect(textOf(whole(none))).toBe('No network has results yet.');
  expect([none.id, none.title]).toEqual(['models', 'Across networks']);
});
