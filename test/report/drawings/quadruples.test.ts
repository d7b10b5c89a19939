import { expect, test } from 'vitest';
import type { Html } from '../../../core/report/html.js';
import { quadruples } from '../../../core/report/sections/quadruples.js';
import { contrastRow } from '../hand-rows.js';
import { contextWith, drawingOf, figures, said, tablesIn, textOf, whole } from '../reading.js';

const row = (own: Parameters<typeof contrastRow>[0]) =>
  contrastRow({
    model: 'resnet20',
    part: 'all',
    distance: 0.5,
    distance_low: null,
    distance_high: null,
    quadruples: 40,
    left_out: 0,
    layers: 19,
    freedom: 16.5,
    ...own,
  });
const near = { part: 'distance', distance: 0.1, distance_low: 0, distance_high: 0.2 } as const;
const far = { part: 'distance', distance: 0.9, distance_low: 0.8, distance_high: 1 } as const;

test('the contrast of each network stands beside zero, and against the distance', async () => {
  const found = await quadruples(
    contextWith({
      contrasts: [
        row({ contrast: 0.2, low: 0.1, high: 0.3, quadruples: 200, left_out: 3 }),
        row({ ...near, contrast: 0.3, low: 0.2, high: 0.4 }),
        row({ ...far, contrast: -0.1, low: -0.3, high: 0.1 }),
        row({ ...far, distance: 0.7, contrast: 0.1, low: null, high: null, layers: 4, freedom: null }),
      ],
    }),
  );
  const drawn = figures(found);
  expect(drawn.map((figure) => said(figure).panels)).toEqual([
    ['within-or-across: filled with zero'],
    ['within-or-across: filled with zero'],
  ]);
  expect(drawn.map(({ kind, id }) => [kind, id])).toEqual([
    ['figure', 'fig-contrast'],
    ['figure', 'fig-contrast-distance'],
  ]);
  expect(said(drawn[0])).toEqual({
    title: 'Do kernels of different layers back each other up more than those of one layer?',
    panels: ['within-or-across: filled with zero'],
    legend: ['resnet20', '95 % interval for images, kernels and layers like these', 'no difference'],
    note: expect.stringMatching(
      /^Quadruples: two kernels in each of two layers; .* count alike\. 3 quadruples are left out, since outputs are not finite/,
    ) as string,
    reading:
      'Right of the dashed line back-up lies across the depth rather than within layers; left of it kernels find their substitutes in their own layer, or kernels of layers that matter much multiply what they do.',
  });
  expect(drawn.map((figure) => figure.panels.map(({ body }) => drawingOf(body)))).toEqual([
    [
      {
        label: 'Contrast of quadruples: within-or-across: filled with zero',
        titles: ['Excess across layers less within (nat)', 'Network'],
        x: expect.any(Array) as string[],
        y: ['resnet20'],
        marks: ['rule axis 0,0 0,60 dashed 2,3', 'rule m0 0.1,30 0.3,30', 'circle m0 0.2,30'],
      },
    ],
    [
      {
        label: 'Contrast against distance: within-or-across: filled with zero',
        titles: ['Distance in normalised depth (0 to 1)', 'Excess across less within (nat)'],
        x: ['0.0', '0.2', '0.4', '0.6', '0.8', '1.0'],
        y: expect.any(Array) as string[],
        marks: [
          expect.stringMatching(/^rule axis .* dashed 2,3$/) as string,
          'rule m0 0.1,0.2 0.1,0.4',
          'rule m0 0.9,-0.3 0.9,0.1',
          'line m0 0.1,0.3 0.9,-0.1',
          'circle m0 0.1,0.3',
          'circle m0 0.9,-0.1',
        ],
      },
    ],
  ]);
  expect(tablesIn(drawn[0]?.numbers as Html)).toEqual([
    [
      ['network', 'ablation', 'distance', 'quadruples', 'left out', 'layers', 'contrast (nat)', 'degrees of freedom'],
      ['resnet20', 'within-or-across: filled with zero', 'all', '200', '3', '19', '0.200 [0.100, 0.300]', '16.5'],
      ['resnet20', 'within-or-across: filled with zero', '0 to 0.20', '40', '0', '19', '0.300 [0.200, 0.400]', '16.5'],
      [
        'resnet20',
        'within-or-across: filled with zero',
        '0.80 to 1.0',
        '40',
        '0',
        '19',
        '−0.100 [−0.300, 0.100]',
        '16.5',
      ],
      ['resnet20', 'within-or-across: filled with zero', '0.80 to 1.0', '40', '0', '4', '0.100', '–'],
    ],
  ]);
});

test('where none is left out the note ends before that', async () => {
  const contrasts = [row({ contrast: 0.2, low: 0.1, high: 0.3 })];
  const [figure] = figures(await quadruples(contextWith({ contrasts })));
  expect(figure?.note).toMatch(/count alike\.$/);
});

test('of too few layers it has numbers alone', async () => {
  const few = await quadruples(
    contextWith({ contrasts: [row({ contrast: 0.1, low: null, high: null, left_out: 1 })] }),
  );
  expect(figures(few)).toEqual([]);
  expect(textOf(whole(few))).toMatch(/^1 quadruple is left out, .* No contrast has an interval\./);
});
