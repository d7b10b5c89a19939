import { quantile } from './moments.js';
import { rankZ, spearman } from './rank.js';
import { normalQuantile } from './special.js';

/** How predictions of some values agree with these: nulls where they are too few, or all alike. */
export interface Agreement {
  readonly spearman: number | null;
  readonly low: number | null;
  readonly high: number | null;
  /** Median of value over prediction, of predictions above 0. */
  readonly ratio: number | null;
}

/**
 * Rank correlation with its interval: `rankZ` ± z·√(1.06 / (n − 3)) (Fieller, Hartley and Pearson, Biometrika 44, 1957), null below 4 pairs. Pairs
 * that are not finite are left out.
 */
export function agreementOf(predicted: readonly number[], values: readonly number[], level = 0.95): Agreement {
  const known = predicted.flatMap((x, i) => {
    const y = values[i]!;
    return Number.isFinite(x) && Number.isFinite(y) ? [[x, y] as const] : [];
  });
  const ratios = known.filter(([x]) => x > 0).map(([x, y]) => y / x);
  const ratio = ratios.length === 0 ? null : quantile(Float64Array.from(ratios).sort(), 0.5);
  const correlation = spearman(
    known.map(([x]) => x),
    known.map(([, y]) => y),
  );
  if (correlation === null || known.length < 4) return { spearman: correlation, low: null, high: null, ratio };
  const z = rankZ(correlation, known.length);
  const half = normalQuantile((1 + level) / 2) * Math.sqrt(1.06 / (known.length - 3));
  return { spearman: correlation, low: Math.tanh(z - half), high: Math.tanh(z + half), ratio };
}
