import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Engine } from '../../engine/engine.js';
import { openEngine, type EngineOptions } from '../../engine/open.js';
import { PercussError } from '../../errors.js';
import type { Ledger } from '../../ledger/ledger.js';
import type { NumericMode } from '../../numeric-mode.js';
import type { Condition } from '../../plan/condition.js';
import { chunkOf, conditionList, impulseGroup, nullGroup, unitKey, type ModelOutline } from '../../plan/outline.js';
import { unitsOf, type Stage, type UnitGroup } from '../../plan/stage.js';
import { printEdits, SEMANTICS } from '../../plan/identity.js';
import type { Provenance } from '../../probe/cell.js';
import type { ChunkBaseline } from '../../probe/chunk-baseline.js';
import { runLesionBatch } from '../../probe/lesion.js';
import { responseMetadata, runResponseBatch } from '../../probe/response-batch.js';
import { nullMetadata, nullSignatures } from '../../probe/null-signatures.js';
import type { ChunkRef, StudyRef } from '../../spec/resolved-study.js';
import { Catalog } from '../catalog.js';
import { claimUnits, type Unit } from './claimed-units.js';
import { commitCells, type RanCell } from './commit-cells.js';
import { gradientResult } from './gradient-result.js';
import { checkIntactOutputs } from './intact-outputs.js';
import { loadOutlines, type StudyOutline } from '../reading/outlines.js';
import { profileTensors } from './profile-tensors.js';
import { predictedChunk } from './predicted-chunk.js';
import { remembered } from './remembered.js';
import { responseContext } from './response-context.js';
import { substitutionAt } from '../../plan/substitution.js';
import { optimumAt } from '../../plan/optimum.js';
import { StoredMoments } from './stored-moments.js';
import { StoredOptima } from './stored-optima.js';
import { TappedNetworks } from './tapped-networks.js';
import type { BatchOutcome, StagePlan, StepOptions } from '../steps.js';
import { percussVersion } from '../version.js';

/** How often a batch looks whether what others had in hand is there. */
const POLL_MS = 1_000;

/**
 * Computes batches of one study after another: opens the engine once, keeps networks, images and baselines between
 * batches. Lives in a compute process, or in the caller's own process when that is asked for.
 */
export class BatchRunner {
  readonly #ledger: Ledger;
  readonly #engineOptions: EngineOptions;
  readonly #catalog: Catalog;
  readonly #engines = new Map<string, Promise<Engine>>();
  readonly #stages = new Map<string, Promise<Stage>>();
  readonly #outlines = new Map<string, Promise<StudyOutline>>();
  readonly #tapped: TappedNetworks;
  readonly #moments: StoredMoments;
  readonly #optima: StoredOptima;
  readonly #baselines = new Map<string, ChunkBaseline>();
  /** Whose batches are where nobody says so. */
  readonly #ownRun = randomUUID();

  constructor(ledger: Ledger, options: EngineOptions = {}) {
    this.#ledger = ledger;
    this.#engineOptions = options;
    this.#catalog = new Catalog((digest) => ledger.getBlob(digest));
    this.#tapped = new TappedNetworks(this.#catalog, (mode) => this.#engine(mode));
    this.#moments = new StoredMoments(ledger, this.#tapped);
    this.#optima = new StoredOptima(ledger, this.#tapped);
  }

  /**
   * Computes and commits units [from, to) of a stage, but those that are stored by now, and those that another run has in hand: these
   * are waited for, as long as is asked for, once nothing else is left.
   */
  async run(plan: StagePlan, from: number, to: number, options: StepOptions = {}): Promise<BatchOutcome> {
    const started = performance.now();
    const stage = await this.#stage(plan);
    const tally = { computed: 0, noOp: 0, held: 0 };
    const { run = this.#ownRun, waitSeconds = 0, signal } = options;
    const until = started + 1000 * waitSeconds;
    let done = 0;
    let parts = unitsOf(stage, from, to);
    for (let round = 0; parts.length > 0; round++) {
      if (round > 0) await sleep(POLL_MS, undefined, { signal });
      const held: typeof parts = [];
      for (const part of parts) {
        const { group, indices } = part;
        const report = (units: number): void => options.onUnits?.(done + units);
        const outline = await this.#outline(plan, stage, group.model);
        const result = await this.#runGroup({ study: plan.study, outline, group, indices, report, signal, run });
        tally.computed += result.computed;
        tally.noOp += result.noOp;
        if (result.held > 0 && performance.now() < until) held.push(part);
        else tally.held += result.held;
        if (round === 0) done += indices.length;
        options.onUnits?.(done);
      }
      parts = held;
    }
    const { computed, noOp, held } = tally;
    const counts = { computed, noOp, reused: to - from - computed - held };
    return { ...counts, ...(held > 0 ? { held } : {}), seconds: (performance.now() - started) / 1000 };
  }

  async close(): Promise<void> {
    await this.#tapped.close();
    for (const engine of this.#engines.values()) await (await engine).close();
    this.#engines.clear();
  }

  #stage({ ref }: StagePlan): Promise<Stage> {
    return remembered(this.#stages, ref.key, 4, async () => (await this.#ledger.getRecord(ref)) as Stage);
  }

  /** One network of a study: a batch needs no other. Two studies may have equal stages, so the study is part of the name. */
  #outline({ study, ref }: StagePlan, stage: Stage, model: string): Promise<StudyOutline> {
    const name = `${study.id} ${JSON.stringify(study.mode)} ${ref.key} ${model}`;
    return remembered(this.#outlines, name, 4, () => loadOutlines(this.#ledger, this.#catalog, study, stage, [model]));
  }

  #engine(mode: NumericMode): Promise<Engine> {
    return remembered(this.#engines, JSON.stringify(mode), 4, () => openEngine(mode, this.#engineOptions));
  }

  async #runGroup(part: BatchPart): Promise<Required<Pick<BatchOutcome, 'computed' | 'held' | 'noOp'>>> {
    const { study, outline, group, indices, report, signal, run } = part;
    const model = outline.models.find((candidate) => candidate.model.name === group.model);
    if (!model) throw new PercussError('BUG', `the stage asks for network ${group.model}, which is not in the study`);
    const { seed } = outline.study;
    const units = indices.map((index) => ({ index, key: unitKey(model, seed, group, index) }));
    const { missing, stored, held, claim } = await claimUnits(this.#ledger, model, group, units, run);
    try {
      if (missing.length === 0) return { computed: 0, held, noOp: 0 };
      report(stored);
      const told = (done: number): void => report(stored + done);
      const noOp = await this.#compute({ study, model, seed, group, missing, report: told, signal });
      return { computed: missing.length, held, noOp };
    } finally {
      await claim.release();
    }
  }

  /** Computes and commits what is missing of a group; how many cells changed nothing. */
  #compute(context: GroupContext): Promise<number> {
    const { model, group } = context;
    switch (group.kind) {
      case 'baseline':
        return this.#runCells(context, () => ({ edits: [] }));
      case 'cells':
        return this.#runCells(context, (index) => conditionList(model, group.name).at(index).condition);
      case 'profile':
        return this.#runResults(context, () => this.#profile(context));
      case 'moments':
        return this.#runMoments(context);
      case 'optima':
        return this.#runResults(context, ({ index }) =>
          this.#optima.found(model, optimumAt(model, index), context.signal),
        );
      case 'gradients':
        return this.#runResults(context, () => this.#gradients(context));
      case 'predictions':
        return this.#runResults(context, (unit) => this.#predictions(context, unit));
      case 'responses':
        return this.#runResults(context, (unit) => this.#response(context, unit));
      case 'nulls':
        return this.#runResults(context, (unit) => this.#nullResponse(context, unit));
    }
  }

  async #runCells(
    { model, group, missing, report, signal }: GroupContext,
    conditionAt: (index: number) => Condition,
  ): Promise<number> {
    const tapped = await this.#tapped.open(model, 'intact', 0);
    const chunk = chunkOf(model, group.chunk);
    const { images, labels } = await this.#catalog.images(tapped.loaded, [chunk]);
    const ran: RanCell[] = [];
    const conditions = missing.map(({ key, index }) => ({ key, condition: conditionAt(index) }));
    const known = `${model.scope.model} ${chunk.digest}`;
    const before = this.#baselines.get(known);
    const baseline = await runLesionBatch(
      {
        network: tapped.network,
        chunk: { digest: chunk.digest, images, labels },
        conditions,
        reference: tapped.reference,
        moments: (substitution) => this.#moments.of(model, substitution, this.#provenance(model)),
        optima: (optimum) => this.#optima.of(model, optimum, this.#provenance(model)),
        output: model.model.output,
        ...(before ? { baseline: before } : {}),
        ...(signal ? { signal } : {}),
        onDone: report,
      },
      {
        cell: (index, cell, outputs) => {
          const edits = printEdits(conditions[index]?.condition.edits ?? []);
          ran.push({ cell: { ...cell, edits }, outputs });
        },
      },
    );
    if (group.kind === 'baseline') {
      const { name, output } = model.model;
      checkIntactOutputs({
        model: name,
        outputs: baseline.outputs,
        classes: tapped.network.classes,
        kind: output.kind,
      });
    }
    if (this.#baselines.size > 64) this.#baselines.clear();
    this.#baselines.set(known, baseline);
    signal?.throwIfAborted();
    await commitCells(this.#ledger, { outline: model, group, chunk }, ran, baseline, await this.#provenance(model));
    return ran.filter(({ cell }) => cell.state === 'no-op').length;
  }

  async #runResults({ model, missing, report }: GroupContext, make: (unit: Unit) => Promise<Result>): Promise<number> {
    const scope = { ...model.scope, semantics: SEMANTICS };
    for (const [done, unit] of missing.entries()) {
      const { tensors, metadata } = await make(unit);
      await this.#ledger.commitResult(scope, unit.key, tensors, metadata, await this.#provenance(model));
      report(done + 1);
    }
    return 0;
  }

  /** All that a batch asks for, on as few walks as fit. */
  async #runMoments({ model, missing, report }: GroupContext): Promise<number> {
    const asked = missing.map(({ index }) => substitutionAt(model, index));
    await this.#moments.gather(model, asked, this.#provenance(model), report);
    return 0;
  }

  async #profile({ model, seed }: GroupContext): Promise<Result> {
    const { network, reference } = await this.#tapped.open(model, 'intact', seed);
    return {
      tensors: await profileTensors(network, reference, model.model.output),
      metadata: { kind: 'profile' },
    };
  }

  async #gradients({ model, seed, signal }: GroupContext): Promise<Result> {
    const tapped = await this.#tapped.open(model, 'intact', seed);
    const moments = this.#moments.asked(model, this.#provenance(model));
    return gradientResult(model, tapped, this.#catalog, { seed, moments, ...(signal ? { signal } : {}) });
  }

  /** What the conditions of an adaptive ablation would do to the images of one chunk. */
  async #predictions({ model, seed, group, signal }: GroupContext, { index }: Unit): Promise<Result> {
    const tapped = await this.#tapped.open(model, 'intact', 0);
    const moments = this.#moments.asked(model, this.#provenance(model));
    const options = { seed, ...(signal ? { signal } : {}) };
    const chunk = model.chunks[index] as ChunkRef;
    const tensors = await predictedChunk(model, group.name, chunk, tapped, this.#catalog, moments, options);
    return { tensors, metadata: { kind: 'predictions' } };
  }

  async #response({ model, seed, group, signal }: GroupContext, { key, index }: Unit): Promise<Result> {
    const impulses = impulseGroup(model, group.name, index);
    const tapped = await this.#tapped.open(model, 'intact', seed);
    const result = await runResponseBatch(tapped.network, impulses, responseContext(model, tapped, signal));
    return { tensors: result.tensors, metadata: responseMetadata(impulses, result, key) };
  }

  async #nullResponse({ model, seed, group, signal }: GroupContext, { key, index }: Unit): Promise<Result> {
    const asked = nullGroup(model, group.name, index);
    const tapped = await this.#tapped.open(model, asked.variant, seed);
    const result = await nullSignatures(tapped.network, asked, responseContext(model, tapped, signal));
    return { tensors: result.tensors, metadata: nullMetadata(asked, result, key) };
  }

  async #provenance(model: ModelOutline): Promise<Provenance> {
    return { ...(await this.#engine(model.scope.mode)).provenance, percuss: percussVersion };
  }
}

/** What is committed for a unit whose result is no cell. */
interface Result {
  readonly tensors: Parameters<Ledger['commitResult']>[2];
  readonly metadata: Parameters<Ledger['commitResult']>[3];
}

/** Units of a batch that belong to one group. */
interface BatchPart {
  readonly study: StudyRef;
  readonly outline: StudyOutline;
  readonly group: UnitGroup;
  readonly indices: readonly number[];
  readonly report: (done: number) => void;
  readonly signal: AbortSignal | undefined;
  readonly run: string;
}

/** What is missing of a group, for whoever computes and commits it. */
export interface GroupContext {
  readonly study: StudyRef;
  readonly model: ModelOutline;
  readonly seed: number;
  readonly group: UnitGroup;
  readonly missing: readonly Unit[];
  readonly report: (done: number) => void;
  readonly signal: AbortSignal | undefined;
}
