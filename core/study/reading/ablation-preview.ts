import { waveOrder } from '../../data/waves.js';
import type { DigestSet } from '../../digest-set.js';
import type { Ledger } from '../../ledger/ledger.js';
import type { StoredResult } from '../../ledger/response-shelf.js';
import { SEMANTICS } from '../../plan/identity.js';
import { conditionList, trialNumber, unitKey, type ModelOutline, type PlannedAblation } from '../../plan/outline.js';
import { triedConditions } from '../../plan/trial.js';

/** What the conditions of an adaptive ablation are predicted to do, and what a few of them did. */
export interface AblationPreview {
  /** Predicted KL of each condition on all images, in the order of the waves. */
  readonly kl: readonly Float32Array[];
  /** On the images of the trial; empty where some of its cells are missing. */
  readonly tried: readonly { readonly predicted: Float32Array; readonly measured: Float32Array }[];
}

/**
 * Undefined where the ablation has no preview, or its predictions could not be made: then images alone count.
 * @param read takes note of the keys of what it rests on.
 */
export async function loadAblationPreview(
  ledger: Ledger,
  outline: ModelOutline,
  seed: number,
  { spec, predicted }: Pick<PlannedAblation, 'spec' | 'predicted'>,
  read?: DigestSet,
): Promise<AblationPreview | undefined> {
  if (!predicted) return undefined;
  const conditions = conditionList(outline, spec.name).length;
  const images = outline.chunks.reduce((sum, chunk) => sum + chunk.images, 0);
  const ordered = Array.from({ length: conditions }, () => new Float32Array(images));
  const scope = { ...outline.scope, semantics: SEMANTICS };
  const unit = { kind: 'predictions', model: outline.model.name, name: spec.name, chunk: -1 } as const;
  let before = 0;
  for (const [index, chunk] of outline.chunks.entries()) {
    const key = unitKey(outline, seed, unit, index);
    const check = (result: StoredResult): string | undefined => problemOf(result, conditions, chunk.images);
    const stored = await ledger.readResult(scope, key, { check });
    if (!stored) return undefined;
    const kl = stored.tensors.get('kl')?.data as Float32Array;
    ordered.forEach((row, i) => row.set(kl.subarray(i * chunk.images, (i + 1) * chunk.images), before));
    before += chunk.images;
    read?.add(key);
  }
  const tried = await readTrial(ledger, outline, seed, spec.name, ordered, read);
  const order = waveOrder(images, seed);
  return { tried, kl: ordered.map((row) => Float32Array.from(order, (place) => row[place] as number)) };
}

async function readTrial(
  ledger: Ledger,
  outline: ModelOutline,
  seed: number,
  name: string,
  predicted: readonly Float32Array[],
  read: DigestSet | undefined,
): Promise<AblationPreview['tried']> {
  const { trial } = outline;
  if (!trial) return [];
  const group = { kind: 'cells', model: outline.model.name, name, chunk: trialNumber(outline) } as const;
  const asked = triedConditions(predicted.length).map((index) => ({
    index,
    key: unitKey(outline, seed, group, index),
  }));
  const scope = { ...outline.scope, chunk: trial.digest, images: trial.images, semantics: SEMANTICS };
  const cells = await ledger.readCells(
    scope,
    asked.map(({ key }) => key),
  );
  if (asked.some(({ key }) => !cells.has(key))) return [];
  return asked.map(({ index, key }) => {
    read?.add(key);
    const own = predicted[index] as Float32Array;
    return { predicted: own.slice(0, trial.images), measured: cells.get(key)?.kl as Float32Array };
  });
}

function problemOf({ tensors }: StoredResult, conditions: number, images: number): string | undefined {
  const kl = tensors.get('kl');
  const fits = kl?.dtype === 'float32' && kl.shape.length === 2 && kl.shape[0] === conditions && kl.shape[1] === images;
  return fits ? undefined : `it does not hold predictions of ${conditions} conditions on ${images} images`;
}
