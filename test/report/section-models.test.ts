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
      ['network', 'accuracy', 'robustness area', 'replaceability', 'repaired (nat)', 'SR, excess'],
      [
        'resnet20',
        '80.0 % [75.0, 85.0]',
        '0.500 [0.400, 0.600]',
        '0.600 [0.520, 0.660]',
        '0.100 [0.0500, 0.150]',
        '0.170 [0.140, 0.200]',
      ],
      ['other', '100 % [90.0, 100]', '–', '0.600 [0.520, 0.660]', '–', '–'],
    ],
    [
      'network|parameters|MACs / image|layers|kernels|images|accuracy halves at|replaceability, earlier sites|reliability of KL|dead'.split(
        '|',
      ),
      [
        'resnet20',
        '269 722',
        '40 813 184',
        '19',
        '688',
        '500',
        'at most 20.0 %',
        '0.400 [0.300, 0.500]',
        '0.910',
        '1 of 2',
      ],
      ['other', '1', '2', '3', '4', '5', '–', '0.400 [0.300, 0.500]', '–', '–'],
    ],
    [
      'network|SR|SR, null|R², same site|null|R², far sites|null|silent'.split('|'),
      ['resnet20', '0.410 [0.380, 0.440]', '0.240', '0.820 to 0.870', '0.600', '0.550', '0.420', '2'],
      ['other', ...Array.from({ length: 7 }, () => '–')],
    ],
  ]);
  expect(paragraphs(whole(section))).toEqual([
    'One row a network, each one file; brackets hold 95 % intervals for images like these.',
    'Robustness area: mean of accuracy over intact accuracy along the removed fractions measured. Replaceability: the share of the damage of single kernels that goes once the others of the site say what they can in their place. Repaired: what later residual blocks take back of the damage of removing one, mean over blocks. SR, excess: systemic redundancy beyond that of the same network with shuffled weights.',
    'R²: how well other kernels predict a kernel’s signature, “a to b” from what the fit knows of other bases to what it knows of its own: the value lies between. “Null” is the same network with weights shuffled within its layers. Dead: of the kernels that were removed alone, those that change nothing on any image; silent: no answer to any impulse.',
  ]);
});

test('a column that no network has a value in does not stand there, nor what it means', () => {
  const section = models(
    contextWith({
      models: [
        modelRow({
          model: 'a',
          sr: null,
          sr_excess: null,
          r2_same_low: null,
          silent_kernels: null,
          kl_repaired: null,
          robustness_area: null,
          replaceability_same: null,
        }),
      ],
    }),
  );
  expect(tablesIn(whole(section)).map(([heads]) => heads)).toEqual([
    ['network', 'accuracy'],
    expect.arrayContaining(['parameters']),
  ]);
  expect(textOf(whole(section))).not.toContain('Robustness area:');
});

test('on a narrow screen each cell says what it is', () => {
  const { text } = whole(models(contextWith({ models: [modelRow({ model: 'a' })] })));
  expect(text).toContain('class="scroll stacked"');
  expect(text).toContain('data-head="accuracy"');
});
