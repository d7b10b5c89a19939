import { describe, expect, test } from 'vitest';
import { signatureSet } from '../../core/analysis/signature.js';

const part = (...values: number[]): Float32Array => Float32Array.from(values);

describe('a set of signatures', () => {
  test('features lie by base image, impulse and point, each base has unit norm over a site, silent kernels are not live', () => {
    const set = signatureSet([
      { site: 'late', depth: 5, kernels: 2, parts: [[part(3, 0)], [part(4, 0)]] },
      { site: 'early', depth: 1, kernels: 2, parts: [[part(1, 2)], [part(0, 2)]] },
    ]);
    expect(set).toMatchObject({ features: 2, starts: [0, 1, 2] });
    expect(set.sites.map(({ site, live }) => [site, live])).toEqual([
      ['early', [0, 1]],
      ['late', [0]],
    ]);
    expect([...set.sites[1]!.data]).toEqual([1, 1, 0, 0]);
    // Of the earlier site the bases have norms √5 and 2 over both kernels.
    const [one, two] = [1 / Math.sqrt(5), 2 / Math.sqrt(5)];
    [one, 0, two, 1].forEach((value, i) => expect(set.sites[0]!.data[i]).toBeCloseTo(value, 6));
  });
  test('sites that were not sampled alike are refused', () => {
    expect(() =>
      signatureSet([
        { site: 'a', depth: 0, kernels: 1, parts: [[part(1, 2, 3, 4)]] },
        { site: 'b', depth: 1, kernels: 1, parts: [[part(1, 2, 3)]] },
      ]),
    ).toThrow(/site b: .* other bases, impulses or points than those of a/);
  });
});
