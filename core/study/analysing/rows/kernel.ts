import { damageOf } from '../../../analysis/damage.js';
import {
  kernelMeasure,
  kernelMeasureColumn,
  kernelMeasureNames,
  type KernelFacts,
  type KernelMeasureColumn,
  type ResponseNorms,
} from '../../../analysis/kernel-measures.js';
import { kernelWeights } from '../../../anatomy/kernel-weights.js';
import type { Layer } from '../../../anatomy/site.js';
import type { KernelRow } from '../../../tables/schema.js';
import { comparedFill, estimands, removesAs } from '../../../spec/words/estimands.js';
import { baselineOf } from './baseline.js';
import { replaceabilityOf, toldKernels } from './replaceability.js';
import { isSound, type ConditionResult, type ModelResults } from '../../reading/model-results.js';
import type { R2Bracket } from '../../../analysis/ridge.js';
import { r2Columns, type Explained } from './redundancy.js';

/**
 * Leave-one-out results of single kernels, filled with zeros, by layer and channel.
 *
 * @param which `whole`: on all images, as whoever compares kernels image by image needs them; `any`: where there is no
 *   such result, one that was stopped earlier.
 */
export function singleKernels(
  results: ModelResults,
  which: 'whole' | 'any' = 'whole',
): ReadonlyMap<string, readonly (ConditionResult | undefined)[]> {
  const byLayer = new Map<string, (ConditionResult | undefined)[]>();
  for (const ablation of results.ablations) {
    if (!removesAs(ablation, estimands.kernel)) continue;
    if (ablation.stop && which === 'whole') continue;
    for (const { labelled, result } of ablation.conditions) {
      const target = labelled.targets[0];
      if (labelled.fill !== comparedFill || target?.channel === undefined) continue;
      const layer = byLayer.get(target.group) ?? [];
      const known = layer[target.channel];
      const sound = isSound(result) ? result : undefined;
      layer[target.channel] = ablation.stop && known && !known.images ? known : (sound ?? known);
      byLayer.set(target.group, layer);
    }
  }
  return byLayer;
}

/**
 * Norms of the responses of the intact network to impulses on images, by site and channel, over all groups of impulses that
 * have both signs; undefined without any.
 */
export function kernelResponses(results: ModelResults): ReadonlyMap<string, readonly ResponseNorms[]> | undefined {
  const groups = results.responses
    .flatMap(({ groups: list }) => list)
    .filter(({ group }) => group.at === 'input' && typeof group.base !== 'string');
  if (groups.length === 0) return undefined;
  const found = new Map<string, readonly ResponseNorms[]>();
  for (const site of results.outline.anatomy.sites) {
    const column = (name: string, channel: number): number[] =>
      groups.flatMap(({ tensors }) => {
        const tensor = tensors.get(`${name}/${site.name}`);
        if (!tensor) return [];
        const [rows, channels] = tensor.shape as [number, number];
        return Array.from({ length: rows }, (_, row) => Number(tensor.data[row * channels + channel]));
      });
    if (column('norm', 0).length === 0) continue;
    found.set(
      site.name,
      Array.from({ length: site.channels }, (_, channel) => ({
        norm: column('norm', channel),
        odd: column('odd', channel),
        even: column('even', channel),
      })),
    );
  }
  return found;
}

/** What is not finite is not known. */
const known = (value: number | null | undefined): number | null =>
  value !== null && value !== undefined && Number.isFinite(value) ? value : null;

/** Every measure of a kernel, by column. */
function measuresOf(facts: KernelFacts): { [C in KernelMeasureColumn]: number | null } {
  return Object.fromEntries(
    kernelMeasureNames.map((name) => [kernelMeasureColumn(name), known(kernelMeasure(name).of(facts))]),
  ) as { [C in KernelMeasureColumn]: number | null };
}

/** One row a kernel, by layer in topological order. */
export function kernelRows(
  results: ModelResults,
  explained: Explained | undefined,
  responses: ReturnType<typeof kernelResponses>,
  confidence: number,
): KernelRow[] {
  const { anatomy, model } = results.outline;
  const sites = new Map(anatomy.sites.map((site) => [site.name, site]));
  const singles = singleKernels(results, 'any');
  const told = toldKernels(results);
  const weights = kernelWeights(results.graph, anatomy);
  return anatomy.layers.flatMap((layer: Layer) => {
    const site = sites.get(layer.site);
    const profile = results.profile?.get(layer.site);
    const r2 = (which: 'intact' | 'null', reach: 'same' | 'far', channel: number): R2Bracket | null =>
      explained?.[which]?.get(layer.site)?.[reach][channel] ?? null;
    return Array.from({ length: layer.kernels }, (_, channel): KernelRow => {
      const result = singles.get(layer.name)?.[channel];
      const damage = result ? damageOf(baselineOf(results, result), result, confidence) : null;
      const activation = profile && { mean: profile.mean[channel] as number, std: profile.std[channel] as number };
      const measures = measuresOf({
        weights: weights.get(layer.name)?.[channel],
        activation,
        responses: responses?.get(layer.site)?.[channel],
        explained: { same: r2('intact', 'same', channel), far: r2('intact', 'far', channel) },
        gradients: results.gradients?.of(layer.site, channel),
      });
      const norm = measures.response_norm;
      return {
        model: model.name,
        layer: layer.name,
        site: layer.site,
        channel,
        type: site?.type ?? 'signed',
        normalised_depth: site?.normalisedDepth ?? 0,
        images: damage?.images ?? null,
        kl: damage?.kl?.estimate ?? null,
        kl_low: damage?.kl?.low ?? null,
        kl_high: damage?.kl?.high ?? null,
        delta_loss: damage?.deltaLoss?.estimate ?? null,
        flips: damage ? damage.flips / damage.images : null,
        non_finite: damage?.nonFinite ?? null,
        state: result?.state ?? 'missing',
        ...measures,
        silent: norm === null ? null : norm === 0,
        ...r2Columns('same', r2('intact', 'same', channel)),
        ...r2Columns('far', r2('intact', 'far', channel)),
        r2_same_null: r2('null', 'same', channel)?.low ?? null,
        r2_far_null: r2('null', 'far', channel)?.low ?? null,
        ...replaceabilityOf(told, [{ layer: layer.name, channel }], confidence),
      };
    });
  });
}
