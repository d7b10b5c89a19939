import { describe, expect, test } from 'vitest';
import { architecturesInOrder, mostRobust } from '../../core/report/findings.js';
import { architectures } from '../../core/report/sections/architectures.js';
import type { ArchitectureDifferenceRow, ArchitectureRow } from '../../core/tables/schema.js';
import { modelRow } from './hand-rows.js';
import { contextWith, figures, tablesIn, textOf, whole } from './reading.js';

const row = (architecture: string, estimate: number, own: Partial<ArchitectureRow> = {}): ArchitectureRow => ({
  architecture,
  quantity: 'robustness_area',
  trainings: 5,
  estimate,
  low: estimate - 0.05,
  high: estimate + 0.05,
  over: 'trainings and images',
  least: estimate - 0.03,
  greatest: estimate + 0.03,
  between_sd: 0.02,
  icc: 0.8,
  icc_low: 0.4,
  icc_high: 0.97,
  ...own,
});

const difference = (architecture: string, other: string, settled: boolean): ArchitectureDifferenceRow => ({
  quantity: 'robustness_area',
  architecture,
  other,
  trainings: 5,
  trainings_other: 5,
  difference: 0.1,
  low: 0.02,
  high: 0.18,
  over: 'trainings and images',
  comparisons: 3,
  all_low: settled ? 0.01 : -0.01,
  all_high: 0.2,
  settled,
});

const three = [row('a', 0.6), row('b', 0.7), row('c', 0.5)];
const said = (rows: readonly ArchitectureRow[], differences: readonly ArchitectureDifferenceRow[]): string =>
  textOf(
    architecturesInOrder(contextWith({ architectures: [...rows], architecture_differences: [...differences] })) ?? '',
  );
const shares =
  'Of the variance between these networks 0.800 [0.400, 0.970] lies between architectures, the rest between trainings of one (intraclass correlation).';
const order = (settled: boolean): string =>
  `Of 3 architectures (5 trainings each), over trainings and images like these, ${settled ? 'b' : 'it is open which'} keeps the largest share of its accuracy when kernels are removed, by robustness area: b (0.700 [0.650, 0.750]), a (0.600 [0.550, 0.650]) and c (0.500 [0.450, 0.550]).`;

describe('the order of architectures', () => {
  test('names what is open', () => {
    const differences = [difference('a', 'b', false), difference('a', 'c', true), difference('b', 'c', true)];
    expect(said(three, differences)).toBe(
      `${order(false)} Open is the order of b and a; the others are settled (95 %, all differences at once). ${shares}`,
    );
  });

  test.each([
    [true, 'All of these orders are settled: all differences at once are from 0 at 95 %.'],
    [false, 'None of these orders is settled: all are open.'],
  ])('settled: %s', (settled, sentence) => {
    const differences = [difference('a', 'b', settled), difference('a', 'c', settled), difference('b', 'c', settled)];
    expect(said(three, differences)).toBe(`${order(settled)} ${sentence} ${shares}`);
  });

  test('of two is settled or open', () => {
    const two = three.slice(0, 2).map((one) => ({ ...one, icc: null }));
    expect(said(two, [difference('a', 'b', false)])).toMatch(/it is open which keeps .*\]\)\.$/);
    expect(said(two, [difference('a', 'b', true)])).toMatch(/ That order is settled \(95 %\)\.$/);
  });

  test('is by the next quantity where there is none of the first', () => {
    const kl = three.map((one) => ({ ...one, quantity: 'kernel_kl' }));
    expect(said(kl, [])).toContain(
      'it is open which relies most on single kernels, by the mean damage of one (nat): b (0.700',
    );
    const right = three.map((one) => ({ ...one, quantity: 'accuracy' }));
    expect(said(right, [])).toContain('it is open which is right most often, by accuracy: b (70.0');
  });

  test('says of a negative intraclass correlation what it means, and not that it is a share', () => {
    const negative = three.map((one) => ({ ...one, icc: -0.5, icc_low: -0.7, icc_high: 0.9 }));
    expect(said(negative, [])).toMatch(
      /Trainings of one architecture differ no less than those of several: the intraclass correlation is −0.500 \[−0.700, 0.900\]\.$/,
    );
  });

  test('needs two: of one its mean is told, of single networks nothing', () => {
    expect(said([row('a', 0.6, { trainings: 2 })], [])).toMatch(
      /^Over trainings and images like these \(2 trainings\), a has/,
    );
    expect(said([], [])).toBe('');
  });

  test('leaves networks that are no trainings to the sentence about networks', () => {
    const area = (model: string, robustness_area: number) =>
      modelRow({ model, robustness_area, robustness_low: 0, robustness_high: 1 });
    const models = [area('a@01', 0.9), area('a@02', 0.8), area('x', 0.5)];
    expect(mostRobust(contextWith({ models }))).toBe('x has a robustness area of 0.500 [0, 1.00].');
    expect(mostRobust(contextWith({ models: models.slice(0, 2) }))).toBeUndefined();
  });
});

describe('the section on architectures', () => {
  test('draws a panel a quantity, and names each order as settled or open', async () => {
    const section = await architectures(
      contextWith({
        architectures: [...three, row('a', 0.9, { quantity: 'accuracy', icc: null })],
        architecture_differences: [difference('a', 'b', false), difference('a', 'c', true), difference('b', 'c', true)],
      }),
    );
    const [figure] = figures(section);
    expect(figure?.panels.map(({ title }) => title)).toEqual(['Accuracy of the intact network', 'Robustness area']);
    expect(textOf(whole(section))).toContain('Robustness area: b > a > c. Open is the order of b and a;');
    const [differences] = tablesIn(whole(section));
    expect(differences?.map((cells) => [cells[0], cells.at(-1)])).toEqual([
      ['architectures', 'order'],
      ['a − b', 'open'],
      ['a − c', 'settled'],
      ['b − c', 'settled'],
    ]);
  });
});

test('trainings of one architecture look alike, and stand in legends once', () => {
  const models = ['a@01', 'a@02', 'b', 'c@01'].map((model) => modelRow({ model }));
  const { look, legend } = contextWith({ models });
  expect(look('a@02')).toEqual(look('a@01'));
  expect(new Set(['a@01', 'b', 'c@01'].map((model) => look(model).color)).size).toBe(3);
  expect(legend(['a@01', 'a@02', 'b', 'c@01']).map(({ label }) => label)).toEqual(['a (2 trainings)', 'b', 'c@01']);
  expect(legend(['a@02', 'c@01']).map(({ label }) => label)).toEqual(['a@02', 'c@01']);
});
