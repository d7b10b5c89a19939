import { describe, expect, test } from 'vitest';
import { findings } from '../../core/report/sentences.js';
import type { ReportInput } from '../../core/report/input.js';
import type { Tables } from '../../core/tables/schema.js';
import {
  ablationRow,
  contrastRow,
  compensationRow,
  coverageRow,
  curveRow,
  excessRow,
  modelRow,
  predictorRow,
  interactionRow,
} from './hand-rows.js';
import { contextWith } from './reading.js';

/** The sentences of a study with these tables, with every space as one. */
const said = (tables: Partial<Tables>, own: Partial<ReportInput> = {}): string[] =>
  findings(contextWith(tables, own)).map((sentence) => sentence.replace(/\s/g, ' '));
/** Behind the one on completeness, which is always there. */
const answers = (tables: Partial<Tables>): string[] => said(tables).slice(1);

const unknown = {
  robustness_area: null,
  robustness_low: null,
  robustness_high: null,
  kl_repaired: null,
  sr_excess: null,
} as const;

describe('what warns comes first', () => {
  test.each([
    [['a'], 'Warning: a'],
    [['a', 'b'], 'Warning: a 1 more warning under Coverage.'],
    [['a', 'b', 'c'], 'Warning: a 2 more warnings under Coverage.'],
  ])('%j', (warnings, sentence) => {
    expect(said({}, { warnings })).toEqual([sentence, 'This study has no results yet.']);
  });
});

describe('a study is complete or not', () => {
  const models = [modelRow({ ...unknown, images: 500 }), modelRow({ ...unknown, images: 1 })];
  test('complete, with the most images and the sum of its cells', () => {
    expect(said({ models, coverage: [coverageRow({}), coverageRow({ planned: 2, committed: 2 })] })).toEqual([
      'The study is complete: 4 networks on up to 500 images, 12 cells.',
    ]);
  });
  test('not complete, with the share that is there', () => {
    expect(
      said({ models, coverage: [coverageRow({ committed: 9 }), coverageRow({ planned: 2, committed: 0 })] }),
    ).toEqual([
      'The study is not complete: 9 of 12 cells are there (75.0 %), for 4 networks on up to 500 images; what follows may still change.',
    ]);
  });
  test('without any image, and without any cell', () => {
    expect(said({ coverage: [coverageRow({ planned: 1, committed: 0 })] })).toEqual([
      'The study is not complete: 0 of 1 cell are there (0.0 %), for 4 networks on no image yet; what follows may still change.',
    ]);
    expect(said({ coverage: [coverageRow({ planned: 0, committed: 0 })] })).toEqual([
      'The study is complete: 4 networks on no image yet, 0 cells.',
    ]);
  });
});

describe('outputs that are not finite are told', () => {
  const policy =
    ': such an image counts as wrong, and has no loss and no KL; means of KL are over the others, and a mean over several conditions that would need it is missing.';
  test('with how many conditions, networks and images', () => {
    const ablations = [
      ablationRow({ model: 'a', non_finite: 1 }),
      ablationRow({ model: 'b', non_finite: 2 }),
      ablationRow({ model: 'a', non_finite: 0, kl: null }),
      ablationRow({ model: 'a', non_finite: 3 }),
    ];
    expect(answers({ ablations })).toEqual([
      `Outputs are not finite in 3 conditions of 4 (a and b; 6 images in all, never on every image)${policy}`,
    ]);
  });
  test('and how many conditions have no finite output at all', () => {
    expect(answers({ ablations: [ablationRow({ model: 'a', non_finite: 1, kl: null })] })).toEqual([
      `Outputs are not finite in 1 condition of 1 (a; 1 image in all, on every image in 1)${policy}`,
    ]);
  });
});

describe('what later blocks repair', () => {
  const repair = (model: string, kl_repaired: number, low: number, high: number) =>
    modelRow({ ...unknown, model, kl_direct: 0.5, kl_repaired, kl_repaired_low: low, kl_repaired_high: high });
  const of = (...names: string[]) => names.map((model) => compensationRow({ model, ablation: 'repair', fill: 'zero' }));
  const how = ' (mean of direct less total KL; 95 % intervals over images; repair, filled with zero).';

  test('is told where an interval leaves 0 on one side, and else that nothing is told', () => {
    const models = [
      repair('a', 0.25, 0.125, 0.375),
      repair('b', -0.25, -0.375, -0.125),
      repair('c', 0.25, -0.125, 0.375),
      repair('d', 1e-7, 1e-8, 1e-6),
    ];
    expect(answers({ models, compensation: of('a', 'b', 'c', 'd') })).toEqual([
      'On average over residual blocks, later ones take back a part of what the removal of a block does in a (0.250 [0.125, 0.375] nat, where the direct KL is 0.500); ' +
        'add to what the removal of a block does in b (−0.250 [−0.375, −0.125] nat, where the direct KL is 0.500); ' +
        `change nothing that can be told of what the removal of a block does in c (0.250 [−0.125, 0.375] nat, where the direct KL is 0.500) and d (1.00 × 10⁻⁷ [1.00 × 10⁻⁸, 1.00 × 10⁻⁶] nat, where the direct KL is 0.500)${how}`,
    ]);
  });

  test('is not told of networks that have no number', () => {
    expect(answers({ models: [modelRow(unknown)], compensation: of('a') })).toEqual([]);
  });
});

describe('pairs', () => {
  const mean = (model: string, part: string, interaction: number, low: number, high: number, own = {}) =>
    interactionRow({ model, part, interaction, low, high, measure: 'excess', ...own });

  test('are said to back each other up, or to need each other, where their mean excess is not 0, and with which interval', () => {
    expect(
      answers({
        interactions: [
          mean('a', 'layer', 0.02, 0.01, 0.03),
          mean('b', 'layer', 0.01, -0.01, 0.03),
          mean('a', 'across', -0.02, -0.03, -0.01),
          mean('b', 'across', 0.02, 0.01, 0.03),
        ],
      }),
    ).toEqual([
      'On average over pairs, two kernels of one layer do more damage than their changes of the logits add up to in a (0.0200 [0.0100, 0.0300] nat); ' +
        'two kernels of different layers do more damage than their changes of the logits add up to in b (0.0200 [0.0100, 0.0300] nat); ' +
        'two kernels of different layers do less damage than their changes of the logits add up to in a (−0.0200 [−0.0300, −0.0100] nat) ' +
        '(mean excess, 95 % intervals; two-at-a-time, filled with zero).',
    ]);
  });

  test.each([
    ['where no interval excludes 0', mean('a', 'layer', 0.01, -0.01, 0.03)],
    ['of rounding', mean('a', 'layer', 9e-7, 8e-7, 9.5e-7)],
    ['of interactions of KL', mean('a', 'layer', 0.02, 0.01, 0.03, { measure: 'kl' })],
    ['of pairs by distance alone', mean('a', 'distance', 0.02, 0.01, 0.03)],
    ['of pairs that were not drawn at random', mean('a', 'layer', 0.02, 0.01, 0.03, { ablation: 'within-or-across' })],
  ])('are not spoken of %s', (_, row) => {
    expect(answers({ interactions: [row] })).toEqual([]);
  });
});

describe('the most robust network', () => {
  const area = (model: string, robustness_area: number | null, low: number | null, high: number | null) =>
    modelRow({ ...unknown, model, robustness_area, robustness_low: low, robustness_high: high });
  const lead = (ends: string) =>
    `Of 2 networks, one training each, b keeps the largest share of its accuracy when kernels are removed (robustness area ${ends}`;
  const open = (b: string, a: string): string =>
    `Of 2 networks, one training each, it is open which keeps the largest share of its accuracy when kernels are removed: the largest robustness areas are those of b (${b}) and a (${a}), and their 95 % intervals overlap or are unknown.`;

  test('stands before the second, and surely so where their intervals lie apart', () => {
    expect(
      answers({ models: [area('a', 0.5, 0.4, 0.55), area('b', 0.7, 0.6, 0.8), area('c', null, null, null)] }),
    ).toEqual([`${lead('0.700 [0.600, 0.800]')}), before a (0.500 [0.400, 0.550]).`]);
  });
  test.each([
    ['overlap', [0.4, 0.65], [0.6, 0.8]],
    ['touch', [0.4, 0.6], [0.6, 0.8]],
  ] as const)('is not settled where they %s', (_, [low, high], [from, to]) => {
    const [sentence] = answers({ models: [area('a', 0.5, low, high), area('b', 0.7, from, to)] });
    expect(sentence).toBe(open('0.700 [0.600, 0.800]', `0.500 [0.400, ${high.toFixed(3)}]`));
  });
  test('is not settled where an interval is unknown', () => {
    expect(answers({ models: [area('a', 0.5, null, null), area('b', 0.7, 0.6, 0.8)] })).toEqual([
      open('0.700 [0.600, 0.800]', '0.500'),
    ]);
    expect(answers({ models: [area('a', 0.5, 0.4, 0.45), area('b', 0.7, null, null)] })).toEqual([
      open('0.700', '0.500 [0.400, 0.450]'),
    ]);
  });
  test('alone is said to have its area', () => {
    expect(answers({ models: [area('b', 0.7, 0.6, 0.8)] })).toEqual([
      'b has a robustness area of 0.700 [0.600, 0.800].',
    ]);
  });
});

describe('where accuracy halves', () => {
  const models = ['a', 'b', 'c'].map((model) => modelRow({ ...unknown, model, accuracy: 0.8 }));
  const curve = (model: string, accuracy: number, fraction = 0.2) =>
    curveRow({ model, fraction, accuracy, accuracy_low: null, accuracy_high: null });

  test('is told the most robust first, and which networks still have more', () => {
    const curves = [
      ...[0.1, 0.2].map((fraction) => curve('a', fraction === 0.1 ? 0.6 : 0.2, fraction)),
      ...[0.1, 0.2].map((fraction) => curve('b', fraction === 0.1 ? 0.7 : 0.3, fraction)),
      curve('c', 0.7),
    ];
    expect(answers({ models, curves })).toEqual([
      'Accuracy halves once 17.5 % in b and 15.0 % in a of the kernels are removed; c still has more than half with 20.0 % of the kernels removed (all-depths, filled with zero; 95 % intervals over trials and images).',
    ]);
  });
  test('is said of several with the largest fraction', () => {
    expect(answers({ models, curves: [curve('a', 0.7), curve('b', 0.6, 0.3)] })).toEqual([
      'a and b still have more than half with 30.0 % of the kernels removed (all-depths, filled with zero; 95 % intervals over trials and images).',
    ]);
  });
  test('is never read between the intact network and the smallest fraction measured', () => {
    const curves = [{ ...curve('a', 0.4, 0.1), mode: 'cumulative', unit: 'layer' }];
    expect(answers({ models, curves })).toEqual([
      'Accuracy halves once at most 10.0 % in a of the layers are removed (cumulative, filled with zero; 95 % intervals over trials and images).',
    ]);
  });
  test('is not spoken of without a point', () => {
    expect(answers({ models, curves: [curveRow({ model: 'a', accuracy: null })] })).toEqual([]);
  });
});

describe('back-up across the depth', () => {
  const row = (model: string, contrast: number | null, half: number | null, own = {}) =>
    contrastRow({
      model,
      part: 'all',
      contrast,
      low: contrast === null || half === null ? null : contrast - half,
      high: contrast === null || half === null ? null : contrast + half,
      ...own,
    });
  const start = 'In quadruples, two kernels of different layers back each other up ';
  const end = ' (contrast of excess, 95 % intervals; within-or-across, filled with zero).';

  test('is more, less, or neither, by intervals that exclude zero, each with its size', () => {
    const contrasts = [
      row('a', 0.25, 0.125),
      row('b', -0.25, 0.125),
      row('c', 0, 0.125),
      row('d', 0.125, 0.125),
      row('e', -0.125, 0.125),
      row('f', 0.5, null),
      row('g', 0.5, 0.1, { fill: 'mean' }),
      row('h', 0.5, 0.1, { ablation: 'other' }),
      row('i', 0.5, 0.1, { part: 'distance' }),
    ];
    expect(answers({ contrasts })).toEqual([
      `${start}more than two of one layer in a (0.250 [0.125, 0.375] nat, 200 quadruples); less than two of one layer in b (−0.250 [−0.375, −0.125] nat, 200 quadruples); ` +
        'to an extent that is not told apart from that of two of one layer in c (0 [−0.125, 0.125] nat, 200 quadruples), d (0.125 [0, 0.250] nat, 200 quadruples) and e (−0.125 [−0.250, 0] nat, 200 quadruples)' +
        `${end} Of f so few layers tell nothing.`,
    ]);
  });
  test.each([
    ['more', 0.25],
    ['less', -0.25],
  ])('alone %s', (word, contrast) => {
    const [sentence] = answers({
      contrasts: [row('x', 1, 0.1, { part: 'distance', fill: 'mean' }), row('a', contrast, 0.125)],
    });
    expect(sentence).toMatch(new RegExp(`^${start}${word} than two of one layer in a \\([^;]*\\) \\(contrast`));
  });
  test('is not known of too few layers, and not spoken of without quadruples', () => {
    expect(answers({ contrasts: [row('a', 0.25, null)] })).toEqual([
      "Whether kernels back each other up across layers or within them can't be told by so few layers in a (within-or-across, filled with zero).",
    ]);
    expect(answers({ contrasts: [row('a', 1, 0.1, { part: 'distance' })] })).toEqual([]);
  });
});

describe('learned redundancy', () => {
  const row = (model: string, sr_excess: number | null, sr_excess_low: number | null, sr_resolved = true) =>
    modelRow({ ...unknown, model, sr_excess, sr_excess_low, sr_resolved });
  const start = 'Systemic redundancy beyond the mean of networks with shuffled weights';
  test('lies between the least and the most, and above 0 where its interval does', () => {
    const models = [row('a', 0.2, 0.1), row('b', 0.3, 0), row('c', 0.1, null), row('d', null, 1)];
    expect(answers({ models })).toEqual([
      `${start} lies between 0.100 (c) and 0.300 (b); in 1 of 2 networks its interval lies above 0.`,
    ]);
  });
  test('is said once where the ends look alike', () => {
    expect(answers({ models: [row('a', 0.107_04, 0.1), row('b', 0.107_01, 0.1)] })).toEqual([
      `${start} is 0.107 in a and b; in 2 of 2 networks its interval lies above 0.`,
    ]);
  });
  test('of one network is its own', () => {
    expect(answers({ models: [row('a', 0.2, 0.1)] })).toEqual([
      `${start} is 0.200 in a; in 1 of 1 network its interval lies above 0.`,
    ]);
  });
  test('names beyond which nulls of other kinds it lies, kind by kind', () => {
    const against = (model: string, kind: string, excess_low: number | null) =>
      excessRow({ model, measure: 'sr', kind, excess_low });
    const excess = [
      against('a', 'shuffled', 0.1),
      against('a', 'reinitialised', 0.1),
      against('b', 'reinitialised', -0.1),
      against('a', 'unrelated', -0.1),
      against('b', 'unrelated', null),
      { ...against('b', 'unrelated', 0.1), measure: 'r2_far' },
    ];
    expect(answers({ models: [row('a', 0.2, 0.1)], excess })).toEqual([
      `${start} is 0.200 in a; in 1 of 1 network its interval lies above 0. In the same sense it lies beyond networks with weights drawn anew in 1 of 2 and networks of the study beside it in 0 of 1.`,
    ]);
  });
  test('without intervals says why, and of which networks the bases are too few', () => {
    expect(answers({ models: [row('a', 0.2, null), row('b', 0.3, null, false)] })).toEqual([
      `${start} lies between 0.200 (a) and 0.300 (b); fewer than three such networks tell nothing of its error. Not resolved by so few bases: that of b.`,
    ]);
  });
});

describe('the best predictor', () => {
  const row = (model: string, spearman: number, own = {}) =>
    predictorRow({
      model,
      predictor: 'p',
      target: 'kl',
      spearman,
      ceiling: null,
      low: 0.25,
      high: 0.75,
      lead_low: 0.1,
      ...own,
    });
  const start = 'The best predictor of damage (kl, filled with zero) within a layer is p';
  const none =
    'Of the predictors of damage (kl, filled with zero) within a layer none is shown to be the best; the strongest here is p: rank correlation ';
  test('of one network', () => {
    expect(answers({ predictors: [row('a', 0.5, { ceiling: 0.9 })] })).toEqual([
      `${start} (95 % over all comparisons): rank correlation 0.500 [0.250, 0.750] in a, where reliability allows at most 0.900.`,
    ]);
  });
  test('is called so only where its lead over all others is above 0', () => {
    for (const lead_low of [0, -0.1, null]) {
      expect(answers({ predictors: [row('a', 0.5, { lead_low })] })).toEqual([`${none}0.500 [0.250, 0.750] in a.`]);
    }
    expect(answers({ predictors: [row('a', 0.5), row('b', 0.4, { lead_low: 0 }), row('c', 0.6)] })).toEqual([
      `${start} in a and c (95 % over all comparisons): rank correlation 0.400 to 0.600 over 3 networks.`,
    ]);
  });
  test('of several, with the range, the range of the ceilings, and in how many it is told from 0', () => {
    const predictors = [
      row('a', 0.5, { ceiling: 0.9 }),
      row('b', -0.3, { ceiling: 0.8 }),
      row('c', 0.6, { discovered: false }),
      row('d', 0.4, { discovered: null }),
    ].map((one) => ({ ...one, lead_low: null }));
    expect(answers({ predictors })).toEqual([
      `${none}−0.300 to 0.600 over 4 networks, where reliability allows at most 0.800 to 0.900; told from 0 in 2 of 4 networks.`,
    ]);
  });
  test('is that of the fill zero where there is one, else of the first', () => {
    const other = row('a', 0.9, { fill: 'mean', predictor: 'q' });
    expect(answers({ predictors: [other, row('a', 0.5)] })[0]).toContain('filled with zero) within a layer is p');
    expect(answers({ predictors: [other] })[0]).toContain('filled with mean) within a layer is q');
  });
});
