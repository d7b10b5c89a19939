import type { R2Bracket } from './ridge.js';
import type { SystemicRedundancy } from './systemic.js';

/** Two ends that meet as bases are added. */
export type Bracket = R2Bracket;

/** What is known of a network's redundancy; null where there is none. */
export interface Brackets {
  /** Mean R² of its kernels, from the same site and from far ones. */
  readonly same: Bracket | null;
  readonly far: Bracket | null;
  readonly sr: Bracket | null;
}

/** How narrow brackets are wanted; what is not named may be as wide as it likes. */
export interface Widths {
  readonly r2?: number;
  readonly sr?: number;
}

export const widthOf = ({ low, high }: Bracket): number => high - low;

/** Systemic redundancy and its plug-in value, which is too large, the more the fewer bases. */
export function systemicBracket({ value, plugin }: SystemicRedundancy): Bracket | null {
  return plugin === null ? null : { low: Math.min(value, plugin), high: Math.max(value, plugin) };
}

/**
 * Whether every bracket is as narrow as is wished: a rule that looks at widths alone, never at values. A network without far sites
 * is judged by R² from the same site; one that has no value at all of what is asked for is not resolved.
 */
export function areNarrow({ same, far, sr }: Brackets, wish: Widths): boolean {
  const known = [same, far].filter((bracket) => bracket !== null);
  const within = (brackets: readonly Bracket[], most: number | undefined): boolean =>
    most === undefined || (brackets.length > 0 && brackets.every((bracket) => widthOf(bracket) <= most));
  return within(known, wish.r2) && within(sr === null ? [] : [sr], wish.sr);
}
