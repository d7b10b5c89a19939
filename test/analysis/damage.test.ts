import { describe, expect, test } from 'vitest';
import { correctness, robustnessArea, robustnessCurve, type CurveInput } from '../../core/analysis/curve.js';
import { damageByClass, damageOf, knownMean, type Damage } from '../../core/analysis/damage.js';
import { clopperPearson, pairedDifference } from '../../core/analysis/interval.js';
import { layerSensitivity } from '../../core/analysis/sensitivity.js';
import { crossedMean } from '../../core/analysis/crossed.js';
import { randomStream } from '../../core/random.js';
import { simulation } from './simulation.js';

const baseline = {
  labels: Uint16Array.of(0, 0, 1, 1, 2),
  predicted: Uint16Array.of(0, 1, 1, 1, 0),
  loss: Float32Array.of(0.5, 2, 0.25, 0.5, 3),
};
const lesioned = {
  predicted: Uint16Array.of(1, 0, 1, 1, 2),
  loss: Float32Array.of(1.5, 1, 0.25, 1, 1),
  kl: Float32Array.of(0.5, 0.25, 0, 0.125, 0.125),
};

describe('damage of a condition, by hand', () => {
  // Within each test, not before them: mutation testing sees what a test runs.
  const damageByHand = (): Damage => damageOf(baseline, lesioned)!;
  test('counts', () => {
    const damage = damageByHand();
    expect(damage).toMatchObject({ images: 5, correct: 4, flips: 3, nonFinite: 0 });
    expect(damage.accuracy).toEqual(clopperPearson(4, 5));
  });
  test('differences are taken image by image', () => {
    const damage = damageByHand();
    // Images 1 and 4 are right by the lesion alone, image 0 without it.
    expect(damage.deltaAccuracy).toEqual(pairedDifference(2, 1, 5));
    expect(damage.deltaAccuracy.estimate).toBeCloseTo(0.2, 12);
    expect(damage.kl!.estimate).toBeCloseTo(0.2, 12);
    expect(damage.deltaLoss!.estimate).toBeCloseTo(-1.5 / 5, 12);
    expect(damage.absDeltaLoss!.estimate).toBeCloseTo(4.5 / 5, 12);
  });
  test('the difference of accuracy counts those gained and those lost, not those that stay right or wrong', () => {
    // Of 11 images 5 stay right, 3 are gained, 2 lost, and 1 stays wrong.
    const before = [0, 0, 0, 0, 0, 1, 1, 1, 0, 0, 1];
    const after = [0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 2];
    const [labels, loss, kl] = [1, 1, 1].map(() => new Float64Array(11));
    const paired = damageOf(
      { labels: labels!, predicted: before, loss: loss! },
      { predicted: after, loss: loss!, kl: kl! },
    )!;
    expect(paired.deltaAccuracy).toEqual(pairedDifference(3, 2, 11));
  });
  test('by class', () => {
    const classes = damageByClass(baseline, lesioned);
    expect(classes.map(({ label, damage: d }) => [label, d.images, d.correct, d.flips])).toEqual([
      [0, 2, 1, 2],
      [1, 2, 2, 0],
      [2, 1, 1, 1],
    ]);
    const backwards = <T extends Iterable<number>>(values: T): number[] => [...values].reverse();
    const turned = damageByClass(
      { labels: backwards(baseline.labels), predicted: backwards(baseline.predicted), loss: backwards(baseline.loss) },
      { predicted: backwards(lesioned.predicted), loss: backwards(lesioned.loss), kl: backwards(lesioned.kl) },
    );
    expect(turned.map(({ label, damage: d }) => [label, d.deltaAccuracy])).toEqual(
      classes.map(({ label, damage: d }) => [label, d.deltaAccuracy]),
    );
  });
  test('a mean is over what is finite: none has none, one has no interval, two have that of Student', () => {
    const { NaN: none } = Number;
    expect(knownMean(Float64Array.of(none, Infinity), 0.95)).toBeNull();
    expect(knownMean(Float64Array.of(none, 4), 0.95)).toEqual({ estimate: 4, low: null, high: null });
    // The deviation of 1 and 3 is √2, that of their mean 1; one degree of freedom.
    const two = knownMean(Float64Array.of(1, none, 3), 0.95)!;
    expect(two.estimate).toBe(2);
    expect(two.low).toBeCloseTo(2 - 12.706204736432095, 7);
    expect(two.high).toBeCloseTo(2 + 12.706204736432095, 7);
  });
  test('a baseline against itself: no damage, and zero lies in the interval of Δaccuracy', () => {
    const none = damageOf(baseline, { ...baseline, kl: new Float32Array(5) })!;
    expect(none).toMatchObject({ flips: 0, kl: { low: 0, high: 0, estimate: 0 }, deltaLoss: { estimate: 0 } });
    expect(none.deltaAccuracy.low).toBeLessThan(0);
    expect(none.deltaAccuracy.high).toBeGreaterThan(0);
  });
  test('an infinite loss is counted, and left out of means rather than turned into NaN', () => {
    const broken = damageOf(baseline, {
      ...lesioned,
      loss: Float32Array.of(1.5, 1, Number.POSITIVE_INFINITY, 1, Number.NaN),
    })!;
    expect(broken.nonFinite).toBe(2);
    expect(broken.deltaLoss!.estimate).toBeCloseTo((1 - 1 + 0.5) / 3, 6);
  });
  test('no images, no damage', () => {
    expect(damageOf({ labels: [], predicted: [], loss: [] }, { predicted: [], loss: [], kl: [] })).toBeNull();
  });
});

/** A network of accuracy 0.9 whose accuracy falls linearly with the fraction, by trial and by image. */
const simulate = (run: number, images: number, fractions: readonly number[], trials: number) => {
  const random = randomStream(run, 'curve');
  const ease = Array.from({ length: images }, () => random.uniform());
  const intact = Uint8Array.from(ease, (e) => (e < 0.9 ? 1 : 0));
  const inputs = fractions.map((fraction): CurveInput => ({
    fraction,
    trials: Array.from({ length: trials }, () => {
      const level = 0.9 - 0.5 * fraction + 0.1 * (random.uniform() - 0.5);
      const correct = Uint8Array.from(ease, (e) => (e + 0.2 * (random.uniform() - 0.5) < level ? 1 : 0));
      return { correct, kl: Float32Array.from(ease, (e) => e * fraction) };
    }),
  }));
  return { intact, inputs };
};

describe('robustness curves', () => {
  test('points come by ascending fraction, with the mean over trials and images', () => {
    const curve = robustnessCurve([
      {
        fraction: 0.5,
        trials: [
          { correct: [1, 0, 0, 0], kl: [1, 1, 2, 2] },
          { correct: [1, 1, 0, 0], kl: [0, 0, 1, 1] },
        ],
      },
      { fraction: 0.1, trials: [{ correct: [1, 1, 1, 0], kl: [0, 0, 0, 1] }] },
    ]);
    expect(curve.map((p) => [p.fraction, p.conditions, p.accuracy?.estimate, p.kl!.estimate])).toEqual([
      [0.1, 1, 0.75, 0.25],
      [0.5, 2, 0.375, 1],
    ]);
    // With one trial a point is over images alone, with several over trials and images.
    expect(curve[0]!.accuracy).toMatchObject(crossedMean([[1, 1, 1, 0]], 0.95, { proportion: true })!);
    expect(crossedMean([[1, 1, 1, 0]])!.sources).toBe('images');
    expect(
      crossedMean([
        [1, 0, 0, 0],
        [1, 1, 0, 0],
      ])!.sources,
    ).toBe('units and images');
  });
  test('the area under a straight line is its mean', () => {
    const intact = Uint8Array.of(1, 1, 1, 1, 0);
    const half = { correct: Uint8Array.of(1, 1, 0, 0, 0), kl: new Float32Array(5) };
    const none = { correct: new Uint8Array(5), kl: new Float32Array(5) };
    // Relative accuracy 1, 0.5, 0 at fractions 0, 0.1, 0.2.
    const area = robustnessArea(intact, [
      { fraction: 0.2, trials: [none] },
      { fraction: 0.1, trials: [half] },
    ])!;
    expect(area.estimate).toBeCloseTo(0.5, 12);
    // Unequal steps: (0.1·0.75 + 0.3·0.25) / 0.4.
    const uneven = robustnessArea(intact, [
      { fraction: 0.4, trials: [none] },
      { fraction: 0.1, trials: [half] },
    ])!;
    expect(uneven.estimate).toBeCloseTo((0.1 * 0.75 + 0.3 * 0.25) / 0.4, 12);
  });
  test('a network that nothing harms has area 1 exactly', () => {
    const intact = Uint8Array.of(1, 0, 1);
    const same = { correct: intact, kl: new Float32Array(3) };
    expect(robustnessArea(intact, [{ fraction: 0.3, trials: [same, same] }])).toMatchObject({
      low: 1,
      high: 1,
      estimate: 1,
    });
  });
  simulation('intervals of accuracy and of the area cover', () => {
    const runs = 400;
    const fractions = [0.2, 0.6];
    // Images' ease and the noise are uniform, so P(correct) is the level for levels in [0.1, 0.9].
    const accuracy = 0.9 - 0.5 * 0.6;
    const relative = fractions.map((f) => (0.9 - 0.5 * f) / 0.9);
    const area = ((0.2 * (1 + relative[0]!)) / 2 + (0.4 * (relative[0]! + relative[1]!)) / 2) / 0.6;
    let [accuracies, areas] = [0, 0];
    for (let run = 0; run < runs; run++) {
      const { intact, inputs } = simulate(run, 80, fractions, 6);
      const point = robustnessCurve(inputs)[1]!.accuracy!;
      if (point.low! <= accuracy && accuracy <= point.high!) accuracies += 1;
      const found = robustnessArea(intact, inputs)!;
      if (found.low <= area && area <= found.high) areas += 1;
    }
    const least = 0.95 - 3 * Math.sqrt((0.95 * 0.05) / runs);
    expect(accuracies / runs).toBeGreaterThan(least);
    expect(areas / runs).toBeGreaterThan(least);
  });
  test('nothing to measure is null', () => {
    expect(robustnessArea([1, 1], [])).toBeNull();
    expect(robustnessArea([0, 0], [{ fraction: 0.1, trials: [{ correct: [0, 0], kl: [0, 0] }] }])).toBeNull();
  });
  test('a fraction of which nothing is known keeps its point', () => {
    expect(robustnessCurve([{ fraction: 0.1, trials: [] }])).toEqual([
      { fraction: 0.1, conditions: 0, accuracy: null, kl: null, nonFinite: 0 },
    ]);
  });
  test('a point with outputs that are not finite keeps its accuracy, and has no KL', () => {
    const [point] = robustnessCurve([
      {
        fraction: 1,
        trials: [
          { correct: [1, 0, 0, 1], kl: [0, Number.NaN, Number.NaN, 1] },
          { correct: [1, 1, 0, 1], kl: [0, 1, 2, 3] },
        ],
      },
    ]);
    expect(point).toMatchObject({ conditions: 2, accuracy: { estimate: 5 / 8 }, kl: null, nonFinite: 2 });
  });
  test('one image has means without intervals', () => {
    const [point] = robustnessCurve([{ fraction: 1, trials: [{ correct: [1], kl: [2] }] }]);
    expect(point).toMatchObject({
      accuracy: { estimate: 1, low: null, high: null },
      kl: { estimate: 2, low: null, high: null },
    });
  });
  test('correctness compares predictions with labels', () => {
    expect([...correctness(Uint16Array.of(1, 2, 65535), Uint16Array.of(1, 3, 0))]).toEqual([1, 0, 0]);
  });
});

test('sensitivity of a layer is the mean over its kernels; a single kernel still has an interval over images', () => {
  const [two, one, broken] = layerSensitivity([
    {
      layer: 'a',
      kl: [
        [0, 1, 2],
        [2, 3, 4],
      ],
    },
    { layer: 'b', kl: [[0, 1, 2]] },
    { layer: 'c', kl: [[0, Number.NaN, 2]] },
  ]);
  expect(two).toMatchObject({ kernels: 2, kl: { estimate: 2, low: 0 } });
  expect(one).toMatchObject({ kernels: 1, kl: { estimate: 1, sources: 'images' } });
  expect(broken!.kl).toBeNull();
});
