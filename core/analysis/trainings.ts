import { columnMeans, satterthwaite } from './crossed.js';
import { skewedEnds, thirdMomentOfMean } from './interval.js';
import { mean, sum, variance } from './moments.js';
import { betaQuantile, studentQuantile } from './special.js';

/** What one training says of a quantity. */
export interface TrainingEstimate {
  readonly estimate: number;
  /**
   * By what all trainings were measured on alike (images, draws of kernels, bases): influences, one an image, so that the variance of their mean is
   * that of the estimate. In the order of the images. Empty where that is not known.
   */
  readonly parts: ReadonlyMap<string, ArrayLike<number>>;
}

/** Mean over trainings of an architecture, or a difference of two such means. */
export interface TrainingsMean {
  readonly estimate: number;
  readonly low: number;
  readonly high: number;
  /** Over what the interval counts as drawn: trainings alone, where nothing is known of images. */
  readonly over: 'trainings' | 'trainings and images';
}

/** How far the ends of an interval are from its estimate by one source of chance, both at least 0. */
interface Reach {
  readonly below: number;
  readonly above: number;
}

/** What is sampled besides trainings, as their mean over trainings has it. */
function meanParts(trainings: readonly TrainingEstimate[]): ReadonlyMap<string, Float64Array> {
  const [first] = trainings;
  const shared = [...(first?.parts ?? [])].filter(([name, { length }]) =>
    trainings.every(({ parts }) => parts.get(name)?.length === length),
  );
  return new Map(shared.map(([name]) => [name, columnMeans(trainings.map(({ parts }) => parts.get(name)!))]));
}

const estimatesOf = (trainings: readonly TrainingEstimate[]): number[] => trainings.map(({ estimate }) => estimate);

/** By the trainings of one architecture or several: Student's, with Welch's freedom where these are several. */
function reachOfTrainings(groups: readonly (readonly TrainingEstimate[])[], level: number): Reach {
  const { variance: total, freedom } = satterthwaite(
    groups.map((group) => ({ variance: variance(estimatesOf(group))! / group.length, freedom: group.length - 1 })),
  );
  const half = total === 0 ? 0 : studentQuantile((1 + level) / 2, freedom) * Math.sqrt(total);
  return { below: half, above: half };
}

/** By images: of Student's interval and the one whose skewness is taken out, each end that is farther out. */
function reachOfValues(values: Float64Array, level: number): Reach {
  const error = Math.sqrt((variance(values) ?? 0) / values.length);
  if (error === 0) return { below: 0, above: 0 };
  const quantile = studentQuantile((1 + level) / 2, values.length - 1);
  const { low, high } = skewedEnds(0, error, thirdMomentOfMean(values) / error ** 3, quantile);
  return { below: Math.max(quantile * error, -low), above: Math.max(quantile * error, high) };
}

/**
 * Reaches of independent sources add in squares, each with its own quantile: that covers at least the level whatever their variances
 * (Banerjee, Sankhyā 22, 1960), where one common number of degrees of freedom, itself a guess from variances of a few trainings, covers too seldom.
 */
function intervalOf(estimate: number, reaches: readonly Reach[], images: boolean): TrainingsMean {
  const all = (end: keyof Reach): number => Math.sqrt(sum(reaches.map((reach) => reach[end] ** 2)));
  return {
    estimate,
    low: estimate - all('below'),
    high: estimate + all('above'),
    over: images ? 'trainings and images' : 'trainings',
  };
}

/**
 * The mean over trainings, for trainings and images like these. All trainings saw the same images: so chance comes in by trainings
 * and by images, whose means over trainings are what varies. What trainings and images do together counts in both, so that
 * the interval is never too short for it. Null below two trainings.
 */
export function trainingsMean(trainings: readonly TrainingEstimate[], level = 0.95): TrainingsMean | null {
  if (trainings.length < 2) return null;
  const parts = [...meanParts(trainings).values()];
  const reaches = [reachOfTrainings([trainings], level), ...parts.map((values) => reachOfValues(values, level))];
  return intervalOf(mean(estimatesOf(trainings))!, reaches, parts.length > 0);
}

/**
 * The mean of one architecture less that of another. Their trainings are independent; images that both saw are paired.
 * Null unless both have two trainings.
 */
export function trainingsDifference(
  a: readonly TrainingEstimate[],
  b: readonly TrainingEstimate[],
  level = 0.95,
): TrainingsMean | null {
  if (a.length < 2 || b.length < 2) return null;
  const [own, other] = [meanParts(a), meanParts(b)];
  const reaches: Reach[] = [reachOfTrainings([a, b], level)];
  for (const name of new Set([...own.keys(), ...other.keys()])) {
    const [x, y] = [own.get(name), other.get(name)];
    const paired = x && y && x.length === y.length ? [x.map((value, i) => value - y[i]!)] : [x, y];
    for (const values of paired) if (values) reaches.push(reachOfValues(values, level));
  }
  const estimate = mean(estimatesOf(a))! - mean(estimatesOf(b))!;
  return intervalOf(estimate, reaches, own.size > 0 && other.size > 0);
}

/**
 * How far apart trainings of an architecture are, as a variance: that of their estimates, less what images alone would give
 * (of each source the mean square of what is neither the training's nor the image's, over the number of images); at least 0. Null below two trainings.
 */
export function betweenTrainings(trainings: readonly TrainingEstimate[]): number | null {
  const k = trainings.length;
  const observed = variance(estimatesOf(trainings));
  if (observed === null) return null;
  const noise = [...meanParts(trainings)].map(([name, means]) => {
    const n = means.length;
    const centre = sum(means) / n;
    const squares = trainings.map(({ parts }) => {
      const own = parts.get(name)!;
      const level = sum(own) / n - centre;
      return sum(means.map((value, i) => (own[i]! - level - value) ** 2));
    });
    return n < 2 ? 0 : sum(squares) / ((k - 1) * (n - 1)) / n;
  });
  return Math.max(0, observed - sum(noise));
}

/** Share of a variance that lies between classes, with its interval. */
export interface IntraclassCorrelation {
  readonly estimate: number;
  readonly low: number;
  readonly high: number;
}

/**
 * The intraclass correlation of the estimates of trainings, whose classes are architectures: of the variance between networks
 * the share between architectures, by a one-way analysis of variance with random effects (its estimate can fall below 0), and the interval by its F,
 * which is exact for normal effects and classes of equal size (Searle, Linear Models, 1971; with the mean size of unequal ones, Thomas and Hultquist,
 * Annals of Statistics 6, 1978). Null unless two classes have two trainings, and where trainings never differ.
 */
export function intraclass(classes: readonly (readonly number[])[], level = 0.95): IntraclassCorrelation | null {
  const used = classes.filter(({ length }) => length > 1);
  const all = used.flat();
  const [between, within] = [used.length - 1, all.length - used.length];
  if (between < 1) return null;
  const centre = mean(all)!;
  const meanSquare = sum(used.map((own) => own.length * (mean(own)! - centre) ** 2)) / between;
  const noise = sum(used.map((own) => (own.length - 1) * variance(own)!)) / within;
  if (noise === 0) return null;
  const size = (all.length - sum(used.map(({ length }) => length ** 2)) / all.length) / between;
  const ratio = meanSquare / noise;
  const of = (f: number): number => (f - 1) / (f - 1 + size);
  return {
    estimate: of(ratio),
    low: of(ratio / fQuantile((1 + level) / 2, between, within)),
    high: of(ratio / fQuantile((1 - level) / 2, between, within)),
  };
}

/** Quantile of Fisher's F. */
function fQuantile(p: number, above: number, below: number): number {
  const share = betaQuantile(p, above / 2, below / 2);
  return (below * share) / (above * (1 - share));
}
