import { expect, test } from 'vitest';
import { explainedKernels } from '../../../../core/analysis/explained.js';
import { learningCurve } from '../../../../core/analysis/learning.js';
import { learningRows } from '../../../../core/study/analysing/rows/learning.js';
import { mixture, noiseRows, planted, stream } from '../../../analysis/planted.js';
import { analysis, bracket } from './hand-results.js';

test('a learning curve has a row for each number of bases, site and pool: the mean over kernels that have a number', () => {
  const random = stream('rows');
  // Five kernels that live in one direction; the second site has one, which nothing of its own site predicts.
  const [one] = noiseRows(random, 1);
  const set = planted([[1, 2, -1, 3, 0.5].map((weight) => mixture([one!], [weight])), noiseRows(random, 1)]);
  const options = { seed: 3, distance: analysis.far };
  const whole = new Map(explainedKernels(set, options).map((site) => [site.site, site]));
  const rows = learningRows('net', set, whole, analysis, 3);
  expect(rows.map(({ site, pool, pool_size, bases, kernels }) => [bases, site, pool, pool_size, kernels])).toEqual(
    [4, 8].flatMap((bases) => [
      [bases, 'site0', 'same', 4, 5],
      [bases, 'site0', 'far', 1, 5],
      [bases, 'site1', 'far', 5, 1],
    ]),
  );
  const [few] = learningCurve(set, options, whole);
  const lows = few!.sites[0]!.same.map((r2) => r2!.low);
  expect(rows[0]).toMatchObject({ model: 'net', r2_low: lows.reduce((a, b) => a + b, 0) / 5 });
  // The last point is what is known of all bases.
  const wide = new Map([...whole].map(([name, site]) => [name, { ...site, same: site.same.map(() => bracket(0.5)) }]));
  const known = (high: number) => {
    const own = new Map(
      [...wide].map(([name, site]) => [name, { ...site, same: site.same.map((r2) => r2 && { ...r2, high }) }]),
    );
    return learningRows('net', set, own, analysis, 3).find(({ bases }) => bases === 8);
  };
  expect(known(0.75)).toMatchObject({ r2_low: 0.5, r2_high: 0.75, r2_resolved: false });
  expect(known(0.5625)).toMatchObject({ r2_high: 0.5625, r2_resolved: true });
});
