import { CrossedSums, satterthwaite, type CrossedOptions } from './crossed.js';
import type { KnownMean } from './damage.js';
import { studentInterval, type Interval } from './interval.js';
import { sum, variance } from './moments.js';

/** One condition (a trial) at some fraction: 1 where the image is predicted as labelled, else 0; and its KL. */
export interface Trial {
  readonly correct: ArrayLike<number>;
  readonly kl: ArrayLike<number>;
}

/** All trials of one fraction (of one ablation, spread and fill) on the same images. */
export interface CurveInput {
  /** Share of the units that was removed, in (0, 1]. */
  readonly fraction: number;
  /** Gone through once a point: what is held of a trial are its two means. */
  readonly trials: Iterable<Trial>;
}

export interface CurvePoint {
  readonly fraction: number;
  /** That were averaged. */
  readonly conditions: number;
  /** Null without a condition; without interval below two images. */
  readonly accuracy: KnownMean | null;
  /** Null where a condition lacks a KL on some image: means over different images are not compared. */
  readonly kl: KnownMean | null;
  /** Conditions × images without a KL. */
  readonly nonFinite: number;
}

/** 1 where predicted as labelled, else 0. */
export function correctness(predicted: ArrayLike<number>, labels: ArrayLike<number>): Uint8Array {
  return Uint8Array.from({ length: labels.length }, (_, i) => (predicted[i] === labels[i] ? 1 : 0));
}

/**
 * A robustness curve, by ascending fraction: mean accuracy and mean KL over trials and images, with intervals that count
 * both as sampled (`crossedMean`; with one trial a point, as in a cumulative order, over images alone). Every fraction asked for is a
 * point, whatever is known of it; `robustnessArea` rests on the accuracies of the same points.
 */
export function robustnessCurve(inputs: readonly CurveInput[], level = 0.95): CurvePoint[] {
  return [...inputs]
    .sort((a, b) => a.fraction - b.fraction)
    .map(({ fraction, trials }) => {
      const [correct, kl] = [new CrossedSums(), new CrossedSums()];
      let nonFinite = 0;
      for (const trial of trials) {
        correct.add(trial.correct);
        kl.add(trial.kl);
        for (let i = 0; i < trial.kl.length; i++) if (!Number.isFinite(trial.kl[i])) nonFinite += 1;
      }
      return {
        fraction,
        conditions: correct.units,
        accuracy: crossed(correct, level, { proportion: true }),
        kl: nonFinite === 0 ? crossed(kl, level, { least: 0 }) : null,
        nonFinite,
      };
    });
}

function crossed(sums: CrossedSums, level: number, options: CrossedOptions): KnownMean | null {
  const interval = sums.mean(level, options);
  if (interval) return interval;
  const [first] = sums.perImage();
  return first === undefined ? null : { estimate: first, low: null, high: null };
}

/** Weights of the trapezoidal rule over ascending points, divided by their range. */
function trapezoid(points: readonly number[]): number[] {
  const range = points.at(-1)! - points[0]!;
  return points.map((x, i) => ((points[i + 1] ?? x) - (points[i - 1] ?? x)) / 2 / range);
}

/** A robustness area, and how it comes from what was sampled. */
export interface AreaInfluences {
  readonly area: number;
  /** By image: how far the area would move with it, so that their mean is 0 and the variance of that mean the area's. */
  readonly images: Float64Array;
  /** By fraction, the trials' shares of the area. */
  readonly trials: ReadonlyMap<number, Float64Array>;
}

/**
 * Area under accuracy ÷ intact accuracy over the removed fraction, from 0 (intact, where it is 1) to the largest
 * fraction measured, by trapezoids, divided by that range: 1 for a network that nothing harms.
 * The images are shared by all points and by the baseline, so an image's influence is (Σ w_j accuracy_j,i − area · intact_i) / intact.
 * Null below two images, without points, or for a network that is never right.
 */
export function areaInfluences(intact: ArrayLike<number>, inputs: readonly CurveInput[]): AreaInfluences | null {
  const images = intact.length;
  const right = sum(intact) / images;
  const points = inputs.flatMap(({ trials, fraction }) => {
    if (fraction <= 0) return [];
    const correct = new CrossedSums();
    for (const trial of trials) correct.add(trial.correct);
    return correct.units > 0 ? [{ fraction, correct }] : [];
  });
  points.sort((a, b) => a.fraction - b.fraction);
  if (images < 2 || right === 0 || points.length === 0) return null;
  const weights = trapezoid([0, ...points.map((point) => point.fraction)]);
  const weighted = Float64Array.from(intact, (v) => weights[0]! * v);
  const trialsOf = new Map<number, Float64Array>();
  points.forEach(({ fraction, correct }, j) => {
    const perImage = correct.perImage();
    for (let i = 0; i < images; i++) weighted[i]! += weights[j + 1]! * perImage[i]!;
    const factor = weights[j + 1]! / right / images;
    trialsOf.set(
      fraction,
      correct.unitSums().map((total) => factor * total),
    );
  });
  const area = sum(weighted) / images / right;
  return { area, images: weighted.map((v, i) => (v - area * intact[i]!) / right), trials: trialsOf };
}

/**
 * The robustness area with its interval by the delta method: trials are independent between fractions, and their variances and that of the
 * images' influences add, with Satterthwaite's freedom. Null as `areaInfluences`.
 */
export function robustnessArea(
  intact: ArrayLike<number>,
  inputs: readonly CurveInput[],
  level = 0.95,
): Interval | null {
  const found = areaInfluences(intact, inputs);
  if (found === null) return null;
  const parts = [found.images, ...found.trials.values()].flatMap((values) => {
    const spread = variance(values);
    return spread === null ? [] : [{ variance: spread / values.length, freedom: values.length - 1 }];
  });
  const combined = satterthwaite(parts);
  return studentInterval(found.area, Math.sqrt(combined.variance), combined.freedom, level, 0);
}
