import { describe, expect, test } from 'vitest';
import { debiasedCka } from '../../core/analysis/cka.js';
import { reference } from './fixtures/reference.js';
import { stream } from './planted.js';

describe('debiased CKA', () => {
  const { x, y, value } = reference.cka;
  test('agrees with U-centring in NumPy', () => expect(debiasedCka(x, y, 100)).toBeCloseTo(value, 10));
  test('is 1 for a scaled and shifted copy, near 0 for independent noise of many features', () => {
    expect(
      debiasedCka(
        x,
        x.map((v) => 3 * v + 1),
        100,
      ),
    ).toBeCloseTo(1, 10);
    const random = stream('cka');
    const noise = () => Float64Array.from({ length: 120 * 300 }, () => random.normal());
    expect(Math.abs(debiasedCka(noise(), noise(), 120)!)).toBeLessThan(0.05);
  });
  test('refuses below 100 examples, and constants', () => {
    expect(debiasedCka(x.slice(0, 99 * 7), y.slice(0, 99 * 5), 99)).toBeNull();
    expect(debiasedCka(new Float32Array(700), y, 100)).toBeNull();
  });
});
