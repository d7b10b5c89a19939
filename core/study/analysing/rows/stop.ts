import type { StopRow } from '../../../tables/schema.js';
import type { AblationResult, ModelResults } from '../../reading/model-results.js';
import { clipped, verdictOf } from '../../planning/settle.js';
import { printRemoved } from './ablation.js';

/** One row a condition of an adaptive ablation, in its order; none of any other. */
export function stopRows(results: ModelResults, ablation: AblationResult): StopRow[] {
  const { stop, preview } = ablation;
  if (!stop) return [];
  const of = results.labels.length;
  const conditions = [...ablation.conditions];
  const measured = conditions.map(({ result }) => result);
  const { standings } = verdictOf(stop, measured, of, preview);
  return conditions.map(({ labelled }, index): StopRow => {
    const result = measured[index];
    const { place, low, high, mean } = standings[index] as (typeof standings)[number];
    const known = Number.isNaN(mean) ? undefined : result;
    return {
      model: results.outline.model.name,
      ablation: ablation.name,
      unit: ablation.unit,
      index,
      ...printRemoved(labelled),
      fill: labelled.fill,
      draw: labelled.draw ?? null,
      rule: 'top' in stop ? 'top' : 'precision',
      place,
      images: result?.kl.length ?? 0,
      of,
      kl: known ? mean : null,
      kl_low: known ? low : null,
      kl_high: known ? high : null,
      kl_predicted: preview ? clippedMean(preview.kl[index] as Float32Array, stop.clip) : null,
      clip: stop.clip,
      clipped: known ? clipped(known.kl, stop.clip).reduce((sum, value) => sum + (value === stop.clip ? 1 : 0), 0) : 0,
    };
  });
}

const clippedMean = (kl: Float32Array, bound: number): number =>
  clipped(kl, bound).reduce((sum, value) => sum + value, 0) / kl.length;
