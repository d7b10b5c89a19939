import { expect, test } from 'vitest';
import { poolOf } from '../../core/probe/kernel-pool.js';
import { dealtFolds } from '../../core/probe/dealt-folds.js';
import { gatherMoments, type Moments } from '../../core/probe/moments.js';
import { fills, type SubstituteFill } from '../../core/spec/words/fills.js';
import { sizeOf, type Tensor } from '../../core/tensor.js';
import { plain } from './small-moments.js';
import { seededImages, tapSmall, wholeRun } from './small-tap.js';

const same = fills.substitute.of('r'.repeat(64), 0) as SubstituteFill;
const earlier = fills['substitute-earlier'].of('r'.repeat(64), 0) as SubstituteFill;
const reference = seededImages(13, 2, 8);

test('moments are sums over the images of their fold, as plain loops have them', async () => {
  const network = await tapSmall(plain());
  for (const fill of [
    { ...same, pool: 4, positions: 20 },
    { ...earlier, pool: 7, positions: 20 },
  ]) {
    const pool = poolOf(network.anatomy, { site: 'conv2', fill });
    const [moments] = (await gatherMoments(network, reference, [pool], fill.folds)) as [Moments];
    const values = wholeRun(network.graph, reference, [
      ...new Set([pool.target.value, ...pool.kernels.map((k) => k.value)]),
    ]);
    const variables = [
      ...pool.kernels,
      ...pool.others.map((channel) => ({ value: pool.target.value, channel, places: undefined })),
    ];
    const read = (v: number, image: number, place: number): number => {
      const { value, channel, places } = variables[v] as (typeof variables)[number];
      const { shape, data } = values.get(value) as Tensor<'float32'>;
      const size = sizeOf(shape.slice(2));
      return data[
        (image * (shape[1] as number) + channel) * size + (places ? (places[place] as number) : place)
      ] as number;
    };
    const count = variables.length;
    const dealt = dealtFolds(13, fill.folds);
    for (let fold = 0; fold < fill.folds; fold++) {
      const own = Array.from({ length: 13 }, (_, i) => i).filter((i) => dealt[i] === fold);
      const over = (of: (image: number, place: number) => number): number =>
        own.reduce((sum, i) => sum + [...pool.sampled].reduce((part, place) => part + of(i, place), 0), 0);
      expect(moments.counts[fold]).toBe(own.length * pool.sampled.length);
      for (let a = 0; a < count; a++) {
        expect(moments.sums[fold * count + a]).toBeCloseTo(
          over((i, p) => read(a, i, p)),
          8,
        );
        expect(moments.squares[fold * count + a]).toBeCloseTo(
          over((i, p) => read(a, i, p) ** 2),
          8,
        );
        if (a >= moments.pool) continue;
        for (let b = 0; b < count; b++) {
          const place =
            b < moments.pool
              ? (fold * moments.pool + a) * moments.pool + b
              : (fold * moments.pool + a) * moments.others + b - moments.pool;
          const stored = (b < moments.pool ? moments.products : moments.cross)[place];
          expect(stored).toBeCloseTo(
            over((i, p) => read(a, i, p) * read(b, i, p)),
            8,
          );
        }
      }
    }
    const places = Array.from({ length: 16 }, (_, place) => place);
    for (let v = 0; v < count; v++) {
      const all = Array.from({ length: 13 }, (_, i) => places.reduce((sum, place) => sum + read(v, i, place), 0));
      expect(moments.means[v]).toBeCloseTo(all.reduce((a, b) => a + b, 0) / (13 * 16), 10);
    }
  }
});

test('moments are the same however many images are walked together, and however many sites', async () => {
  const [whole, parts] = [await tapSmall(plain()), Object.assign(await tapSmall(plain()), { tile: 5 })];
  const pools = [same, earlier].map((fill) => poolOf(whole.anatomy, { site: 'conv2', fill }));
  const together = await gatherMoments(whole, reference, pools, same.folds);
  expect(whole.tile).toBeGreaterThan(13);
  expect(await gatherMoments(parts, reference, pools, same.folds)).toEqual(together);
  for (const [i, pool] of pools.entries())
    expect(await gatherMoments(parts, reference, [pool], same.folds)).toEqual([together[i]]);
});
