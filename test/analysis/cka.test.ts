import { describe, expect, test } from 'vitest';
import { debiasedCka, examplesOf } from '../../core/analysis/cka.js';
import { reference } from './fixtures/reference.js';
import { stream } from './planted.js';

/** Inner products of the rows of x [examples × features]. */
function gram(x: ArrayLike<number>, examples: number): number[] {
  const features = x.length / examples;
  const rows = Array.from({ length: examples }, (_, i) =>
    Array.from({ length: features }, (_unused, f) => x[i * features + f]!),
  );
  return rows.flatMap((row, i) => rows.slice(0, i).map((other) => row.reduce((sum, v, f) => sum + v * other[f]!, 0)));
}

describe('debiased CKA', () => {
  const { x, y, value } = reference.cka;
  const [k, l] = [gram(x, 100), gram(y, 100)];

  test('agrees with U-centring in NumPy', () => expect(debiasedCka(k, l)).toBeCloseTo(value, 10));

  test('is 1 for a scaled and shifted copy, near 0 for independent noise of many features', () => {
    const copy = x.map((v) => 3 * v + 1);
    expect(debiasedCka(k, gram(copy, 100))).toBeCloseTo(1, 10);
    const random = stream('cka');
    const noise = (): number[] =>
      gram(
        Float64Array.from({ length: 120 * 300 }, () => random.normal()),
        120,
      );
    expect(Math.abs(debiasedCka(noise(), noise())!)).toBeLessThan(0.05);
  });

  test('has no value below 100 examples, of other examples, of constants, and of what is not finite', () => {
    expect(debiasedCka(gram(x.slice(0, 99 * 7), 99), gram(y.slice(0, 99 * 5), 99))).toBeNull();
    const more = gram(
      Float64Array.from({ length: 101 }, (_, i) => i % 7),
      101,
    );
    expect(debiasedCka(k, more)).toBeNull();
    expect(
      debiasedCka(
        k.map(() => 0),
        l,
      ),
    ).toBeNull();
    expect(debiasedCka([NaN, ...k.slice(1)], l)).toBeNull();
  });

  test('counts the examples of a Gram', () => {
    expect([1, 3, 4950, 8128].map((length) => examplesOf({ length }))).toEqual([2, 3, 100, 128]);
  });
});
