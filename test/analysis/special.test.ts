import { describe, expect, test } from 'vitest';
import {
  betaQuantile,
  incompleteBeta,
  logGamma,
  normalCdf,
  normalQuantile,
  studentQuantile,
} from '../../core/analysis/special.js';
import { reference } from './fixtures/reference.js';

/** |got − want| relative to |want| or, near 0, to 1e-12. */
const agree = (got: number, want: number, tolerance: number): void => {
  expect(Math.abs(got - want) / Math.max(Math.abs(want), 1e-12), `got ${got}, want ${want}`).toBeLessThan(tolerance);
};

describe('special functions agree with SciPy', () => {
  test('log gamma', () => {
    for (const [x, want] of reference.logGamma) agree(logGamma(x), want, 1e-13);
  });
  test('the incomplete beta function and its inverse', () => {
    for (const [x, a, b, want] of reference.incompleteBeta) agree(incompleteBeta(x, a, b), want, 1e-11);
    for (const [p, a, b, want] of reference.betaQuantile) agree(betaQuantile(p, a, b), want, 1e-11);
  });
  test('the normal distribution, far into its tails', () => {
    for (const [x, want] of reference.normalCdf) agree(normalCdf(x), want, 1e-13);
    for (const [p, want] of reference.normalQuantile) agree(normalQuantile(p), want, 1e-14);
  });
  test("Student's quantile, from one degree of freedom to a million", () => {
    for (const [p, freedom, want] of reference.studentQuantile) agree(studentQuantile(p, freedom), want, 1e-10);
    expect(studentQuantile(0.975, Number.POSITIVE_INFINITY)).toBe(normalQuantile(0.975));
  });
});
