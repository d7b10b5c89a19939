import type { Anatomy } from '../anatomy/site.js';
import type { Spread } from '../spec/words/spreads.js';
import type { Screened } from './screen.js';
import type { Target } from './target.js';

/** What one condition removes, whatever takes its place. */
export interface Removal {
  readonly targets: readonly Target[];
  /** How many there were to choose from. */
  readonly of: number;
  readonly fraction?: number;
  readonly trial?: number;
  readonly spread?: Spread;
  readonly match?: string;
  /** What is held at its values in the intact network, though something before it is removed. */
  readonly frozen?: readonly Target[];
  /** How a pair came to be run, where pairs are screened. */
  readonly screened?: Screened;
}

/** Removals by index, never kept as a list. */
export interface RemovalList {
  readonly length: number;
  at(index: number): Removal;
}

/** What removals of an ablation are chosen among, and by. */
export interface RemovalContext {
  readonly targets: readonly Target[];
  readonly anatomy: Anatomy;
  readonly seed: number;
  /**
   * Importance of each target; cumulative ablations remove the least important first, screens keep pairs of the most important. Undefined: by
   * chance, and of what is screened no pairs.
   */
  readonly scores: readonly number[] | undefined;
}

/** At least one: a fraction that rounds to nothing would be the baseline under another name. */
export const countOf = (fraction: number, total: number): number => Math.max(1, Math.round(fraction * total));
