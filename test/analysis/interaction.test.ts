import { describe, expect, test } from 'vitest';
import { interactionOf, meanInteraction, type PairSample } from '../../core/analysis/interaction.js';
import { meanInterval } from '../../core/analysis/interval.js';
import { mean, variance } from '../../core/analysis/moments.js';
import { studentQuantile } from '../../core/analysis/special.js';
import { randomStream } from '../../core/random.js';
import { simulation } from './simulation.js';

const sampleOf = (pairs: PairSample['pairs'], values: readonly Float64Array[]): PairSample => ({
  pairs,
  values: (index) => values[index]!,
});

/** Every pair of so many units in layers of equal size; `value` gives the interaction of units a and b on an image. */
function planted(
  units: number,
  layers: number,
  images: number,
  value: (a: number, b: number, image: number) => number,
  singles: (a: number, b: number) => number = () => 1,
): PairSample {
  const layerOf = (unit: number): number => Math.floor((unit * layers) / units);
  const pairs: PairSample['pairs'][number][] = [];
  const values: Float64Array[] = [];
  for (let a = 0; a < units; a++) {
    for (let b = a + 1; b < units; b++) {
      pairs.push({ a, b, across: layerOf(a) !== layerOf(b), singles: singles(a, b), weight: 1 });
      values.push(Float64Array.from({ length: images }, (_, i) => value(a, b, i)));
    }
  }
  return sampleOf(pairs, values);
}

const every = (sample: PairSample): number[] => sample.pairs.map((_, index) => index);

test('an interaction is taken image by image, of losses with the intact network added', () => {
  expect([...interactionOf([5, 1], [1, 1], [2, 0])]).toEqual([2, 0]);
  // (5−3) − (4−3) − (3.5−3)
  expect([...interactionOf([5], [4], [3.5], [3])]).toEqual([0.5]);
});

describe('the mean over pairs', () => {
  test('has the dyadic variance, as written out over all pairs of pairs that share a unit', () => {
    const random = randomStream(1, 'dyadic');
    const effects = Array.from({ length: 7 }, () => random.normal());
    const images = 30;
    const sample = planted(7, 1, images, (a, b) => effects[a]! + effects[b]! + 0.1 * random.normal());
    const means = every(sample).map((index) => mean(sample.values(index))!);
    const centre = mean(means)!;
    let shared = 0;
    means.forEach((x, p) =>
      means.forEach((y, q) => {
        const [one, other] = [sample.pairs[p]!, sample.pairs[q]!];
        const common = [one.a, one.b].some((unit) => unit === other.a || unit === other.b);
        if (common) shared += ((x - centre) * (y - centre)) / means.length ** 2;
      }),
    );
    const perImage = Array.from({ length: images }, (_, i) => mean(every(sample).map((p) => sample.values(p)[i]!))!);
    const overImages = variance(perImage)! / images;
    const total = shared + overImages;
    const freedom = total ** 2 / (shared ** 2 / 6 + overImages ** 2 / (images - 1));
    const found = meanInteraction(sample, every(sample))!;
    expect(found.estimate).toBeCloseTo(centre, 12);
    expect(found.high - found.estimate).toBeCloseTo(studentQuantile(0.975, freedom) * Math.sqrt(total), 10);
  });

  simulation(
    'covers the truth over new units and new images; pairs taken as independent do not',
    { timeout: 60_000 },
    () => {
      const random = randomStream(2, 'coverage', 'pairs');
      const runs = 300;
      let [covered, naive] = [0, 0];
      for (let run = 0; run < runs; run++) {
        const unit = Array.from({ length: 16 }, () => random.normal());
        const image = Array.from({ length: 25 }, () => random.normal());
        const sample = planted(16, 4, 25, (a, b, i) => unit[a]! + unit[b]! + image[i]! + random.normal());
        const found = meanInteraction(sample, every(sample))!;
        const independent = meanInterval(every(sample).map((index) => mean(sample.values(index))!))!;
        if (found.low <= 0 && found.high >= 0) covered += 1;
        if (independent.low <= 0 && independent.high >= 0) naive += 1;
      }
      expect(covered / runs).toBeGreaterThan(0.95 - 3 * Math.sqrt((0.95 * 0.05) / runs));
      expect(naive / runs).toBeLessThan(0.8);
    },
  );

  test('is unknown of one pair and of one image', () => {
    const sample = planted(4, 2, 1, () => 1);
    expect(meanInteraction(sample, every(sample))).toBeNull();
    expect(
      meanInteraction(
        planted(4, 2, 9, () => 1),
        [0],
      ),
    ).toBeNull();
  });
});
