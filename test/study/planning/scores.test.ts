import { expect, test } from 'vitest';
import { damageScore } from '../../../core/study/planning/scores.js';

test('a damage is the mean KL; where outputs are not finite it is above every mean, the more the more images these are, and finite', () => {
  expect(damageScore([1, 2, 6])).toBe(3);
  const largest = damageScore([3.4e38, 3.4e38]);
  const one = damageScore([0, 0, Number.NaN]);
  const all = damageScore([Number.NaN, Number.NaN, Number.NaN]);
  expect(one).toBeGreaterThan(largest);
  expect(all).toBeGreaterThan(one);
  expect(Number.isFinite(all)).toBe(true);
  // What could not be measured at all comes last.
  expect(all).toBeLessThan(Number.MAX_VALUE);
});
