import { comparedFill } from '../spec/words/estimands.js';
import { kernelMeasureColumn, kernelMeasureNames } from '../analysis/kernel-measures.js';
import type { KernelRow, PredictorRow } from '../tables/schema.js';
import type { ReportTables } from './gathering.js';
import { grouped, present } from './context.js';

/** The predictor with the strongest mean rank correlation with KL, over networks: picked after looking. */
export interface MainPredictor {
  readonly predictor: string;
  readonly target: string;
  readonly fill: string;
  /** Mean over networks of Spearman's ρ. */
  readonly mean: number;
  readonly rows: readonly PredictorRow[];
}

/**
 * The main predictor: among those whose target is `kl` with fill `zero` (or, without any, the first target, and its first fill), the
 * largest |mean ρ|; of equals the first by name.
 */
export function mainPredictor(tables: ReportTables): MainPredictor | undefined {
  const rows = tables.predictors.filter((row) => present(row.spearman));
  const target = rows.some((row) => row.target === 'kl') ? 'kl' : rows[0]?.target;
  if (target === undefined) return undefined;
  const own = rows.filter((row) => row.target === target);
  const fill = own.some((row) => row.fill === comparedFill) ? comparedFill : (own[0] as PredictorRow).fill;
  const groups = [
    ...grouped(
      own.filter((row) => row.fill === fill),
      (row) => row.predictor,
    ),
  ].map(([predictor, found]) => ({
    predictor,
    target,
    fill,
    mean: found.reduce((sum, row) => sum + (row.spearman ?? 0), 0) / found.length,
    rows: found,
  }));
  return groups.toSorted((a, b) => Math.abs(b.mean) - Math.abs(a.mean) || (a.predictor < b.predictor ? -1 : 1))[0];
}

/** The kernel's value of a predictor, where the predictor is one of `core/analysis/kernel-measures.ts`. */
export function predictorValue(row: KernelRow, predictor: string): number | null {
  const name = kernelMeasureNames.find((measure) => measure === predictor);
  return name === undefined ? null : (row[kernelMeasureColumn(name)] ?? null);
}
