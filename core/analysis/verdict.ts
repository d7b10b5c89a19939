import type { Drawn, MeanBounds } from './confidence-sequence.js';
import { controlVariate } from './control-variate.js';

/** A condition as far as its values are drawn, each in [0, bound]. */
export interface DrawnCondition {
  readonly values: Float64Array;
  /** What they are predicted to be, for the whole population in the order of drawing, each in [0, bound]. */
  readonly predicted?: ArrayLike<number> | undefined;
}

/** How a condition stands after the values that it has drawn. */
export interface Standing extends MeanBounds {
  /** Of the values drawn; NaN where they could not be had. */
  readonly mean: number;
  /**
   * `top`, `rest`: settled within epsilon; `precise`: its interval is narrow enough; `open`: it needs more values;
   * `undecided`: its values could not be had, so that it is neither ranked nor stopped.
   */
  readonly place: 'top' | 'rest' | 'precise' | 'open' | 'undecided';
}

export interface Verdict {
  /** One a condition. */
  readonly standings: readonly Standing[];
  /** Conditions that are to draw more values, ascending, and about how many in all: more than now. Empty: all is settled. */
  readonly advance: readonly { readonly condition: number; readonly values: number }[];
}

/** A condition as a confidence sequence takes it. */
export function drawnFrom({ values, predicted }: DrawnCondition, population: number, bound: number): Drawn {
  return { values, population, bound, variate: predicted && controlVariate(values, predicted, bound) };
}

/** The mean of all as far as one can guess: that of what is drawn, and by how much predictions say that the others differ from it. */
export const estimateOf = ({ values, variate }: Drawn): number =>
  meanOf(values) + (variate ? variate.coefficient * variate.ahead : 0);

/**
 * What would be drawn if everything went on as it did: the values drawn, and behind them what the predictions say of each, or the mean. By this it is
 * guessed how far a condition must go.
 */
export function projected(drawn: Drawn, { predicted }: DrawnCondition): Drawn {
  const { values, population, bound, variate } = drawn;
  const all = new Float64Array(population);
  all.set(values);
  const [slope, mean] = [variate?.coefficient ?? 0, meanOf(values)];
  let before = 0;
  if (predicted) for (let t = 0; t < values.length; t++) before += (predicted[t] as number) / values.length;
  const level = Math.max(0, mean - slope * before);
  for (let t = values.length; t < population; t++)
    all[t] = Math.min(bound, level + (predicted ? slope * (predicted[t] as number) : 0));
  return { ...drawn, values: all };
}

/** Mean of a beginning that has been drawn, summed in its order. */
export function meanOf(values: ArrayLike<number>): number {
  let total = 0;
  for (let t = 0; t < values.length; t++) total += values[t] as number;
  return total / values.length;
}

/** Of a condition whose values could not be had: anything is possible. */
export const undecided = (bound: number): Standing => ({ low: 0, high: bound, mean: Number.NaN, place: 'undecided' });
