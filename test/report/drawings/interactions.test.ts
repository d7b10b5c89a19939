import { expect, test } from 'vitest';
import type { Html } from '../../../core/report/html.js';
import { html } from '../../../core/report/html.js';
import { interactions } from '../../../core/report/sections/interactions.js';
import { interactionRow, pairRow } from '../hand-rows.js';
import { contextWith, drawingOf, figures, said, tablesIn, textOf, whole } from '../reading.js';

const a = 'resnet20';

test('means stand at their distances, and the surest pairs in tables', async () => {
  const inter = (own: Parameters<typeof interactionRow>[0]) =>
    interactionRow({
      model: a,
      measure: 'excess',
      distance: 0,
      pairs: 20,
      units: 10,
      left_out: 0,
      singles: 0.5,
      distance_low: null,
      distance_high: null,
      ...own,
    });
  const int = await interactions(
    contextWith({
      interactions: [
        inter({ part: 'layer', interaction: 0.5, low: 0.25, high: 0.75, left_out: 1 }),
        inter({ part: 'across', interaction: 0.2, low: 0.1, high: 0.3, left_out: 2 }),
        inter({
          part: 'distance',
          distance: 0.1,
          distance_low: 0,
          distance_high: 0.2,
          interaction: 0.3,
          low: 0.2,
          high: 0.4,
        }),
        inter({
          part: 'distance',
          distance: 0.5,
          distance_low: 0.4,
          distance_high: 0.6,
          interaction: -0.1,
          low: -0.25,
          high: 0,
        }),
        inter({ measure: 'kl', part: 'layer' }),
      ],
      pairs: [
        pairRow({
          model: a,
          layer_a: 'x',
          channel_a: 1,
          layer_b: 'y',
          channel_b: null,
          kl_a: 0.1,
          kl_b: 0.2,
          kl_joint: 0.8,
          kl_additive: 0.3,
          excess: 0.5,
          excess_low: 0.4,
          excess_high: 0.6,
          distance: 0.25,
        }),
        pairRow({ kl_additive: 0.5172, excess: -0.5, excess_low: -0.6, excess_high: -0.4 }),
        // Of rounding is not spoken.
        // Another ablation holds the same pair.
        pairRow({ ablation: 'again', kl_additive: 0.5172, excess: -0.5, excess_low: -0.6, excess_high: -0.4 }),
        pairRow({ channel_b: 6, excess: 9e-7, excess_low: 8e-7, excess_high: 1e-6 }),
        pairRow({ channel_b: 7, excess: 0.1, excess_low: 0, excess_high: 0.4 }),
        pairRow({ excess: null }),
      ],
    }),
  );
  const drawn = figures(int);
  expect(said(drawn[0])).toEqual({
    title: 'What two removals do beyond what their changes of the logits add up to, by how far apart they lie.',
    panels: ['resnet20 · two-at-a-time: kernels, filled with zero'],
    legend: ['resnet20', 'pairs of one layer', '95 % interval over pairs, the units they share, and images'],
    note: 'Excess: KL of both removed, less the KL that the logits would have if the changes of each removed alone added up, image by image; means over the pairs of a fifth of the distances, and, hollow at 0, over those of one layer. 3 pairs are left out, since outputs are not finite on some image, or a cell failed.',
    reading:
      'Above zero two units cover for each other: the second removal finds no substitute, which is back-up; below zero the loss of one has already cost what the other needs, which is occlusion; two that merely push the output the same way stay at zero.',
  });
  expect(drawn[0]?.panels.map(({ body }) => drawingOf(body))).toEqual([
    {
      label: 'Excess against distance: resnet20 · two-at-a-time: kernels, filled with zero',
      titles: ['Distance in normalised depth (0 to 1)', 'Mean excess (nat)'],
      x: ['0.0', '0.2', '0.4', '0.6', '0.8', '1.0'],
      y: ['−0.2', '0', '0.2', '0.4', '0.6', '0.8'],
      marks: [
        'rule axis 1.03,0 -0.028,0 dashed 2,3',
        'rule m0 0,0.25 0,0.75',
        'rule m0 0.1,0.2 0.1,0.4',
        'rule m0 0.5,-0.25 0.5,0',
        'line m0 0.1,0.3 0.5,-0.1',
        'circle m0 0.1,0.3',
        'circle m0 0.5,-0.1',
        'circle page 0,0.5 hollow',
      ],
    },
  ]);
  expect(tablesIn(drawn[0]?.numbers as Html)).toEqual([
    [
      [
        'network',
        'ablation',
        'pairs',
        'number',
        'left out',
        'units',
        'KL of the two alone, summed (nat)',
        'mean excess (nat)',
      ],
      [
        'resnet20',
        'two-at-a-time: kernels, filled with zero',
        'within a layer',
        '20',
        '1',
        '10',
        '0.500',
        '0.500 [0.250, 0.750]',
      ],
      [
        'resnet20',
        'two-at-a-time: kernels, filled with zero',
        'across layers',
        '20',
        '2',
        '10',
        '0.500',
        '0.200 [0.100, 0.300]',
      ],
      [
        'resnet20',
        'two-at-a-time: kernels, filled with zero',
        'distance 0 to 0.20',
        '20',
        '0',
        '10',
        '0.500',
        '0.300 [0.200, 0.400]',
      ],
      [
        'resnet20',
        'two-at-a-time: kernels, filled with zero',
        'distance 0.40 to 0.60',
        '20',
        '0',
        '10',
        '0.500',
        '−0.100 [−0.250, 0]',
      ],
    ],
  ]);
  expect(tablesIn(whole(int))).toEqual([
    [
      [
        'one',
        'other',
        'network',
        'fill',
        'distance',
        'KL, one alone',
        'other alone',
        'both',
        'both, if they added up',
        'excess (nat)',
      ],
      ['x[1]', 'y', 'resnet20', 'zero', '0.25', '0.100', '0.200', '0.800', '0.300', '0.500 [0.400, 0.600]'],
    ],
    [
      [
        'one',
        'other',
        'network',
        'fill',
        'distance',
        'KL, one alone',
        'other alone',
        'both',
        'both, if they added up',
        'excess (nat)',
      ],
      [
        'conv3[1]',
        'conv3[5]',
        'resnet20',
        'zero',
        '0',
        '0.0197',
        '0.00280',
        '0.0172',
        '0.517',
        '−0.500 [−0.600, −0.400]',
      ],
    ],
  ]);
  expect(textOf(whole(int))).toBe(
    'Strongest back-up: together worse than their changes add up to one other network fill distance KL, one alone other alone both both, if they added up excess (nat) x[1] y resnet20 zero 0.25 0.100 0.200 0.800 0.300 0.500 [0.400, 0.600] Strongest occlusion: the loss of one has already cost what the other needs one other network fill distance KL, one alone other alone both both, if they added up excess (nat) conv3[1] conv3[5] resnet20 zero 0 0.0197 0.00280 0.0172 0.517 −0.500 [−0.600, −0.400] Up to 5 pairs of each network whose 95 % interval over images excludes zero, out of 4 measured. The strongest of many look stronger than they are; other images will show them nearer to zero.',
  );
});

test('where outputs are not kept no excess is known, and interactions of KL are not shown in its place', async () => {
  const found = await interactions(
    contextWith({
      interactions: [interactionRow({ measure: 'kl', part: 'layer' })],
      pairs: [pairRow({ excess: null })],
    }),
  );
  expect([found.blocks, textOf(html`${found.absence?.needs ?? null}`)]).toEqual([
    [],
    'keep: logits to the ablation of pairs, since excess follows from outputs',
  ]);
});
