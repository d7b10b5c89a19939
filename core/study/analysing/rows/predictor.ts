import {
  kernelMeasure,
  kernelMeasureColumn,
  kernelMeasureNames,
  type KernelMeasureName,
} from '../../../analysis/kernel-measures.js';
import { judgePredictions } from '../../../analysis/leading.js';
import { predictDamage, type PredictedKernel, type Prediction } from '../../../analysis/predictor.js';
import { hypothesesOf } from '../../../analysis/hypothesis.js';
import type { AnalysisSpec } from '../../../spec/study-spec.js';
import type { KernelRow, PredictorRow } from '../../../tables/schema.js';
import type { ModelResults } from '../../reading/model-results.js';
import { kernelDamages } from './kernel-damage.js';

/** One hypothesis about the kernels of one network, tested with every predictor. */
export interface PredictedFamily {
  readonly model: string;
  readonly target: string;
  readonly fill: string;
  readonly predictions: readonly Prediction[];
}

/** Every predictor against every hypothesis that the fills of a network allow, within sites. */
export function predictedFamilies(
  results: ModelResults,
  kernels: readonly KernelRow[],
  analysis: AnalysisSpec,
  seed: number,
): PredictedFamily[] {
  const damages = kernelDamages(results);
  return hypothesesOf([...damages.keys()]).flatMap((hypothesis): PredictedFamily[] => {
    const { target, fill, against } = hypothesis;
    const valueOf = (name: KernelMeasureName, row: KernelRow): number | null => {
      const { under } = kernelMeasure(name);
      if (!under) return row[kernelMeasureColumn(name)];
      return finite(under(results.gradients?.of(row.site, row.channel), hypothesis));
    };
    const sites = new Map<string, PredictedKernel[]>();
    for (const row of kernels) {
      const damage = damages.get(fill)?.get(row.layer)?.[row.channel];
      const reference = against === undefined ? undefined : damages.get(against)?.get(row.layer)?.[row.channel];
      if (!damage || (against !== undefined && !reference)) continue;
      const list = sites.get(row.site) ?? [];
      sites.set(row.site, list);
      list.push({
        damage,
        ...(reference && { reference }),
        predictors: Object.fromEntries(kernelMeasureNames.map((name) => [name, valueOf(name, row)])),
      });
    }
    if (sites.size === 0) return [];
    const measured = [...sites].map(([site, list]) => ({ site, kernels: list }));
    const known = kernelMeasureNames.filter((name) =>
      measured.some(({ kernels: list }) => list.some((kernel) => kernel.predictors[name] !== null)),
    );
    const predictions = predictDamage(measured, known, {
      seed,
      covariates: kernelMeasureNames.filter((name) => kernelMeasure(name).covariate),
      bootstrap: analysis.bootstrap,
    });
    return [{ model: results.outline.model.name, target, fill, predictions }];
  });
}

const finite = (value: number | null | undefined): number | null =>
  value !== null && value !== undefined && Number.isFinite(value) ? value : null;

/** The rows of all networks of a study, judged together. */
export function predictorRows(families: readonly PredictedFamily[], analysis: AnalysisSpec): PredictorRow[] {
  const judged = judgePredictions(
    families.map(({ predictions }) => predictions),
    analysis.confidence,
  );
  return families.flatMap(({ model, target, fill }, f) =>
    judged[f]!.map(({ prediction, interval, pAdjusted, lead }) => ({
      model,
      predictor: prediction.predictor,
      target,
      fill,
      sites: prediction.sites,
      kernels: prediction.kernels,
      spearman: prediction.correlation === null ? null : Math.tanh(prediction.correlation.estimate),
      low: interval?.low ?? null,
      high: interval?.high ?? null,
      p: prediction.p,
      p_adjusted: pAdjusted,
      discovered: pAdjusted === null ? null : pAdjusted <= analysis.fdr,
      between_sites: prediction.between,
      lead: lead?.estimate ?? null,
      lead_low: lead?.low ?? null,
      lead_high: lead?.high ?? null,
      partial: prediction.partial,
      reliability: prediction.reliability,
      ceiling: prediction.ceiling,
    })),
  );
}
