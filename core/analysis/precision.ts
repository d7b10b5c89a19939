import { meanBounds } from './confidence-sequence.js';
import { meanOf, undecided, type Standing, type Verdict } from './verdict.js';

/** What is asked: each mean within ± precision, each interval with this confidence. */
export interface PrecisionRule {
  readonly precision: number;
  readonly confidence: number;
  /** Values lie in [0, bound]. */
  readonly bound: number;
}

/**
 * Every condition draws values until its interval is at most 2 · precision wide; half of the error is for either end.
 * The confidence is of each interval, at whatever time it was narrow enough, not of all conditions together.
 *
 * @param drawn values of each condition, each in [0, bound], as far as they are drawn; undefined: undecided.
 */
export function settlePrecision(
  drawn: readonly (Float64Array | undefined)[],
  population: number,
  { precision, confidence, bound }: PrecisionRule,
): Verdict {
  const half = (1 - confidence) / 2;
  const standings = drawn.map((values): Standing => {
    if (!values) return undecided(bound);
    const ends = meanBounds({ values, population, bound }, { below: half, above: half });
    const narrow = ends.high - ends.low <= 2 * precision || values.length >= population;
    return { ...ends, mean: meanOf(values), place: narrow ? 'precise' : 'open' };
  });
  const open = standings.flatMap(({ place }, condition) => (place === 'open' ? [{ condition, leap: false }] : []));
  return { standings, advance: open };
}
