import { expect, test } from 'vitest';
import type { Html } from '../../../core/report/html.js';
import { compensation } from '../../../core/report/sections/compensation.js';
import { compensationRow } from '../hand-rows.js';
import { contextWith, drawingOf, figures, said, tablesIn, textOf, whole } from '../reading.js';

const row = (own: Parameters<typeof compensationRow>[0]) =>
  compensationRow({
    model: 'resnet20',
    logit_repaired: 0.5,
    logit_repaired_low: 0.25,
    logit_repaired_high: 0.75,
    ...own,
  });
const repaired = (value: number, half: number) => ({
  kl_repaired: value,
  kl_repaired_low: value - half,
  kl_repaired_high: value + half,
});

test('repair stands along the depth, but for the last block, whose 0 is by definition', async () => {
  const found = await compensation(
    contextWith({
      compensation: [
        row({ block: 'a', depth: 0.25, behind: 3, kl_total: 0.5, kl_direct: 1, ...repaired(0.5, 0.25) }),
        row({ block: 'b', depth: 0.5, behind: 2, kl_total: 0.5, kl_direct: 0.25, ...repaired(-0.25, 0.2) }),
        row({ block: 'c', depth: 0.75, behind: 1, kl_repaired: null, kl_repaired_low: null, kl_repaired_high: null }),
        row({ block: 'd', depth: 1, behind: 0, kl_total: 2, kl_direct: 2, ...repaired(0, 0) }),
      ],
    }),
  );
  const [drawn] = figures(found);
  expect(said(drawn).note).toMatch(/1 block has no point, since outputs are not finite/);
  expect(drawn?.panels.map(({ body }) => drawingOf(body))).toEqual([
    {
      label: 'Repair along the depth: repair: filled with zero',
      titles: ['Normalised depth (0 to 1)', 'Direct less total damage (nat)'],
      x: ['0.0', '0.2', '0.4', '0.6', '0.8', '1.0'],
      y: ['−0.4', '−0.2', '0', '0.2', '0.4', '0.6', '0.8'],
      marks: [
        expect.stringMatching(/^rule axis .* dashed 2,3$/) as string,
        'rule m0 0.25,0.25 0.25,0.75',
        'rule m0 0.5,-0.45 0.5,-0.05',
        'line m0 0.25,0.5 0.5,-0.25',
        'circle m0 0.25,0.5',
        'circle m0 0.5,-0.25',
      ],
    },
  ]);
  const cells = tablesIn(drawn?.numbers as Html)[0]?.map((line) => line.slice(2));
  expect(cells?.slice(0, 2)).toEqual([
    ['block', 'blocks behind', 'KL in all (nat)', 'KL directly (nat)', 'repaired (nat)', 'repaired of the logit'],
    ['a', '3', '0.500', '1.00', '0.500 [0.250, 0.750]', '0.500 [0.250, 0.750]'],
  ]);
  expect(cells).toHaveLength(5);
});

test('without a repair that is known the section says so', async () => {
  const last = await compensation(contextWith({ compensation: [row({ behind: 0 })] }));
  expect(textOf(whole(last))).toMatch(/^No repair is known\./);
});
