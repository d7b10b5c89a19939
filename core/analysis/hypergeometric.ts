import type { Interval } from './interval.js';
import { logGamma } from './special.js';

const logChoose = (n: number, k: number): number => logGamma(n + 1) - logGamma(k + 1) - logGamma(n - k + 1);

/** P(X ≤ x), where X of `drawn` items, without replacement from `size`, are among `marked` ones. */
export function hypergeometricCdf(x: number, size: number, marked: number, drawn: number): number {
  const least = Math.max(0, drawn - (size - marked));
  if (x >= Math.min(marked, drawn)) return 1;
  let total = 0;
  const all = logChoose(size, drawn);
  for (let k = least; k <= x; k++) total += Math.exp(logChoose(marked, k) + logChoose(size - marked, drawn - k) - all);
  return Math.min(1, total);
}

/**
 * How many of `size` items are marked, where `found` of `drawn` ones, without replacement, are: all numbers of which neither as few nor as
 * many would be found with a probability of (1 − level) / 2 or less. Exact: covers at least `level` (Clopper and Pearson, Biometrika 26, 1934, for the
 * hypergeometric; Buonaccorsi, The American Statistician 41, 1987). Null where nothing was drawn.
 */
export function markedInterval(found: number, drawn: number, size: number, level = 0.95): Interval | null {
  if (drawn < 1) return null;
  const outside = (1 - level) / 2;
  const [fewest, most] = [found, size - (drawn - found)];
  return {
    low: firstFrom(
      fewest,
      most,
      (marked) => found === 0 || 1 - hypergeometricCdf(found - 1, size, marked, drawn) > outside,
    ),
    high:
      firstFrom(
        fewest,
        most + 1,
        (marked) => marked > most || hypergeometricCdf(found, size, marked, drawn) <= outside,
      ) - 1,
    estimate: (size * found) / drawn,
    level,
  };
}

/** The first number of [from, to] of which it holds, as of all behind it; `to` where of none before. */
function firstFrom(from: number, to: number, holds: (value: number) => boolean): number {
  let [low, high] = [from, to];
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    if (holds(middle)) high = middle;
    else low = middle + 1;
  }
  return low;
}
