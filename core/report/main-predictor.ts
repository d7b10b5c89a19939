import { kernelMeasureColumn, kernelMeasureNames } from '../analysis/kernel-measures.js';
import type { KernelRow, PredictorRow, Tables } from '../tables/schema.js';
import { grouped, present } from './context.js';

/** The predictor with the strongest mean rank correlation with KL, over networks. */
export interface MainPredictor {
  readonly predictor: string;
  readonly target: string;
  /** Mean over networks of Spearman's ρ. */
  readonly mean: number;
  readonly rows: readonly PredictorRow[];
}

/**
 * The main predictor: among those whose target is `kl` (or, without any, the first target), the largest |mean ρ|; of
 * equals the first by name.
 */
export function mainPredictor(tables: Tables): MainPredictor | undefined {
  const rows = tables.predictors.filter((row) => present(row.spearman));
  const target = rows.some((row) => row.target === 'kl') ? 'kl' : rows[0]?.target;
  if (target === undefined) return undefined;
  const groups = [
    ...grouped(
      rows.filter((row) => row.target === target),
      (row) => row.predictor,
    ),
  ].map(([predictor, own]) => ({
    predictor,
    target,
    mean: own.reduce((sum, row) => sum + (row.spearman ?? 0), 0) / own.length,
    rows: own,
  }));
  return groups.toSorted((a, b) => Math.abs(b.mean) - Math.abs(a.mean) || (a.predictor < b.predictor ? -1 : 1))[0];
}

/** The kernel's value of a predictor, where the predictor is one of `core/analysis/kernel-measures.ts`. */
export function predictorValue(row: KernelRow, predictor: string): number | null {
  const name = kernelMeasureNames.find((measure) => measure === predictor);
  return name === undefined ? null : (row[kernelMeasureColumn(name)] ?? null);
}
