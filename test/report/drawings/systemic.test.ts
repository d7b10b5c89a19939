import { expect, test } from 'vitest';
import type { Html } from '../../../core/report/html.js';
import { longRange } from '../../../core/report/sections/long-range.js';
import type { NullRow } from '../../../core/tables/schema.js';
import { excessRow, modelRow, similarityRow } from '../hand-rows.js';
import { contextWith, drawingOf, figures, tablesIn, whole } from '../reading.js';

const nullRow = (own: Partial<NullRow>): NullRow => ({
  model: 'resnet20',
  kind: 'shuffled',
  network: 'shuffled 0',
  sr: 0.25,
  sr_low: null,
  sr_high: null,
  sr_plugin: null,
  r2_same: null,
  r2_far: null,
  ...own,
});

test('nulls stand by network and kind, with what the network has more than each kind', async () => {
  const nulls = [
    nullRow({ sr: 0.25, r2_same: 0.5, r2_far: 0.125 }),
    nullRow({ network: 'shuffled 1', sr: 0.75, r2_same: 0.25 }),
    // Of one that has no SR nothing is said.
    nullRow({ network: 'shuffled 2', sr: null, r2_same: 1 }),
    nullRow({ kind: 'reinitialised', sr: 0.5 }),
    nullRow({ model: 'resnet56', sr: 0.125 }),
  ];
  const own = { model: 'resnet20', kind: 'shuffled', excess_low: null, excess_high: null } as const;
  const excess = [
    excessRow({ ...own, measure: 'sr', excess: 0.375, excess_low: 0.25, excess_high: 0.5, p: 0.2 }),
    excessRow({ ...own, measure: 'r2_same', excess: 0.0625, p: 0.4 }),
    excessRow({ ...own, measure: 'r2_far', excess: -0.5, p: 0.6 }),
    excessRow({ ...own, kind: 'reinitialised', measure: 'sr', excess: 0.125, p: 0.5 }),
  ];
  const found = whole(await longRange(contextWith({ nulls, excess })));
  expect(found.text).toMatch(/Redundancy of nulls, by kind, and what the network has more/);
  expect(tablesIn(found)).toEqual([
    [
      [
        'network',
        'nulls',
        'number',
        'mean SR',
        'from … to',
        'excess of SR',
        'rank p',
        'R², same site',
        'excess',
        'rank p',
        'R², far sites',
        'excess',
        'rank p',
      ],
      [
        'resnet20',
        'shuffled',
        '2',
        '0.500',
        '0.250 to 0.750',
        '0.375 [0.250, 0.500]',
        '0.200',
        '0.375',
        '0.0625',
        '0.400',
        '0.125',
        '−0.500',
        '0.600',
      ],
      ['resnet20', 'reinitialised', '1', '0.500', '–', '0.125', '0.500', '–', '–', '–', '–', '–', '–'],
      ['resnet56', 'shuffled', '1', '0.125', '–', '–', '–', '–', '–', '–', '–', '–', '–'],
    ],
  ]);
});

test('a network’s systemic redundancy is resolved, not resolved, or nobody can know', async () => {
  const models = [true, false, null].map((sr_resolved, i) => modelRow({ model: `m${i}`, sr_resolved }));
  const [figure] = figures(await longRange(contextWith({ models })));
  expect([figure?.kind, figure?.id]).toEqual(['figure', 'fig-sr']);
  const [table = []] = tablesIn(figure?.numbers as Html);
  expect(figure?.numbers?.text).toMatch(/Systemic redundancy/);
  expect(table.map((line) => line.at(-1))).toEqual(['resolved', 'yes', 'no: more bases are needed', '']);
  const { marks, y } = drawingOf(figure?.panels[0]?.body as Html);
  expect(y).toEqual(['m0', 'm1', 'm2']);
  // A line of 36 pixels a network.
  const points = marks.filter((mark) => /^(circle|square|cross|triangle) m\d/.test(mark));
  expect(points.map((mark) => mark.split(',')[1]).toSorted()).toEqual(['18', '54', '90']);
});

test('a network without a pair that is predicted apart has no strongest one', async () => {
  const alone = similarityRow({ model: 'm', site_a: 's', site_b: 's', r2: 1, excess: 0.5, r2_discovered: true });
  const [figure] = figures(await longRange(contextWith({ similarity: [alone] })));
  expect([figure?.kind, figure?.id]).toEqual(['figure', 'fig-matrix']);
  expect(figure?.numbers?.text).toMatch(/Strongest long-range pairs(?! by)/);
  expect(tablesIn(figure?.numbers as Html)[0]?.[1]).toEqual(['m', '1', '0 of 0', '–', '–', '–', '–', '–', '–']);
});
