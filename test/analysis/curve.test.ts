import { expect, test } from 'vitest';
import { robustnessArea, robustnessCurve } from '../../core/analysis/curve.js';
import { studentInterval } from '../../core/analysis/interval.js';

const trial = (...correct: readonly number[]) => ({ correct, kl: correct.map(() => 0) });
const intact = [1, 1, 1, 0];
const inputs = [
  { fraction: 0.5, trials: [trial(1, 0, 1, 0), trial(0, 0, 1, 0)] },
  { fraction: 0.25, trials: [trial(1, 1, 0, 0)] },
];

test('the area of two fractions and its interval, by hand', () => {
  // Weights 1/4, 1/2, 1/4 of 0, 0.25, 0.5; by image 7/8, 3/4, 1/2, 0, of 3/4 right: 17/24.
  // Influences 2/9, 1/18, −5/18, 0: variance 7/162. Trials of 0.5: accuracies 1/2 and 1/4, variance 1/32, weighed 1/9.
  const [images, trials] = [7 / 162 / 4, 1 / 32 / 9 / 2];
  const freedom = (images + trials) ** 2 / (images ** 2 / 3 + trials ** 2);
  const wanted = studentInterval(17 / 24, Math.sqrt(images + trials), freedom, 0.5, 0);
  const area = robustnessArea(intact, inputs, 0.5)!;
  expect(area.estimate).toBeCloseTo(17 / 24, 12);
  expect(area.low).toBeCloseTo(wanted.low, 9);
  expect(area.high).toBeCloseTo(wanted.high, 9);
});

test('fractions without trials, and of nothing, have no part in the area; one image has none', () => {
  const more = [...inputs, { fraction: 0.75, trials: [] }, { fraction: 0, trials: [trial(0, 0, 0, 0)] }];
  expect(robustnessArea(intact, more)).toEqual(robustnessArea(intact, inputs));
  expect(robustnessArea([1], [{ fraction: 0.5, trials: [trial(1)] }])).toBeNull();
  expect(robustnessArea([1, 1], [{ fraction: 0.5, trials: [trial(1, 0)] }])).not.toBeNull();
});

test('the interval of a KL does not go below 0', () => {
  const [point] = robustnessCurve([{ fraction: 0.5, trials: [{ correct: [1, 1, 1, 1], kl: [0, 0, 0, 8] }] }]);
  expect(point!.kl).toMatchObject({ estimate: 2, low: 0 });
});
