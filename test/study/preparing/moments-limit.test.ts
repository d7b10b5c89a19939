import { expect, test } from 'vitest';
import { anatomyOf } from '../../../core/anatomy/anatomy.js';
import { countsOf } from '../../../core/plan/count.js';
import { momentBytes, momentSizes } from '../../../core/plan/substitution.js';
import { fills, type SubstituteFill } from '../../../core/spec/words/fills.js';
import { excessesOf } from '../../../core/study/preparing/allowance.js';
import { smallGraph } from '../../plan/outlines.js';
import { ablationSpec, nullsSpec } from '../../builders/specs.js';

const anatomy = anatomyOf(smallGraph());
const [first, second] = anatomy.sites;

/** The small network with a second site of so many channels. */
const wide = (channels: number) => ({
  ...anatomy,
  sites: [first!, { ...second!, channels, shape: [channels, ...second!.shape.slice(1)] }],
});

const counted = (channels: number, fill: 'substitute' | 'zero') =>
  countsOf(
    { name: 'small', anatomy: wide(channels), image: [3, 8, 8], images: 250 },
    {
      ablations: [ablationSpec({ models: ['small'], fill: [fill] })],
      impulses: [],
      analysis: { nulls: nullsSpec() },
    },
  );

test('moments are counted once for each site, and take what their numbers do', () => {
  const fill = fills.substitute.of('', 0) as SubstituteFill;
  const sizes = momentSizes(wide(1000), { site: second!.name, fill });
  expect(sizes).toEqual({ pool: 512, others: 488, points: 16 });
  // Four folds of 512 × 1000 products, and of sums and squares; counts, means, and the penalty of each.
  expect(momentBytes(sizes, fill)).toBe(8 * (4 * (512 * 1000 + 2000 + 1) + 1000) + 4 * 1000);
  const moments = counted(1000, 'substitute').find(({ kind }) => kind === 'moments');
  expect(moments).toMatchObject({ units: 2, largest: momentBytes(sizes, fill) });
  expect(counted(1000, 'zero').some(({ kind }) => kind === 'moments')).toBe(false);
});

test('moments of a site that would be one object of more than a GiB are refused', () => {
  expect(excessesOf(counted(60_000, 'substitute'))).toEqual([]);
  expect(excessesOf(counted(80_000, 'substitute')).map(({ message }) => message)).toEqual([
    'substitutes at one site of small are fitted to moments of 1.3 GB, above the limit of 1.1 GB (docs/limits.md)',
  ]);
});
