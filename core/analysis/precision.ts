import { meanBounds } from './confidence-sequence.js';
import { drawnFrom, meanOf, undecided, type DrawnCondition, type Standing, type Verdict } from './verdict.js';

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
 * @param conditions undefined: undecided.
 */
export function settlePrecision(
  conditions: readonly (DrawnCondition | undefined)[],
  population: number,
  { precision, confidence, bound }: PrecisionRule,
): Verdict {
  const half = (1 - confidence) / 2;
  const standings = conditions.map((condition): Standing => {
    if (!condition) return undecided(bound);
    const { values } = condition;
    const ends = meanBounds(drawnFrom(condition, population, bound), { below: half, above: half });
    const narrow = ends.high - ends.low <= 2 * precision || values.length >= population;
    return { ...ends, mean: meanOf(values), place: narrow ? 'precise' : 'open' };
  });
  const open = standings.flatMap(({ place }, condition) =>
    place === 'open' ? [{ condition, values: (conditions[condition]?.values.length ?? 0) + 1 }] : [],
  );
  return { standings, advance: open };
}
