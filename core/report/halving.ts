import type { CurveRow } from '../tables/schema.js';
import { percent, significant } from './number-format.js';

/** Where a curve falls to a value: at a fraction, at or before the smallest one measured, or beyond the largest. */
export interface Crossing {
  readonly kind: 'at' | 'before' | 'beyond';
  readonly fraction: number;
}

/** Where a network's accuracy has fallen to half of the intact one; the ends of its interval are known where those of its accuracies are. */
export interface Halving extends Crossing {
  readonly low: Crossing | null;
  readonly high: Crossing | null;
}

type End = 'accuracy' | 'accuracy_low' | 'accuracy_high';

/**
 * The removed fraction at which accuracy is half of `intact`, linear between measured fractions and never read before the
 * smallest of them; points without an accuracy are passed over. Its interval holds the fractions at which the interval of accuracy
 * holds that half: the crossings of the lower and of the upper ends. Half of the intact accuracy counts as known, which errs
 * on the wide side, since an image that the lesioned network gets right is nearly always one that the intact one gets right.
 * Undefined without a measured fraction. `rows` ascend in fraction.
 */
export function halving(rows: readonly CurveRow[], intact: number | undefined): Halving | undefined {
  const known = rows.filter(({ accuracy }) => accuracy !== null);
  const first = known[0];
  if (!first) return undefined;
  const half = (intact ?? first.accuracy ?? 0) / 2;
  const estimate = crossing(known, 'accuracy', half);
  if (!estimate) return undefined;
  return { ...estimate, low: crossing(known, 'accuracy_low', half), high: crossing(known, 'accuracy_high', half) };
}

/** Null where a point has no such end. */
function crossing(rows: readonly CurveRow[], end: End, half: number): Crossing | null {
  const points: { readonly fraction: number; readonly value: number }[] = [];
  for (const row of rows) {
    const value = row[end];
    if (value === null) return null;
    points.push({ fraction: row.fraction, value });
  }
  const at = points.findIndex(({ value }) => value <= half);
  const [point, before] = [points[at], points[at - 1]];
  if (!point) return { kind: 'beyond', fraction: points.at(-1)?.fraction ?? 0 };
  if (!before) return { kind: 'before', fraction: point.fraction };
  const share = (before.value - half) / (before.value - point.value);
  return { kind: 'at', fraction: before.fraction + share * (point.fraction - before.fraction) };
}

const words: { readonly [K in Crossing['kind']]: string } = { at: '', before: 'at most ', beyond: 'more than ' };
const printCrossing = ({ kind, fraction }: Crossing): string => `${words[kind]}${percent(fraction)}`;

/** `12.3 % (10.1 % to more than 40.0 %)`, `at most 2.0 %` or `more than 20.0 %`. */
export function printHalving(half: Halving | undefined): string {
  if (half === undefined) return significant(null);
  const value = printCrossing(half);
  if (!half.low || !half.high) return value;
  const [low, high] = [printCrossing(half.low), printCrossing(half.high)];
  return low === high && low === value ? value : `${value} (${low} to ${high})`;
}
