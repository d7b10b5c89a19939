import { agreementOf } from '../../analysis/agreement.js';
import { mean } from '../../analysis/moments.js';
import type { Ledger } from '../../ledger/ledger.js';
import { SEMANTICS } from '../../plan/identity.js';
import { unitKey, type ModelOutline } from '../../plan/outline.js';
import { rangesOf, type UnitGroup } from '../../plan/stage.js';
import { randomStream } from '../../random.js';
import type { PreviewCheckRow } from '../../tables/schema.js';
import type { PredictedAblation, Predictions } from './predictions.js';

/** Conditions of a network that are run exactly, to see how far its preview can be relied on. */
export const CHECK_LESIONS = 24;

/** What a unit is taken to last when batches are cut: several, so that all slots have some. */
const SECONDS = 5;

/** Units of the network's first chunk: a seeded sample of all that is predicted. */
export function checkGroups(outline: ModelOutline, ablations: readonly PredictedAblation[], seed: number): UnitGroup[] {
  const { name } = outline.model;
  const total = ablations.reduce((sum, { length }) => sum + length, 0);
  const stream = randomStream(seed, 'preview checks', name);
  const chosen = new Set<number>();
  while (chosen.size < Math.min(CHECK_LESIONS, total)) chosen.add(stream.below(total));
  let before = 0;
  return ablations.flatMap(({ spec, length, indexAt }): UnitGroup[] => {
    const own = [...chosen].filter((at) => at >= before && at < before + length).map((at) => indexAt(at - before));
    before += length;
    if (own.length === 0) return [];
    const missing = rangesOf(own.sort((a, b) => a - b));
    return [{ kind: 'cells', model: name, name: spec.name, chunk: 0, missing, seconds: SECONDS }];
  });
}

/** How the sample's cells agree with what was predicted of them on the same images. */
export async function checkRow(
  ledger: Ledger,
  outline: ModelOutline,
  ablations: readonly PredictedAblation[],
  predictions: Predictions,
  { seed, confidence }: { readonly seed: number; readonly confidence: number },
): Promise<PreviewCheckRow> {
  const [chunk] = outline.chunks;
  const images = chunk?.images ?? 0;
  const asked = checkGroups(outline, ablations, seed).flatMap((group) =>
    group.missing.flatMap(([from, to]) =>
      Array.from({ length: to - from }, (_, i) => ({
        group,
        index: from + i,
        key: unitKey(outline, seed, group, from + i),
      })),
    ),
  );
  const scope = { ...outline.scope, chunk: chunk?.digest ?? '', images, semantics: SEMANTICS };
  const cells = await ledger.readCells(
    scope,
    asked.map(({ key }) => key),
  );
  const [predicted, measured]: [number[], number[]] = [[], []];
  for (const { group, index, key } of asked) {
    const cell = cells.get(key);
    const list = ablations.find(({ spec }) => spec.name === group.name)?.list;
    if (!cell || !list) continue;
    predicted.push(mean(predictions.kl(list.at(index).condition).subarray(0, images)) ?? Number.NaN);
    measured.push(mean(Float64Array.from(cell.kl)) ?? Number.NaN);
  }
  const { spearman, low, high, ratio } = agreementOf(predicted, measured, confidence);
  return {
    model: outline.model.name,
    predicted: ablations.reduce((sum, { length }) => sum + length, 0),
    lesions: measured.length,
    images,
    spearman,
    spearman_low: low,
    spearman_high: high,
    ratio,
  };
}
