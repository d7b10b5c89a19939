import { columnMeans, satterthwaite } from '../core/analysis/crossed.js';
import { studentInterval } from '../core/analysis/interval.js';
import { mean, sum, variance } from '../core/analysis/moments.js';
import { trainingsDifference, trainingsMean, type TrainingEstimate } from '../core/analysis/trainings.js';
import { randomStream, type RandomStream } from '../core/random.js';

/** How values of an image come about: what all networks, all trainings of an architecture, and one training alone have of it. */
export interface Scenario {
  readonly name: string;
  /** What the mean of an architecture is, over all trainings and images. */
  readonly truth: (architecture: 0 | 1) => number;
  /** Values of all trainings of both architectures on the same images. */
  readonly draw: (random: RandomStream, trainings: number, images: number) => readonly [Values, Values];
}

/** Image by image, of each training. */
type Values = readonly Float64Array[];

interface Effects {
  /** Standard deviations: of trainings, of images in all networks, in one architecture, and in one training. */
  readonly trainings: readonly [number, number];
  readonly images: number;
  readonly interaction: number;
  readonly noise: number;
  readonly level?: readonly [number, number];
}

/** Sums of normal effects, as they are, as logarithms, or as log odds of being right. */
function effects(name: string, scale: 'sum' | 'logarithm' | 'odds', of: Effects): Scenario {
  const { trainings: between, images: common, interaction, noise, level = [0, 0] } = of;
  const deviation = (a: 0 | 1): number => Math.hypot(between[a], common, interaction, noise);
  const read = (value: number, random: RandomStream): number => {
    if (scale === 'sum') return value;
    if (scale === 'logarithm') return Math.exp(value);
    return random.uniform() < 1 / (1 + Math.exp(-value)) ? 1 : 0;
  };
  const truth = (a: 0 | 1): number => {
    if (scale === 'sum') return level[a];
    if (scale === 'logarithm') return Math.exp(level[a] + deviation(a) ** 2 / 2);
    return logisticMean(level[a], deviation(a));
  };
  return {
    name,
    truth,
    draw: (random, trainings, images) => {
      const normals = (sd: number): Float64Array => Float64Array.from({ length: images }, () => sd * random.normal());
      const shared = normals(common);
      const architecture = (a: 0 | 1): Values => {
        const own = normals(interaction);
        return Array.from({ length: trainings }, () => {
          const training = level[a] + between[a] * random.normal();
          return shared.map((value, i) => read(training + value + own[i]! + noise * random.normal(), random));
        });
      };
      return [architecture(0), architecture(1)];
    },
  };
}

/** Mean of 1 / (1 + e^−x) over a normal x. */
function logisticMean(centre: number, deviation: number): number {
  const steps = 4001;
  let [total, weights] = [0, 0];
  for (let i = 0; i < steps; i++) {
    const z = -8 + (16 * i) / (steps - 1);
    const weight = Math.exp((-z * z) / 2);
    total += weight / (1 + Math.exp(-centre - deviation * z));
    weights += weight;
  }
  return total / weights;
}

export const scenarios: readonly Scenario[] = [
  effects('normal', 'sum', { trainings: [0.3, 0.3], images: 2, interaction: 1, noise: 1 }),
  effects('normal, trainings alike', 'sum', { trainings: [0, 0], images: 2, interaction: 1, noise: 1 }),
  effects('normal, one architecture varies five times as much', 'sum', {
    trainings: [0.1, 0.5],
    images: 2,
    interaction: 1,
    noise: 1,
  }),
  effects('lognormal, σ = 1', 'logarithm', { trainings: [0.2, 0.2], images: 0.7, interaction: 0.5, noise: 0.5 }),
  effects('lognormal, σ = 1.5', 'logarithm', { trainings: [0.2, 0.2], images: 1, interaction: 0.8, noise: 0.8 }),
  effects('lognormal, σ = 1.5, trainings alike', 'logarithm', {
    trainings: [0, 0],
    images: 1,
    interaction: 0.8,
    noise: 0.8,
  }),
  effects('lognormal, σ = 2', 'logarithm', { trainings: [0.2, 0.2], images: 1.4, interaction: 1, noise: 1 }),
  effects('lognormal, σ = 1.5, one three times as large', 'logarithm', {
    trainings: [0.2, 0.2],
    images: 1,
    interaction: 0.8,
    noise: 0.8,
    level: [0, Math.log(3)],
  }),
  effects('lognormal, σ = 1.5, one varies five times as much', 'logarithm', {
    trainings: [0.1, 0.5],
    images: 1,
    interaction: 0.8,
    noise: 0.8,
  }),
  effects('right or wrong, 0.85 to 0.9', 'odds', {
    trainings: [0.2, 0.2],
    images: 3,
    interaction: 1,
    noise: 0.5,
    level: [4, 3.4],
  }),
];

type Ends = { readonly low: number; readonly high: number };

const estimatesOf = (values: Values): readonly TrainingEstimate[] =>
  values.map((row) => ({ estimate: mean(row)!, parts: new Map([['images', row]]) }));

const imagesOf = (values: Values): Float64Array => columnMeans(values);
const betweenOf = (values: Values): number => variance(values.map((row) => mean(row)!))!;

/** Intervals of a difference as they might be made; the last is the one that is. */
export const methods: { readonly [name: string]: (a: Values, b: Values) => Ends | null } = {
  'images alone': (a, b) => {
    const difference = imagesOf(a).map((value, i) => value - imagesOf(b)[i]!);
    const n = difference.length;
    return studentInterval(sum(difference) / n, Math.sqrt(variance(difference)! / n), n - 1);
  },
  'trainings alone': (a, b) => between(a, b, false),
  'one variance of both': (a, b) => {
    const k = a.length;
    const own = imagesDifference(a, b);
    const pooled = (betweenOf(a) + betweenOf(b)) / 2;
    const parts = [
      { variance: (2 * pooled) / k, freedom: 2 * (k - 1) },
      { variance: own.variance, freedom: own.freedom },
    ];
    const { variance: total, freedom } = satterthwaite(parts);
    return studentInterval(own.estimate, Math.sqrt(total), freedom);
  },
  'least freedom': (a, b) => {
    const own = imagesDifference(a, b);
    const total = (betweenOf(a) + betweenOf(b)) / a.length + own.variance;
    return studentInterval(own.estimate, Math.sqrt(total), a.length - 1);
  },
  'one freedom for all': (a, b) => between(a, b, true),
  'trainings and images': (a, b) => trainingsDifference(estimatesOf(a), estimatesOf(b)),
};

function imagesDifference(a: Values, b: Values): { estimate: number; variance: number; freedom: number } {
  const other = imagesOf(b);
  const difference = imagesOf(a).map((value, i) => value - other[i]!);
  const n = difference.length;
  return { estimate: sum(difference) / n, variance: variance(difference)! / n, freedom: n - 1 };
}

function between(a: Values, b: Values, images: boolean): Ends {
  const own = imagesDifference(a, b);
  const parts = [a, b].map((values) => ({ variance: betweenOf(values) / values.length, freedom: values.length - 1 }));
  const { variance: total, freedom } = satterthwaite(images ? [...parts, own] : parts);
  return studentInterval(own.estimate, Math.sqrt(total), freedom);
}

/** Of many made-up pairs of architectures: how often each method's interval holds the true difference, and how wide the last one's is. */
export function coverage(
  scenario: Scenario,
  trainings: number,
  images: number,
  repeats: number,
  names: readonly string[] = Object.keys(methods),
): { readonly held: readonly number[]; readonly mean: number } {
  const truth = scenario.truth(0) - scenario.truth(1);
  const held = names.map(() => 0);
  let means = 0;
  for (let r = 0; r < repeats; r++) {
    const random = randomStream(r, 'trainings', scenario.name, trainings, images);
    const [a, b] = scenario.draw(random, trainings, images);
    for (const [i, name] of names.entries()) {
      const ends = methods[name]!(a, b);
      if (ends && ends.low <= truth && truth <= ends.high) held[i]! += 1;
    }
    const alone = trainingsMean(estimatesOf(a));
    if (alone && alone.low <= scenario.truth(0) && scenario.truth(0) <= alone.high) means += 1;
  }
  return { held: held.map((count) => count / repeats), mean: means / repeats };
}
