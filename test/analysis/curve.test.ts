import { expect, test } from 'vitest';
import { robustnessArea, robustnessCurve, type CurveInput } from '../../core/analysis/curve.js';
import { studentInterval } from '../../core/analysis/interval.js';
import { randomStream, type RandomStream } from '../../core/random.js';
import { simulation } from './simulation.js';

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

simulation('the interval of an area covers, trials and images drawn anew', () => {
  const fractions = [0.1, 0.2, 0.4];
  const [trials, images, runs] = [10, 150, 400];
  // An image is right where its ease, the trial's luck and noise together are above what the fraction takes away.
  const right = (ease: number, luck: number, noise: number, fraction: number): number =>
    ease + 0.4 * luck + 0.5 * noise > 8 * fraction - 2 ? 1 : 0;
  const isIntact = (ease: number): number => (ease > -1.5 ? 1 : 0);
  const drawn = (random: RandomStream, sets: number, count: number): { intact: number[]; inputs: CurveInput[] } => {
    const ease = Array.from({ length: count }, () => random.normal());
    const inputs = fractions.map((fraction) => ({
      fraction,
      trials: Array.from({ length: sets }, () => {
        const luck = random.normal();
        return trial(...ease.map((one) => isIntact(one) * right(one, luck, random.normal(), fraction)));
      }),
    }));
    return { intact: ease.map(isIntact), inputs };
  };
  const long = drawn(randomStream(9, 'area', 'truth'), 300, 2000);
  const truth = robustnessArea(long.intact, long.inputs)!.estimate;
  const covering = Array.from({ length: runs }, (_, run) => {
    const { intact, inputs } = drawn(randomStream(9, 'area', run), trials, images);
    const { low, high } = robustnessArea(intact, inputs)!;
    return low <= truth && truth <= high;
  });
  const covered = covering.filter(Boolean).length / runs;
  expect(covered).toBeGreaterThan(0.93 - 3 * Math.sqrt((0.93 * 0.07) / runs));
});
