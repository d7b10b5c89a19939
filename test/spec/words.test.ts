import { describe, expect, test } from 'vitest';
import type { Digest } from '../../core/digest.js';
import { fills } from '../../core/spec/words/fills.js';
import { pairScopes } from '../../core/spec/words/pair-scopes.js';

describe('what takes the place of removed channels', () => {
  const reference = 'of the reference images' as Digest;

  test('stands in keys as this, whatever draw and reference are where they decide nothing', () => {
    expect(fills.zero.of(reference, 3)).toStrictEqual({ kind: 'zero' });
    expect(fills.mean.of(reference, 3)).toStrictEqual({ kind: 'mean', per: 'channel', reference });
    expect(fills['mean-position'].of(reference, 3)).toStrictEqual({ kind: 'mean', per: 'position', reference });
    expect(fills.resample.of(reference, 3)).toStrictEqual({ kind: 'resample', draw: 3, reference });
  });
});

describe('pairs of each scope', () => {
  test.each([[[1]], [[1, 1]], [[3]], [[4, 0, 2, 5]]])('are as many as can be counted: %j', (layers) => {
    const targets = layers.flatMap((size, layer) => Array.from({ length: size }, () => layer));
    const pairs = targets.flatMap((one, i) => targets.slice(i + 1).map((other) => one === other));
    expect(pairScopes.any.count(layers)).toBe(pairs.length);
    expect(pairScopes.layer.count(layers)).toBe(pairs.filter((same) => same).length);
    expect(pairScopes.across.count(layers)).toBe(pairs.filter((same) => !same).length);
  });
});
