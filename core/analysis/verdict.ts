import type { MeanBounds } from './confidence-sequence.js';

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
  /** Conditions that are to draw more values, ascending, and which of them had best leap ahead. Empty: all is settled. */
  readonly advance: readonly { readonly condition: number; readonly leap: boolean }[];
}

/** Mean of a beginning that has been drawn, summed in its order. */
export function meanOf(values: Float64Array): number {
  let total = 0;
  for (const value of values) total += value;
  return total / values.length;
}

/** Of a condition whose values could not be had: anything is possible. */
export const undecided = (bound: number): Standing => ({ low: 0, high: bound, mean: Number.NaN, place: 'undecided' });
