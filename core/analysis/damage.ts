import { mean } from './moments.js';
import { clopperPearson, meanInterval, pairedDifference, signedMeanInterval, type Interval } from './interval.js';

/** The intact network on n images, an entry an image. */
export interface Baseline {
  readonly labels: ArrayLike<number>;
  readonly predicted: ArrayLike<number>;
  /** −log p(label), natural. */
  readonly loss: ArrayLike<number>;
}

/** A lesioned network on the same images. */
export interface Lesioned {
  readonly predicted: ArrayLike<number>;
  readonly loss: ArrayLike<number>;
  /** KL(baseline ‖ lesioned), natural. */
  readonly kl: ArrayLike<number>;
}

/** A mean over the images that have a value, with its interval: null below two of them. */
export interface KnownMean {
  readonly estimate: number;
  readonly low: number | null;
  readonly high: number | null;
}

/** What one condition did. Means are over the images on which their quantity is finite; null where there is none. */
export interface Damage {
  readonly images: number;
  readonly correct: number;
  /** Exact interval (Clopper-Pearson). */
  readonly accuracy: Interval;
  /** Accuracy less the baseline's, paired by image (Agresti-Min). */
  readonly deltaAccuracy: Interval;
  readonly kl: KnownMean | null;
  readonly deltaLoss: KnownMean | null;
  readonly absDeltaLoss: KnownMean | null;
  /** Images whose predicted class changed, or that have none any more. */
  readonly flips: number;
  /** Images with a loss or KL that is not finite. */
  readonly nonFinite: number;
}

/** Images predicted as labelled. */
export function countCorrect(predicted: ArrayLike<number>, labels: ArrayLike<number>): number {
  let correct = 0;
  for (let i = 0; i < labels.length; i++) if (predicted[i] === labels[i]) correct += 1;
  return correct;
}

/** Whether a condition has a value for every image: only such conditions are compared image by image. */
export function isWhole(values: ArrayLike<number>): boolean {
  for (let i = 0; i < values.length; i++) if (!Number.isFinite(values[i])) return false;
  return true;
}

/** Mean over what is finite; null where nothing is. */
export function knownMean(values: Float64Array, level: number, least?: number): KnownMean | null {
  const finite = isWhole(values) ? values : values.filter((v) => Number.isFinite(v));
  const estimate = mean(finite);
  if (estimate === null) return null;
  const interval = meanInterval(finite, level, least);
  return { estimate, low: interval?.low ?? null, high: interval?.high ?? null };
}

/** Of values with tails on both sides, all of them numbers: null without images; without an interval below two of them. */
export function signedMean(values: Float64Array, level: number): KnownMean | null {
  const [estimate, interval] = [mean(values), signedMeanInterval(values, level)];
  return estimate === null ? null : { estimate, low: interval?.low ?? null, high: interval?.high ?? null };
}

/** Damage of one condition over all its images; null without images. Every difference is taken image by image. */
export function damageOf(baseline: Baseline, lesioned: Lesioned, level = 0.95): Damage | null {
  const images = baseline.labels.length;
  const [deltaLoss, kl] = [new Float64Array(images), new Float64Array(lesioned.kl.length)];
  for (let i = 0; i < images; i++) deltaLoss[i] = lesioned.loss[i]! - baseline.loss[i]!;
  for (let i = 0; i < kl.length; i++) kl[i] = lesioned.kl[i]!;
  let [flips, gained, lost, nonFinite] = [0, 0, 0, 0];
  for (let i = 0; i < images; i++) {
    const [before, after, label] = [baseline.predicted[i], lesioned.predicted[i], baseline.labels[i]];
    if (before !== label && after === label) gained += 1;
    if (before === label && after !== label) lost += 1;
    const isLost = !Number.isFinite(kl[i]!) || !Number.isFinite(deltaLoss[i]!);
    if (isLost) nonFinite += 1;
    if (before !== after || isLost) flips += 1;
  }
  const correct = countCorrect(lesioned.predicted, baseline.labels);
  const accuracy = clopperPearson(correct, images, level);
  const deltaAccuracy = pairedDifference(gained, lost, images, level);
  if (accuracy === null || deltaAccuracy === null) return null;
  return {
    images,
    correct,
    accuracy,
    deltaAccuracy,
    kl: knownMean(kl, level, 0),
    deltaLoss: knownMean(deltaLoss, level),
    absDeltaLoss: knownMean(deltaLoss.map(Math.abs), level, 0),
    flips,
    nonFinite,
  };
}

/** Damage by true class, for the classes that occur, ascending. */
export function damageByClass(
  baseline: Baseline,
  lesioned: Lesioned,
  level = 0.95,
): { readonly label: number; readonly damage: Damage }[] {
  const members = new Map<number, number[]>();
  for (let i = 0; i < baseline.labels.length; i++) {
    const label = baseline.labels[i]!;
    const list = members.get(label);
    if (list) list.push(i);
    else members.set(label, [i]);
  }
  const pick = (values: ArrayLike<number>, at: readonly number[]): Float64Array =>
    Float64Array.from(at, (i) => values[i]!);
  return [...members]
    .sort(([a], [b]) => a - b)
    .flatMap(([label, at]) => {
      const damage = damageOf(
        { labels: pick(baseline.labels, at), predicted: pick(baseline.predicted, at), loss: pick(baseline.loss, at) },
        { predicted: pick(lesioned.predicted, at), loss: pick(lesioned.loss, at), kl: pick(lesioned.kl, at) },
        level,
      );
      return damage === null ? [] : [{ label, damage }];
    });
}
