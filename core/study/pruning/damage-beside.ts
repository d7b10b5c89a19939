import { canonicalJson, type Json } from '../../canonical.js';
import { sha256 } from '../../digest.js';
import { joinedFloats } from '../../joined.js';
import type { CellRow } from '../../ledger/cell-object.js';
import type { Ledger } from '../../ledger/ledger.js';
import type { CellKey, Condition } from '../../plan/condition.js';
import { cellKey, printEdits, SEMANTICS, type Scope } from '../../plan/identity.js';
import type { ModelOutline } from '../../plan/outline.js';
import { mergeCuts } from '../../plan/target.js';
import type { Provenance } from '../../probe/cell.js';
import type { ChunkBaseline } from '../../probe/chunk-baseline.js';
import { runLesionBatch } from '../../probe/lesion.js';
import { imageMetrics } from '../../probe/metrics.js';
import { logProbabilities } from '../../probe/output-reading.js';
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
 * What each of some kernels does to the network that others were taken out of: KL from the network without these, image by image. These are cells of
 * a network of its own, named by what is gone: what is stored is not run again, and what runs is stored.
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
  const before = conditionOf(context, gone);
  const own: Scope = { ...outline.scope, model: withoutModel(outline, before) };
  const conditions = candidates.map((candidate) => conditionOf(context, [...gone, candidate]));
  const parts: (readonly Float32Array[])[] = [];
  for (const [number, chunk] of outline.chunks.entries()) {
    const scope = { ...own, chunk: chunk.digest, images: chunk.images, semantics: SEMANTICS };
    const keyed = conditions.map((condition) => ({ key: cellKey(own, chunk.digest, condition.edits), condition }));
    const there = await ledger.committedKeys(scope);
    const missing = keyed.filter(({ key }) => !there.has(key));
    const run = new BesideRun(context, number, before);
    for (let from = 0; from < missing.length; from += BATCH) {
      const ran = await run.cells(missing.slice(from, from + BATCH));
      await ledger.commitCells(scope, ran, chunk.images, context.provenance);
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

/** The network without what is gone, as the model of its cells: their damage is damage to it. */
function withoutModel({ scope }: ModelOutline, { edits }: Condition): string {
  return sha256(canonicalJson({ model: scope.model, without: edits as unknown as Json }));
}

/** Conditions on one chunk, measured against one of them. */
class BesideRun {
  readonly #context: BesideContext;
  readonly #chunk: ModelOutline['chunks'][number];
  readonly #before: Condition;
  #baseline: ChunkBaseline | undefined;
  #log: Float64Array | undefined;

  constructor(context: BesideContext, chunk: number, before: Condition) {
    this.#context = context;
    this.#chunk = context.outline.chunks[chunk] as ModelOutline['chunks'][number];
    this.#before = before;
  }

  async cells(
    conditions: readonly { readonly key: CellKey; readonly condition: Condition }[],
  ): Promise<readonly CellRow[]> {
    const { catalog, outline, tapped, moments, signal } = this.#context;
    const { kind, classOffset } = outline.model.output;
    const { classes } = tapped.network;
    const { images, labels } = await catalog.images(tapped.loaded, [this.#chunk]);
    const asked = this.#log === undefined ? [{ key: 'before', condition: this.#before }, ...conditions] : conditions;
    const ran: CellRow[] = [];
    this.#baseline = await runLesionBatch(
      {
        network: tapped.network,
        chunk: { digest: this.#chunk.digest, images, labels },
        conditions: asked,
        reference: tapped.reference,
        moments,
        output: { kind, classOffset },
        ...(this.#baseline ? { baseline: this.#baseline } : {}),
        ...(signal ? { signal } : {}),
      },
      {
        cell: (index, cell, outputs) => {
          if (this.#log === undefined) {
            this.#log = logProbabilities(outputs, classes, kind);
            return;
          }
          const metrics = imageMetrics(outputs, { classes, classOffset, kind, labels, baseline: this.#log });
          ran.push({ ...cell, ...metrics, edits: printEdits(asked[index]?.condition.edits ?? []) });
        },
      },
    );
    signal?.throwIfAborted();
    return ran;
  }
}
