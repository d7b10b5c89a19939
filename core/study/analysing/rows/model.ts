import { correctness, robustnessArea, type CurveInput } from '../../../analysis/curve.js';
import { countCorrect, damageOf, isWhole } from '../../../analysis/damage.js';
import { mean } from '../../../analysis/moments.js';
import { clopperPearson } from '../../../analysis/interval.js';
import { splitHalfReliability } from '../../../analysis/reliability.js';
import { layerSensitivity } from '../../../analysis/sensitivity.js';
import { architectureOf } from '../../../training-name.js';
import type { AnalysisSpec } from '../../../spec/study-spec.js';
import type { KernelRow, LayerRow, ModelRow } from '../../../tables/schema.js';
import { comparedFill, estimands, removesAs } from '../../../spec/words/estimands.js';
import { isSound, type ConditionResult, type ModelResults } from '../../reading/model-results.js';
import { baselineOf } from './baseline.js';
import { curveGroups } from './ablation.js';
import { repairColumns } from './compensation.js';
import { singleKernels } from './kernel.js';
import { replaceabilityOf, toldKernels } from './replaceability.js';
import { meanR2, r2Columns, systemicColumns, type Explained, type Systemic } from './redundancy.js';

/** Leave-one-layer-out results, filled with zeros, by layer. */
function wholeLayers(results: ModelResults): ReadonlyMap<string, ConditionResult> {
  const found = new Map<string, ConditionResult>();
  for (const ablation of results.ablations) {
    // Layers are compared on the same images.
    if (!removesAs(ablation, estimands.layer) || ablation.stop) continue;
    for (const { labelled, result } of ablation.conditions) {
      const group = labelled.targets[0]?.group;
      if (group !== undefined && labelled.fill === comparedFill && isSound(result)) found.set(group, result);
    }
  }
  return found;
}

/** One row a layer, in topological order. */
export function layerRows(
  results: ModelResults,
  kernels: readonly KernelRow[],
  explained: Explained | undefined,
  analysis: AnalysisSpec,
): LayerRow[] {
  const { anatomy, model } = results.outline;
  const sites = new Map(anatomy.sites.map((site) => [site.name, site]));
  const singles = singleKernels(results);
  const whole = wholeLayers(results);
  const told = toldKernels(results);
  return anatomy.layers.map((layer): LayerRow => {
    const site = sites.get(layer.site);
    const rows = kernels.filter((kernel) => kernel.layer === layer.name);
    const single = (singles.get(layer.name) ?? []).filter((result) => result !== undefined);
    const sensitivity =
      single.length > 0
        ? layerSensitivity([{ layer: layer.name, kl: single.map((result) => result.kl) }], analysis.confidence)[0]
        : undefined;
    const removed = whole.get(layer.name);
    const damage = removed ? damageOf(baselineOf(results, removed), removed, analysis.confidence) : null;
    const linearities = rows.flatMap((row) => (row.linearity === null ? [] : [row.linearity]));
    return {
      model: model.name,
      layer: layer.name,
      site: layer.site,
      depth: site?.depth ?? 0,
      normalised_depth: site?.normalisedDepth ?? 0,
      type: site?.type ?? 'signed',
      kernels: layer.kernels,
      parameters: layer.parameters,
      macs: layer.macs,
      stride: site?.stride[0] ?? 1,
      receptive_field: site?.receptiveField[0] ?? 1,
      whole_image: site?.wholeImage ?? false,
      kernel_kl: sensitivity?.kl?.estimate ?? null,
      kernel_kl_low: sensitivity?.kl?.low ?? null,
      kernel_kl_high: sensitivity?.kl?.high ?? null,
      layer_kl: damage?.kl?.estimate ?? null,
      layer_accuracy: damage?.accuracy.estimate ?? null,
      dead_kernels: single.length > 0 ? single.filter((result) => result.state === 'no-op').length : null,
      linearity: mean(linearities),
      ...r2Columns('same', meanR2(explained?.intact, 'same', layer.site)),
      ...r2Columns('far', meanR2(explained?.intact, 'far', layer.site)),
      ...replaceabilityOf(told, rows, analysis.confidence),
    };
  });
}

/** The points that the robustness area is read from: kernels at random over all depths, zeros. */
export function robustnessInputs(results: ModelResults): readonly CurveInput[] | undefined {
  for (const ablation of results.ablations) {
    if (!removesAs(ablation, estimands.network)) continue;
    const group = curveGroups(results, ablation).find(
      ({ spread, fill }) => spread === estimands.network.spread && fill === comparedFill,
    );
    if (group) return group.inputs;
  }
  return undefined;
}

function robustness(results: ModelResults, analysis: AnalysisSpec): ReturnType<typeof robustnessArea> {
  const inputs = robustnessInputs(results);
  const intact = correctness(results.baseline.predicted, results.labels);
  return inputs ? robustnessArea(intact, inputs, analysis.confidence) : null;
}

/** The row of one network in the table across networks. */
export function modelRow(
  results: ModelResults,
  kernels: readonly KernelRow[],
  explained: Explained | undefined,
  systemic: Systemic | undefined,
  analysis: AnalysisSpec,
  seed: number,
): ModelRow {
  const { model, anatomy } = results.outline;
  const images = results.labels.length;
  const correct = countCorrect(results.baseline.predicted, results.labels);
  const accuracy = clopperPearson(correct, images, analysis.confidence);
  const area = robustness(results, analysis);
  const singles = [...singleKernels(results).values()].flat().filter((result) => result !== undefined);
  // A ranking is by means over the same images.
  const ranked = singles.filter((result) => isWhole(result.kl));
  const silent = kernels.filter((row) => row.silent !== null);
  return {
    model: model.name,
    architecture: architectureOf(model.name),
    format: model.format,
    parameters: results.parameters,
    macs: results.macs,
    layers: anatomy.layers.length,
    kernels: anatomy.layers.reduce((sum, layer) => sum + layer.kernels, 0),
    images,
    accuracy: correct / images,
    accuracy_low: accuracy?.low ?? 0,
    accuracy_high: accuracy?.high ?? 1,
    accuracy_expected: model.expect?.accuracy ?? null,
    robustness_area: area?.estimate ?? null,
    robustness_low: area?.low ?? null,
    robustness_high: area?.high ?? null,
    ...repairColumns(results, analysis.confidence),
    ...systemicColumns(systemic),
    ...r2Columns('same', meanR2(explained?.intact, 'same')),
    r2_same_null: meanR2(explained?.null, 'same')?.low ?? null,
    ...r2Columns('far', meanR2(explained?.intact, 'far')),
    r2_far_null: meanR2(explained?.null, 'far')?.low ?? null,
    reliability_kl: ranked.length > 3 ? splitHalfReliability([ranked.map((result) => result.kl)], { seed }) : null,
    dead_kernels: singles.length > 0 ? singles.filter((result) => result.state === 'no-op').length : null,
    silent_kernels: silent.length > 0 ? silent.filter((row) => row.silent).length : null,
    ...replaceabilityOf(toldKernels(results), kernels, analysis.confidence),
  };
}
