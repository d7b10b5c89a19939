import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { coverage, scenarios } from '../../bench/simulated-trainings.js';
import { signedMeanInterval } from '../../core/analysis/interval.js';
import {
  betweenTrainings,
  intraclass,
  trainingsDifference,
  trainingsMean,
  type TrainingEstimate,
} from '../../core/analysis/trainings.js';
import { randomStream } from '../../core/random.js';
import { simulation } from './simulation.js';

const alone = (estimate: number): TrainingEstimate => ({ estimate, parts: new Map() });
const mean = (values: readonly number[]): number => values.reduce((sum, x) => sum + x, 0) / values.length;
const onImages = (values: readonly number[], name = 'images'): TrainingEstimate => ({
  estimate: mean(values),
  parts: new Map([[name, Float64Array.from(values)]]),
});

/** Hours of sleep gained by two drugs (Student 1908), as R's data set `sleep` has them. */
const first = [0.7, -1.6, -0.2, -1.2, -0.1, 3.4, 3.7, 0.8, 0, 2];
const second = [1.9, 0.8, 1.1, 0.1, -0.1, 4.4, 5.5, 1.6, 4.6, 3.4];

describe('without images', () => {
  test('a mean has Student’s interval: R’s t.test of the first drug of `sleep`', () => {
    const found = trainingsMean(first.map(alone));
    expect(found).toMatchObject({ estimate: expect.closeTo(0.75, 10), over: 'trainings' });
    expect([found!.low, found!.high]).toEqual([expect.closeTo(-0.5297804, 6), expect.closeTo(2.0297804, 6)]);
  });

  test('a difference has Welch’s: R’s t.test of both', () => {
    const found = trainingsDifference(first.map(alone), second.map(alone));
    expect(found).toMatchObject({ estimate: expect.closeTo(-1.58, 10), over: 'trainings' });
    expect([found!.low, found!.high]).toEqual([expect.closeTo(-3.3654832, 6), expect.closeTo(0.2054832, 6)]);
  });

  test('one training tells nothing of its architecture', () => {
    expect(trainingsMean([alone(1)])).toBeNull();
    expect(trainingsDifference([alone(1)], [alone(2), alone(3)])).toBeNull();
    expect(trainingsDifference([alone(1), alone(2)], [alone(3)])).toBeNull();
    expect(betweenTrainings([alone(1)])).toBeNull();
  });
});

describe('with images', () => {
  const random = randomStream(4, 'images of trainings');
  const values = Array.from({ length: 80 }, () => Math.exp(random.normal()));
  const others = Array.from({ length: 80 }, () => Math.exp(random.normal()));

  test('trainings that are alike leave what images vary: the interval of their mean, of paired differences', () => {
    const ends = signedMeanInterval(values)!;
    const twice = trainingsMean([onImages(values), onImages(values)])!;
    expect([twice.low, twice.high]).toEqual([expect.closeTo(ends.low, 10), expect.closeTo(ends.high, 10)]);
    const paired = signedMeanInterval(values.map((x, i) => x - others[i]!))!;
    const difference = trainingsDifference([onImages(values), onImages(values)], [onImages(others), onImages(others)])!;
    expect(difference.low).toBeCloseTo(paired.low, 10);
    expect(difference.high).toBeCloseTo(paired.high, 10);
    expect(difference.over).toBe('trainings and images');
  });

  test('images of another set, or of another number, are not paired: both variances count', () => {
    const own = [onImages(values), onImages(values)];
    const paired = trainingsDifference(own, [onImages(values), onImages(values)])!;
    const elsewhere = trainingsDifference(own, [onImages(values, 'others'), onImages(values, 'others')])!;
    const fewer = trainingsDifference(own, [onImages(values.slice(1)), onImages(values.slice(1))])!;
    expect([paired.low, paired.high]).toEqual([0, 0]);
    const reach = signedMeanInterval(values)!;
    const below = Math.hypot(reach.estimate - reach.low, reach.estimate - reach.low);
    expect(elsewhere.estimate - elsewhere.low).toBeCloseTo(below, 10);
    expect(fewer.high - fewer.low).toBeGreaterThan(0.8 * (elsewhere.high - elsewhere.low));
  });

  test('what trainings and what images vary add in squares', () => {
    const shifted = [0, 1, 3].map((shift) => onImages(values.map((x) => x + shift)));
    const [found, images] = [trainingsMean(shifted)!, signedMeanInterval(values)!];
    const between = trainingsMean([0, 1, 3].map(alone))!;
    expect(found.high - found.estimate).toBeCloseTo(
      Math.hypot(images.high - images.estimate, between.high - between.estimate),
      10,
    );
    expect(found.estimate - found.low).toBeCloseTo(
      Math.hypot(images.estimate - images.low, between.estimate - between.low),
      10,
    );
  });

  test('between trainings is what is left without the noise of images, whatever all images have in common', () => {
    const shifts = fc.array(fc.double({ min: -5, max: 5, noNaN: true }), { minLength: 2, maxLength: 5 });
    fc.assert(
      fc.property(shifts, (all) => {
        const common = (all.reduce((sum, x) => sum + x, 0) * 1) / all.length;
        const variance = all.reduce((sum, x) => sum + (x - common) ** 2, 0) / (all.length - 1);
        expect(betweenTrainings(all.map((shift) => onImages(values.map((x) => x + shift))))).toBeCloseTo(variance, 8);
      }),
    );
    const noisy = (seed: number): TrainingEstimate => {
      const own = randomStream(seed, 'noise of a training');
      return onImages(values.map((x) => x + 3 * own.normal()));
    };
    // Noise of images alone moves estimates by 3 / √80, squared 0.11; over many architectures it is left out.
    const found = Array.from({ length: 200 }, (_, a) => betweenTrainings([0, 1, 2, 3].map((t) => noisy(10 * a + t)))!);
    expect(mean(found)).toBeLessThan(0.06);
    expect(found.filter((x) => x === 0).length).toBeGreaterThan(80);
  });
});

describe('the intraclass correlation', () => {
  test('of the ratings of Shrout and Fleiss (Psychological Bulletin 86, 1979) is theirs: ICC(1, 1)', () => {
    const ratings = [
      [9, 2, 5, 8],
      [6, 1, 3, 2],
      [8, 4, 6, 8],
      [7, 1, 2, 6],
      [10, 5, 6, 9],
      [6, 2, 4, 7],
    ];
    const found = intraclass(ratings)!;
    expect(found.estimate).toBeCloseTo(0.17, 2);
    // As R's psych::ICC has it.
    expect([found.low, found.high]).toEqual([expect.closeTo(-0.13, 2), expect.closeTo(0.72, 2)]);
  });

  test('is 1 where trainings of an architecture hardly differ, 0 and less where architectures don’t', () => {
    expect(
      intraclass([
        [1, 1.001],
        [2, 2.001],
      ])!.estimate,
    ).toBeGreaterThan(0.999);
    expect(
      intraclass([
        [1, 2],
        [2, 1],
      ])!.estimate,
    ).toBe(-1);
  });

  test('needs two architectures with two trainings that differ', () => {
    expect(intraclass([[1, 2], [3]])).toBeNull();
    expect(
      intraclass([
        [1, 1],
        [3, 3],
      ]),
    ).toBeNull();
    expect(intraclass([])).toBeNull();
  });

  simulation(
    'covers, in studies of four architectures with three to five trainings',
    () => {
      const [architectures, repeats] = [4, 1000];
      let held = 0;
      for (let r = 0; r < repeats; r++) {
        const random = randomStream(r, 'intraclass');
        const classes = Array.from({ length: architectures }, (_, a) => {
          const level = 2 * random.normal();
          return Array.from({ length: 3 + (a % 3) }, () => level + random.normal());
        });
        const { low, high } = intraclass(classes)!;
        if (low <= 0.8 && 0.8 <= high) held++;
      }
      expect(held / repeats).toBeGreaterThan(0.95 - 3 * Math.sqrt((0.95 * 0.05) / repeats));
      expect(held / repeats).toBeLessThan(0.98);
    },
    60_000,
  );
});

describe('the interval of a difference between architectures holds what is true', () => {
  const [images, repeats] = [200, 300];
  simulation.each(scenarios.map((scenario) => [scenario.name, scenario] as const))(
    '%s',
    (_name, scenario) => {
      for (const trainings of [2, 3, 5]) {
        const { held, mean: ofOne } = coverage(scenario, trainings, images, repeats, ['trainings and images']);
        for (const share of [held[0]!, ofOne])
          expect(share, `${trainings} trainings`).toBeGreaterThan(0.95 - 3 * Math.sqrt((0.95 * 0.05) / repeats));
      }
    },
    60_000,
  );

  simulation(
    'which the interval over images alone does not: trainings vary',
    () => {
      const { held } = coverage(scenarios[0]!, 3, images, repeats, ['images alone']);
      expect(held[0]).toBeLessThan(0.8);
    },
    60_000,
  );
});
