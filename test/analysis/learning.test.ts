import { describe, expect, test } from 'vitest';
import { explainedKernels, poolSizes } from '../../core/analysis/explained.js';
import { learningCurve, type LearningPoint } from '../../core/analysis/learning.js';
import { signatureSet, type SignatureSet } from '../../core/analysis/signature.js';
import { mixture, noiseRows, stream } from './planted.js';

const options = { seed: 1, distance: 1 };

/** Sites of `bases` bases, each of 40 points: the planted rows of `test/analysis/planted.ts`, tiled with fresh noise. */
function setOf(bases: number, rowsOf: () => readonly (readonly Float32Array[])[]): SignatureSet {
  const blocks = Array.from({ length: Math.ceil(bases / 8) }, rowsOf);
  const [first = []] = blocks;
  return signatureSet(
    first.map((rows, depth) => ({
      site: `site${depth}`,
      depth,
      kernels: rows.length,
      parts: Array.from({ length: bases }, (_, base) => [
        Float32Array.from(
          (blocks[base >> 3]![depth] ?? []).flatMap((row) => [...row.subarray((base % 8) * 40, (base % 8) * 40 + 40)]),
        ),
      ]),
    })),
  );
}

const curveOf = (set: SignatureSet): LearningPoint[] =>
  learningCurve(set, options, new Map(explainedKernels(set, options).map((site) => [site.site, site])));

describe('the learning curve of R²', () => {
  test('is at powers of two from 4, and at all', () => {
    const set = (bases: number) => setOf(bases, () => [noiseRows(stream('curve'), 5)]);
    expect(curveOf(set(24)).map(({ bases }) => bases)).toEqual([4, 8, 16, 24]);
    expect(curveOf(set(16)).map(({ bases }) => bases)).toEqual([4, 8, 16]);
    expect(curveOf(set(3)).map(({ bases }) => bases)).toEqual([3]);
  });

  test('ends in what all bases give, with pools of one size throughout', () => {
    const random = stream('pools');
    const set = setOf(16, () => [noiseRows(random, 6), noiseRows(random, 4)]);
    const curve = curveOf(set);
    expect(curve.at(-1)!.sites.map(({ same, far }) => [same, far])).toEqual(
      explainedKernels(set, options).map(({ same, far }) => [same, far]),
    );
    for (const { sites } of curve) expect(sites.map(({ pools }) => pools)).toEqual(poolSizes(set, options));
  });

  test('of unrelated kernels falls towards 0 from above, of mixtures it is 1 from few bases on', () => {
    const random = stream('mixture');
    // Six kernels that live in three directions, and four that have nothing to do with anything.
    const curve = curveOf(
      setOf(64, () => {
        const space = noiseRows(random, 3);
        const weights = [
          [1, 0, 0],
          [0, 1, 0],
          [0, 0, 1],
          [1, 1, 0],
          [0.5, 1, -1],
          [2, 0, 1],
        ];
        return [weights.map((w) => mixture(space, w)), noiseRows(random, 4)];
      }),
    );
    const mean = (point: LearningPoint, site: number, end: 'low' | 'high'): number =>
      point.sites[site]!.same.reduce((sum, r2) => sum + r2![end], 0) / point.sites[site]!.same.length;
    for (const point of curve) expect(mean(point, 0, 'low')).toBeGreaterThan(0.98);
    const highs = curve.map((point) => mean(point, 1, 'high'));
    expect(new Set(highs).size).toBe(curve.length);
    const [few, all] = [curve[0]!, curve.at(-1)!];
    expect(mean(few, 1, 'high')).toBeGreaterThan(mean(all, 1, 'high'));
    expect(mean(all, 1, 'high') - mean(all, 1, 'low')).toBeLessThan(0.02);
    expect(Math.abs(mean(all, 1, 'low'))).toBeLessThan(0.02);
  });

  test('counts a kernel that is silent on few bases as live in pools, and gives it no number at any', () => {
    const random = stream('late');
    const set = setOf(8, () => [noiseRows(random, 5)]);
    const site = set.sites[0]!;
    // The order of bases is seeded: silent but for the one that comes last.
    const all = Array.from({ length: 8 }, (_, base) => base);
    const heard = all.find((base) => {
      const data = Float32Array.from(site.data);
      for (let i = 0; i < set.features; i++) if (i < set.starts[base]! || i >= set.starts[base + 1]!) data[i] = 0;
      const changed = { ...set, sites: [{ ...site, data }] };
      const curve = curveOf(changed);
      const known = curve.map((point) => point.sites[0]!.same.map((r2) => r2 !== null));
      const whole = explainedKernels(changed, options)[0]!.same.map((r2) => r2 !== null);
      return !known[0]![0] && whole[0] && known.every((one) => one.join() === [false, true, true, true, true].join());
    });
    expect(heard).toBeDefined();
  });
});
