import { describe, expect, test } from 'vitest';
import { signatureSet } from '../../core/analysis/signature.js';

const part = (...values: number[]): Float32Array => Float32Array.from(values);

describe('a set of signatures', () => {
  test('features lie by base image, impulse and point, rows have unit norm, silent kernels are not live', () => {
    const set = signatureSet([
      { site: 'late', depth: 5, kernels: 2, parts: [[part(3, 0)], [part(4, 0)]] },
      { site: 'early', depth: 1, kernels: 2, parts: [[part(1, 2)], [part(0, 2)]] },
    ]);
    expect(set).toMatchObject({ features: 2, starts: [0, 1, 2] });
    expect(set.sites.map(({ site, live }) => [site, live])).toEqual([
      ['early', [0, 1]],
      ['late', [0]],
    ]);
    expect([...set.sites[1]!.data]).toEqual([Math.fround(0.6), Math.fround(0.8), 0, 0]);
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
