import { joinedFloats } from '../../joined.js';
import type { Ledger } from '../../ledger/ledger.js';
import type { Condition } from '../../plan/condition.js';
import { cellKey, printEdits, SEMANTICS } from '../../plan/identity.js';
import type { ModelOutline } from '../../plan/outline.js';
import { mergeCuts } from '../../plan/target.js';
import type { CellRow } from '../../ledger/cell-object.js';
import type { Provenance } from '../../probe/cell.js';
import type { ChunkBaseline } from '../../probe/chunk-baseline.js';
import { runLesionBatch } from '../../probe/lesion.js';
import type { MomentsSource } from '../../probe/substituting.js';
import { silent, type Progress } from '../../progress.js';
import { fills } from '../../spec/words/fills.js';
import type { Catalog } from '../catalog.js';
import type { Tapped } from '../running/tapped-networks.js';
import type { PruningFill, RankedKernel } from './kernel-choice.js';

/** Conditions that are committed together. */
const BATCH = 32;

export interface BesideContext {
  readonly ledger: Ledger;
  readonly catalog: Catalog;
  readonly outline: ModelOutline;
  readonly tapped: Tapped;
  readonly provenance: Provenance;
  readonly fill: PruningFill;
  readonly moments: MomentsSource;
  readonly progress?: Progress;
  readonly signal?: AbortSignal;
}

/**
 * What each of some kernels does when it is removed besides others: KL from the intact network, image by image. These are cells like any other: what is
 * stored is not run again, and what runs is stored.
 *
 * @param gone Kernels that are removed in every condition.
 * @returns For each candidate, KL on all images of the network's data, in their order.
 * @throws PercussError ENGINE_FAILED, or that of the signal.
 */
export async function damageBeside(
  context: BesideContext,
  gone: readonly RankedKernel[],
  candidates: readonly RankedKernel[],
): Promise<readonly Float32Array[]> {
  const { ledger, outline, progress = silent } = context;
  const conditions = candidates.map((candidate) => conditionOf(context, [...gone, candidate]));
  const parts: (readonly Float32Array[])[] = [];
  for (const [number, chunk] of outline.chunks.entries()) {
    const scope = { ...outline.scope, chunk: chunk.digest, images: chunk.images, semantics: SEMANTICS };
    const keyed = conditions.map((condition) => ({
      key: cellKey(outline.scope, chunk.digest, condition.edits),
      condition,
    }));
    const there = await ledger.committedKeys(scope);
    const missing = keyed.filter(({ key }) => !there.has(key));
    let baseline: ChunkBaseline | undefined;
    for (let from = 0; from < missing.length; from += BATCH) {
      baseline = await runAndCommit(context, number, missing.slice(from, from + BATCH), baseline);
      const done = keyed.length - missing.length + Math.min(missing.length, from + BATCH);
      progress({ phase: 'run', label: outline.model.name, done, total: keyed.length, unit: 'cells' });
    }
    const keys = keyed.map(({ key }) => key);
    const cells = await ledger.readCells(scope, keys);
    parts.push(keys.map((key) => cells.get(key)?.kl ?? new Float32Array(chunk.images).fill(Number.NaN)));
  }
  return candidates.map((_, i) => joinedFloats(parts.map((part) => part[i] as Float32Array)));
}

function conditionOf({ outline, fill }: BesideContext, kernels: readonly RankedKernel[]): Condition {
  const cuts = mergeCuts(
    outline.anatomy,
    kernels.map(({ site, channel }) => ({ site, channels: [channel] })),
  );
  return { edits: cuts.map((cut) => ({ ...cut, fill: fills[fill].of(outline.reference, 0) })) };
}

async function runAndCommit(
  { ledger, catalog, outline, tapped, provenance, moments, signal }: BesideContext,
  number: number,
  conditions: readonly { readonly key: CellRow['key']; readonly condition: Condition }[],
  known: ChunkBaseline | undefined,
): Promise<ChunkBaseline> {
  const chunk = outline.chunks[number] as ModelOutline['chunks'][number];
  const { images, labels } = await catalog.images(tapped.loaded, [chunk]);
  const ran: CellRow[] = [];
  const baseline = await runLesionBatch(
    {
      network: tapped.network,
      chunk: { digest: chunk.digest, images, labels },
      conditions,
      reference: tapped.reference,
      moments,
      output: outline.model.output,
      ...(known ? { baseline: known } : {}),
      ...(signal ? { signal } : {}),
    },
    {
      cell: (index, cell) => void ran.push({ ...cell, edits: printEdits(conditions[index]?.condition.edits ?? []) }),
    },
  );
  signal?.throwIfAborted();
  const scope = { ...outline.scope, chunk: chunk.digest, images: chunk.images, semantics: SEMANTICS };
  await ledger.commitCells(scope, ran, chunk.images, provenance);
  return baseline;
}
