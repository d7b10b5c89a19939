import { describe, expect, test } from 'vitest';
import { baselines } from '../../core/report/sections/baselines.js';
import { fills } from '../../core/report/sections/fills.js';
import { interactions } from '../../core/report/sections/interactions.js';
import { longRange } from '../../core/report/sections/long-range.js';
import { predictors } from '../../core/report/sections/predictors.js';
import { robustness } from '../../core/report/sections/robustness.js';
import { sensitivity } from '../../core/report/sections/sensitivity.js';
import type { Html } from '../../core/report/html.js';
import {
  ablationRow,
  curveRow,
  interactionRow,
  kernelRow,
  layerRow,
  modelRow,
  pairRow,
  predictorRow,
  similarityRow,
} from './hand-rows.js';
import { contextWith, drawingOf, figures, said, tablesIn, textOf, whole } from './reading.js';

const [a, b] = ['resnet20', 'resnet56'];

test('baselines: accuracies stand at their places, each network with its interval, and what was expected as a tick', async () => {
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
    note: 'Share of images classified correctly, with exact or score intervals; the upright tick is what the study stated beforehand.',
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

test('robustness: curves go through their points, from the intact network on, with their bands, and what is missing is said and marked', async () => {
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
        '26.7 %',
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
        'beyond 20.0 %',
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

test('fills: one point a condition with a damage, over equal damage; ratios are of those with a damage by zero', async () => {
  const pairs = [1, 2, 4, 8].flatMap((kl, i) => [
    ablationRow({ model: a, channels: `c[${i}]`, fill: 'zero', kl: kl / 16, non_finite: 0 }),
    ablationRow({ model: a, channels: `c[${i}]`, fill: 'mean', kl: i === 3 ? 1 : kl / 32, non_finite: 0 }),
  ]);
  const fil = await fills(
    contextWith({
      ablations: [
        ...pairs,
        ablationRow({ model: a, channels: 'z', fill: 'zero', kl: 0 }),
        ablationRow({ model: a, channels: 'z', fill: 'mean', kl: 0.5 }),
        ablationRow({ model: a, channels: 'y', fill: 'zero', non_finite: 1 }),
        ablationRow({ model: a, channels: 'y', fill: 'mean', kl: 0.5 }),
      ],
    }),
  );
  const drawn = figures(fil);
  expect(said(drawn[0])).toEqual({
    title: 'Damage with mean in place of zero.',
    panels: ['resnet20: n = 5'],
    legend: ['resnet20', 'equal damage'],
    note: 'One point a condition: the same channels, filled with zero and with mean; both axes are logarithmic, conditions without any damage are left out of the picture. 1 pair of conditions has no KL on every image, and is left out.',
    reading:
      'A point below the dashed line is a kernel that zero punishes more than its loss deserves: its constant part could be replaced, so the damage was reliance and not lack of redundancy.',
  });
  expect(drawn[0]?.panels.map(({ body }) => drawingOf(body, { x: true, y: true }))).toEqual([
    {
      label: 'Damage with mean against damage with zero in resnet20',
      titles: ['KL, filled with zero (nat)', 'KL, filled with mean (nat)'],
      x: ['', '', '', '', '0.2', '', '', '', ''],
      y: ['', '', '', '', '0.2', '', '', '', ''],
      marks: [
        'line ink-2 0,266 372,0 dashed 4,4',
        'circle m0 96,241',
        'circle m0 156,198',
        'circle m0 216,155',
        'circle m0 276,25',
      ],
    },
  ]);
  expect(tablesIn(drawn[0]?.numbers as Html)).toEqual([
    [
      ['network', 'pairs', 'median of KL(mean) / KL(zero)', 'middle half', 'share milder with mean'],
      ['resnet20', '4', '0.500', '[0.500, 0.875]', '0.750'],
    ],
  ]);
});

test('interactions: means stand at their distances, across less within beside zero, and the surest pairs in tables', async () => {
  const inter = (own: Parameters<typeof interactionRow>[0]) =>
    interactionRow({
      model: a,
      measure: 'kl',
      distance: 0,
      pairs: 20,
      units: 10,
      left_out: 0,
      singles: 0.5,
      p: null,
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
        inter({ part: 'difference', distance: 0.3, interaction: -0.2, low: -0.4, high: -0.1, p: 0.012 }),
        inter({ measure: 'delta_loss', part: 'layer' }),
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
          kl_interaction: 0.5,
          kl_interaction_low: 0.4,
          kl_interaction_high: 0.6,
          distance: 0.25,
        }),
        pairRow({ kl_interaction: -0.5, kl_interaction_low: -0.6, kl_interaction_high: -0.4 }),
        pairRow({ kl_interaction: 0.1, kl_interaction_low: 0, kl_interaction_high: 0.4 }),
        pairRow({ kl_interaction: null }),
      ],
    }),
  );
  const drawn = figures(int);
  expect(said(drawn[0])).toEqual({
    title: 'What two removals do beyond the two alone, by how far apart they lie.',
    panels: ['resnet20 · two-at-a-time: kernels, filled with zero'],
    legend: ['resnet20', 'pairs of one layer', '95 % interval over pairs, the units they share, and images'],
    note: 'Interaction: KL of both removed, less the KL of each removed alone, image by image; means over the pairs of a fifth of the distances, and, hollow at 0, over those of one layer. 3 pairs are left out, since outputs are not finite on some image, or a cell failed.',
    reading:
      'Above zero two units cover for each other: the second removal finds no substitute, which is redundancy; below zero the loss of one has already cost what both do together, and since KL grows with the square of small changes, a little above zero is also reached by two that merely push the output the same way.',
  });
  expect(drawn[0]?.panels.map(({ body }) => drawingOf(body))).toEqual([
    {
      label: 'Interaction against distance: resnet20 · two-at-a-time: kernels, filled with zero',
      titles: ['Distance in normalised depth (0 to 1)', 'Mean interaction (nat)'],
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
        'interaction (nat)',
        'p',
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
        '–',
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
        '–',
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
        '–',
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
        '–',
      ],
      [
        'resnet20',
        'two-at-a-time: kernels, filled with zero',
        'across less within, at equal single damage',
        '20',
        '0',
        '10',
        '0.500',
        '−0.200 [−0.400, −0.100]',
        '0.0120',
      ],
    ],
  ]);
  expect(said(drawn[1])).toEqual({
    title: 'Do units of different layers back each other up more than those of one layer?',
    panels: ['two-at-a-time: kernels, filled with zero; p = 0.012'],
    legend: ['resnet20', '95 % interval', 'no difference'],
    note: 'Mean interaction of pairs across layers less that of pairs within one, compared among pairs whose two single damages sum to about the same; p from permuting which pairs are called across.',
    reading:
      'Right of the dashed line redundancy across the depth exceeds that within layers; left of it units find their substitutes in their own layer; the p-value takes pairs as exchangeable although some share a unit, so trust it only where the interval, which counts that, agrees.',
  });
  expect(drawn[1]?.panels.map(({ body }) => drawingOf(body))).toEqual([
    {
      label: 'Interaction across layers less within: two-at-a-time: kernels, filled with zero',
      titles: ['Across layers less within (nat)', 'Network'],
      x: ['−0.4', '−0.3', '−0.2', '−0.1', '0'],
      y: ['resnet20'],
      marks: ['rule axis 0,0 0,60 dashed 2,3', 'rule m0 -0.4,30 -0.1,30', 'circle m0 -0.2,30'],
    },
  ]);
  expect(tablesIn(whole(int))).toEqual([
    [
      ['one', 'other', 'network', 'fill', 'distance', 'KL, one alone', 'other alone', 'both', 'interaction (nat)'],
      ['x[1]', 'y', 'resnet20', 'zero', '0.25', '0.100', '0.200', '0.800', '0.500 [0.400, 0.600]'],
    ],
    [
      ['one', 'other', 'network', 'fill', 'distance', 'KL, one alone', 'other alone', 'both', 'interaction (nat)'],
      ['conv3[1]', 'conv3[5]', 'resnet20', 'zero', '0', '0.0197', '0.00280', '0.0172', '−0.500 [−0.600, −0.400]'],
    ],
  ]);
  expect(textOf(whole(int))).toBe(
    'Strongest redundancies: together far worse than one by one one other network fill distance KL, one alone other alone both interaction (nat) x[1] y resnet20 zero 0.25 0.100 0.200 0.800 0.500 [0.400, 0.600] Strongest synergies: the loss of one is most of the loss of both one other network fill distance KL, one alone other alone both interaction (nat) conv3[1] conv3[5] resnet20 zero 0 0.0197 0.00280 0.0172 −0.500 [−0.600, −0.400] Up to 5 pairs of each network whose 95 % interval over images excludes zero, out of 3 measured. The strongest of many look stronger than they are; other images will show them nearer to zero.',
  );
});

test('long-range: the matrix is by depth, its strongest excess off the diagonal, and redundancy stands against its null', async () => {
  const sim = (site_a: string, site_b: string, r2: number, r2_null: number | null) =>
    similarityRow({
      model: a,
      site_a,
      site_b,
      depth_a: site_a === 's' ? 0 : 1,
      depth_b: site_b === 's' ? 0 : 1,
      r2,
      r2_null,
      excess: r2_null === null ? null : r2 - r2_null,
    });
  const lon = await longRange(
    contextWith({
      similarity: [sim('t', 's', 0.5, 0.25), sim('s', 't', 0.25, 0.5), sim('s', 's', 1, 0), sim('t', 't', -0.5, 0)],
      models: [
        modelRow({ model: a, sr: 0.5, sr_low: 0.4, sr_high: 0.6, sr_null: 0.25, sr_excess: 0.25 }),
        modelRow({ model: b, sr: null }),
      ],
    }),
  );
  const drawn = figures(lon);
  expect(said(drawn[0])).toEqual({
    title: 'How well the kernels of one site are predicted from another.',
    panels: ['resnet20: R²', 'resnet20: excess over the null'],
    legend: [],
    note: 'R² of ridge regression from the signatures of one site to those of another, on base images not used to fit, averaged over kernels; the excess is what is left after the same in networks with shuffled weights. A negative R² is drawn as 0.',
    reading:
      'Each row is a predicted site and each column a predicting one, both in order of depth: colour far from the diagonal in the right-hand pictures is redundancy across depth that chance and architecture do not explain.',
  });
  expect(textOf(drawn[0]?.key as Html)).toBe('R² (share of variance) 0 0.5 1 Excess (difference of R²) −1.0 0 +1.0');
  expect(drawn[0]?.panels.map(({ body }) => drawingOf(body))).toEqual([
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
  expect(tablesIn(drawn[0]?.numbers as Html)).toEqual([
    [
      ['network', 'pairs', 'largest excess', 'predicted', 'from', 'R² there', 'null'],
      ['resnet20', '4', '0.250', 't', 's', '0.500', '0.250'],
    ],
  ]);
  expect(said(drawn[1])).toEqual({
    title: 'Systemic redundancy against its null.',
    panels: [''],
    legend: ['resnet20', '95 % interval', 'shuffled weights (null)'],
    note: '0: the sites respond in orthogonal ways; 1: all lie within the largest. Equally many kernels are drawn at equally many sites of every network, and all networks get the same impulses.',
    reading:
      'What counts is how far a filled marker lies to the right of its hollow one: that much of the redundancy was learned, the rest comes with the architecture.',
  });
  expect(drawn[1]?.panels.map(({ body }) => drawingOf(body))).toEqual([
    {
      label: 'Systemic redundancy of each network and its null',
      titles: ['Systemic redundancy (0 to 1)', 'Network'],
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
  expect(tablesIn(drawn[1]?.numbers as Html)).toEqual([
    [
      ['network', 'SR [95 %]', 'null', 'excess'],
      ['resnet20', '0.500 [0.400, 0.600]', '0.250', '0.250'],
      ['resnet56', '– [0.380, 0.440]', '0.240', '0.170'],
    ],
  ]);
});

test('predictors: kernels stand by their ranks within their site, predictors by their correlation, with interval and ceiling', async () => {
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
          partial: null,
        }),
      ],
    }),
  );
  const drawn = figures(pre);
  expect(said(drawn[0])).toEqual({
    title: 'Damage of each kernel against activation-std.',
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
    panels: ['Target: kl'],
    legend: ['resnet20', '95 % interval', 'reliability ceiling'],
    note: 'Spearman correlation within sites, combined by Fisher z, with bootstrap intervals over kernels and images. The ceiling is the highest correlation that the split-half reliability of the damage allows.',
    reading:
      'An interval that does not cross zero is evidence; how close its marker comes to the black tick says how much of what can be predicted is predicted.',
  });
  expect(drawn[1]?.panels.map(({ body }) => drawingOf(body))).toEqual([
    {
      label: 'Rank correlations with kl',
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
        'network',
        'ρ [95 %]',
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
        'resnet20',
        '0.500 [0.250, 0.750]',
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
        'resnet20',
        '−0.250 [−0.500, 0]',
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

test('sensitivity: layers stand at their depth, on a logarithmic axis for KL; what has no point is said', async () => {
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

describe('without results', () => {
  const none = contextWith({});
  test.each([
    [baselines, 'Baselines', 'No intact network has been evaluated yet.'],
    [
      robustness,
      'Robustness curves',
      'No random or cumulative ablation has results yet, so there are no curves to draw.',
    ],
    [
      fills,
      'What stands in their place',
      'No condition has a damage on all its images both with zero and with another fill, so they cannot be compared.',
    ],
    [
      interactions,
      'Two at a time: redundancy within layers and across depth',
      'No ablation of mode pairs has results yet, so no interaction is known.',
    ],
    [
      longRange,
      'Long-range redundancy',
      'No responses to impulses were compared between sites, so there is no matrix to show. Systemic redundancy was not measured.',
    ],
    [
      predictors,
      'Does the cheap test predict the expensive one?',
      'No measure of kernels could be compared with damage: that needs impulses and a kernel ablation of mode each.',
    ],
    [
      sensitivity,
      'Sensitivity along the depth',
      'No kernel or layer was removed one at a time, so nothing is known about single layers.',
    ],
  ])('%o says so', async (section, title, sentence) => {
    const found = await section(none);
    expect([found.title, textOf(whole(found)), figures(found)]).toEqual([title, sentence, []]);
  });
});
