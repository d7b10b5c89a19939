import { describe, expect, test } from 'vitest';
import { betweenVariance, commonVariance, groupMean } from '../../core/analysis/random-effects.js';
import { studentP, studentQuantile } from '../../core/analysis/special.js';
import { randomStream } from '../../core/random.js';
import { simulation } from './simulation.js';

describe('the mean over groups', () => {
  test('counts each group once, and its error is that of their distances', () => {
    // Variance 1, over three groups.
    expect(groupMean([1, 2, 3])).toEqual({ estimate: 2, error: Math.sqrt(1 / 3), freedom: 2 });
    expect(groupMean([4, 4, 4], 0.25)).toEqual({ estimate: 4, error: 0.5, freedom: 2 });
  });
  test('of what groups have in common is known better than by so few groups', () => {
    const found = groupMean([1, 2, 3], 1 / 3)!;
    expect(found.error).toBeCloseTo(Math.sqrt(2 / 3), 12);
    // Half of the variance has 2 degrees of freedom: 2 · (2/3)² / (1/3)².
    expect(found.freedom).toBeCloseTo(8, 12);
  });
  test('has no error below three groups, and is null without any', () => {
    expect(groupMean([1, 3])).toEqual({ estimate: 2, error: null, freedom: 1 });
    expect(groupMean([])).toBeNull();
  });
});

test('what groups have in common is the variance of their mean beyond that of independent ones', () => {
  const a = [1, -1, 1, -1];
  const b = [1, 1, -1, -1];
  // Alike: the mean varies as each does (4/3), independent ones would give half of it.
  expect(commonVariance([a, a])).toBeCloseTo(4 / 3 / 2, 12);
  expect(commonVariance([a, b])).toBeCloseTo(0, 12);
  expect(commonVariance([a, a.map((value) => -value)])).toBe(0);
  expect(commonVariance([])).toBe(0);
});

describe('the variance between groups', () => {
  test('is that at which their distances are as large as expected', () => {
    // Equal variances: Σ(y − mean)² / (v + τ²) = k − 1, so τ² = s² − v: of −2, 0, 2 it is 4 − 1.
    const groups = [-2, 0, 2].map((value) => ({ value, variance: 1 }));
    expect(betweenVariance(groups)).toBeCloseTo(3, 9);
    expect(betweenVariance(groups.map(({ value }) => ({ value, variance: 5 })))).toBe(0);
    expect(betweenVariance(groups.slice(1))).toBeNull();
  });
  test('of unequal ones solves the same equation', () => {
    const groups = [
      { value: 0.1, variance: 0.01 },
      { value: 0.9, variance: 0.04 },
      { value: 0.4, variance: 0.09 },
      { value: -0.3, variance: 0.02 },
    ];
    const tau = betweenVariance(groups)!;
    const weights = groups.map(({ variance }) => 1 / (variance + tau));
    const total = weights.reduce((a, b) => a + b, 0);
    const centre = groups.reduce((sum, { value }, g) => sum + weights[g]! * value, 0) / total;
    expect(groups.reduce((sum, { value }, g) => sum + weights[g]! * (value - centre) ** 2, 0)).toBeCloseTo(3, 9);
  });
});

test('two-sided p of Student’s t is what its quantiles leave outside', () => {
  for (const freedom of [1, 2.5, 7, 300, 1e7]) {
    for (const level of [0.5, 0.9, 0.99]) {
      const t = studentQuantile((1 + level) / 2, freedom);
      expect(studentP(t, freedom)).toBeCloseTo(1 - level, 7);
      expect(studentP(-t, freedom)).toBeCloseTo(1 - level, 7);
    }
  }
});

simulation(
  'the interval covers the mean of groups of unequal precision, few of them, whether their truths differ',
  () => {
    const runs = 2000;
    for (const tau of [0, 1]) {
      for (const k of [3, 6, 20]) {
        let held = 0;
        for (let run = 0; run < runs; run++) {
          const random = randomStream(run, 'groups', tau, k);
          const values = Array.from(
            { length: k },
            (_, g) => tau * random.normal() + (1 / (1 + (g % 5))) * random.normal(),
          );
          const { estimate, error, freedom } = groupMean(values)!;
          if (Math.abs(estimate) <= studentQuantile(0.975, freedom) * error!) held += 1;
        }
        expect([tau, k, held / runs >= 0.93, held / runs <= 0.98]).toEqual([tau, k, true, true]);
      }
    }
  },
);
