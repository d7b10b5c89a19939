import { expect, test } from 'vitest';
import type { Html } from '../../../core/report/html.js';
import { fills } from '../../../core/report/sections/fills.js';
import { ablationRow } from '../hand-rows.js';
import { contextWith, drawingOf, figures, said, tablesIn } from '../reading.js';

const a = 'resnet20';

test('one point a condition with a damage, over equal damage; ratios are of those with a damage by zero', async () => {
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
