import { kernelMeasure, kernelMeasureColumn, kernelMeasureNames } from '../../../analysis/kernel-measures.js';
import { predictDamage, type PredictedSite } from '../../../analysis/predictor.js';
import type { AnalysisSpec } from '../../../spec/study-spec.js';
import type { KernelRow, PredictorRow } from '../../../tables/schema.js';
import type { ModelResults } from '../../reading/model-results.js';
import { singleKernels } from './kernel.js';

/** Every predictor against KL of single kernels filled with zeros, within sites. */
export function predictorRows(
  results: ModelResults,
  kernels: readonly KernelRow[],
  analysis: AnalysisSpec,
  seed: number,
): PredictorRow[] {
  const singles = singleKernels(results);
  const sites = new Map<string, PredictedSite['kernels'][number][]>();
  for (const row of kernels) {
    const result = singles.get(row.layer)?.[row.channel];
    if (!result) continue;
    const list = sites.get(row.site) ?? [];
    sites.set(row.site, list);
    list.push({
      damage: result.kl,
      predictors: Object.fromEntries(kernelMeasureNames.map((name) => [name, row[kernelMeasureColumn(name)]])),
    });
  }
  if (sites.size === 0) return [];
  const measured = [...sites].map(([site, list]) => ({ site, kernels: list }));
  const known = kernelMeasureNames.filter((name) =>
    measured.some(({ kernels: list }) => list.some((kernel) => kernel.predictors[name] !== null)),
  );
  return predictDamage(measured, known, {
    seed,
    covariates: kernelMeasureNames.filter((name) => kernelMeasure(name).covariate),
    bootstrap: analysis.bootstrap,
    level: analysis.confidence,
  }).map((result) => ({
    model: results.outline.model.name,
    predictor: result.predictor,
    target: 'kl',
    sites: result.sites,
    kernels: result.kernels,
    spearman: result.spearman?.estimate ?? null,
    low: result.spearman?.low ?? null,
    high: result.spearman?.high ?? null,
    p: result.p,
    p_adjusted: result.pAdjusted,
    discovered: result.pAdjusted === null ? null : result.pAdjusted <= analysis.fdr,
    partial: result.partial,
    reliability: result.reliability,
    ceiling: result.ceiling,
  }));
}
