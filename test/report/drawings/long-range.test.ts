import { expect, test } from 'vitest';
import type { Html } from '../../../core/report/html.js';
import { longRange } from '../../../core/report/sections/long-range.js';
import { modelRow, similarityRow } from '../hand-rows.js';
import { contextWith, drawingOf, figures, said, tablesIn, textOf } from '../reading.js';

const [a, b] = ['resnet20', 'resnet56'];

test('the matrix is by depth, its strongest excess off the diagonal, and redundancy stands against its null', async () => {
  const sim = (site_a: string, site_b: string, r2: number, r2_null: number | null) =>
    similarityRow({
      model: a,
      site_a,
      site_b,
      depth_a: site_a === 's' ? 0 : 1,
      depth_b: site_b === 's' ? 0 : 1,
      r2,
      r2_null,
      r2_null_sd: 0.0625,
      r2_discovered: r2 === 0.5,
      excess: r2_null === null ? null : r2 - r2_null,
    });
  const lon = await longRange(
    contextWith({
      similarity: [sim('t', 's', 0.5, 0.25), sim('s', 't', 0.25, 0.5), sim('s', 's', 1, 0), sim('t', 't', -0.5, 0)],
      models: [
        modelRow({
          model: a,
          sr: 0.5,
          sr_low: 0.4,
          sr_high: 0.6,
          sr_plugin: 0.55,
          sr_null: 0.25,
          sr_null_low: 0.2,
          sr_null_high: 0.3,
          sr_excess: 0.25,
          sr_excess_low: 0.2,
          sr_excess_high: 0.3,
        }),
        modelRow({ model: b, sr: null }),
      ],
    }),
  );
  const drawn = figures(lon);
  expect(said(drawn[1])).toEqual({
    title: 'How well the kernels of one site are predicted from another.',
    panels: ['resnet20: R²', 'resnet20: excess over the null'],
    legend: [],
    note: 'R² of ridge regression from the signatures of one site to those of another, on base images not used to fit, averaged over kernels; the excess is what is left after the mean of the same in networks with shuffled weights. A negative R² is drawn as 0, and has no excess. Faint are pairs of sites that are not discovered: not above what such networks have, at a false discovery rate of 5.0 % over all pairs; at this rate fewer than 19 of them discover nothing.',
    reading:
      'Each row is a predicted site and each column a predicting one, both in order of depth: colour far from the diagonal in the right-hand pictures that is not faint is redundancy across depth that networks with shuffled weights do not have.',
  });
  expect(textOf(drawn[1]?.key as Html)).toBe('R² (share of variance) 0 0.5 1 Excess (difference of R²) −1.0 0 +1.0');
  expect(drawn[1]?.panels.map(({ body }) => drawingOf(body))).toEqual([
    {
      label: 'R² between the sites of resnet20',
      titles: ['Predicting site (by depth)', 'Predicted site (by depth)'],
      x: [],
      y: ['s', 't'],
      marks: ['area axis 1,1'],
    },
    {
      label: 'Excess of R² between the sites of resnet20',
      titles: ['Predicting site (by depth)', 'Predicted site (by depth)'],
      x: [],
      y: ['s', 't'],
      marks: ['area axis 1,1'],
    },
  ]);
  expect(tablesIn(drawn[1]?.numbers as Html)).toEqual([
    [
      [
        'network',
        'pairs',
        'discovered apart',
        'largest excess',
        'predicted',
        'from',
        'R² there',
        'null',
        'its spread (sd)',
      ],
      ['resnet20', '4', '1 of 2', '0.250', 't', 's', '0.500', '0.250', '0.0625'],
    ],
  ]);
  expect(said(drawn[0])).toEqual({
    title: 'Systemic redundancy against its null.',
    panels: [''],
    legend: ['resnet20', '95 % interval', 'shuffled weights (null)'],
    note: '0: the sites respond in orthogonal ways; 1: all lie within the largest. Squares of averages are taken over pairs of different base images, so that the value does not hang on their number; plug-in is what it would be without that. Equally many kernels are drawn at equally many sites of every network, and all networks get the same impulses.',
    reading:
      'What counts is how far a filled marker lies to the right of its hollow one: as far as its interval says, that much came with training, and the rest with the architecture.',
  });
  expect(drawn[0]?.panels.map(({ body }) => drawingOf(body))).toEqual([
    {
      label: 'Systemic redundancy of each network and its null',
      titles: ['Systemic redundancy (of 1)', 'Network'],
      x: ['0.3', '0.4', '0.5', '0.6'],
      y: ['resnet20'],
      marks: [
        'rule axis 0.25,18 0.5,18 dashed 2,2',
        'rule m0 0.4,18 0.6,18',
        'circle ink-2 0.25,18 hollow',
        'circle m0 0.5,18',
      ],
    },
  ]);
  expect(tablesIn(drawn[0]?.numbers as Html)).toEqual([
    [
      ['network', 'SR [95 %]', 'plug-in', 'null', 'excess', 'rank p', 'resolved'],
      ['resnet20', '0.500 [0.400, 0.600]', '0.550', '0.250 [0.200, 0.300]', '0.250 [0.200, 0.300]', '0.0500', 'yes'],
      ['resnet56', '– [0.380, 0.440]', '0.430', '0.240 [0.220, 0.260]', '0.170 [0.130, 0.210]', '0.0500', 'yes'],
    ],
  ]);
});
