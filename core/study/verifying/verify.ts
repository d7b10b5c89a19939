import type { Digest } from '../../digest.js';
import { PercussError } from '../../errors.js';
import type { Ledger } from '../../ledger/ledger.js';
import { printNumericMode, type NumericMode } from '../../numeric-mode.js';
import { waveOrder } from '../../data/waves.js';
import { usualCost, type CostModel } from '../../plan/cost.js';
import { SEMANTICS } from '../../plan/identity.js';
import { chunkOf, chunksOf, conditionList, type ModelOutline, trialNumber, unitKey } from '../../plan/outline.js';
import { lengthOf, storedAs, type Stage } from '../../plan/stage.js';
import { missingOf, stageGroups, unitIndices, type StageContext, type WholeGroup } from '../../plan/planner.js';
import type { Cell } from '../../probe/cell.js';
import { silent, type Progress } from '../../progress.js';
import { randomStream } from '../../random.js';
import type { StudyRef } from '../../spec/resolved-study.js';
import type { Catalog } from '../catalog.js';
import { adoptedScores } from '../planning/decisions.js';
import { Disagreement, type DisagreementReport } from './disagreement.js';
import { loadOutlines } from '../reading/outlines.js';
import { stageSeconds } from '../planning/plan-report.js';
import { publishStage } from '../planning/plan-stage.js';
import { runStage } from '../running/run-stage.js';
import type { StudySteps } from '../steps.js';
import { adoptedWaves, withWaves } from '../planning/waves.js';
import { workloadOf } from '../planning/workload.js';

export interface VerifyOptions {
  /** On what the sample is computed again. */
  readonly mode: NumericMode;
  /** Share of the stored cells, above 0 and at most 1. A larger share keeps the cells of a smaller one. */
  readonly sample: number;
  /** Largest |Δloss| and |ΔKL| that counts as agreement, relative to the larger of 1 and the stored number. */
  readonly tolerance: number;
  /** Batches at a time. */
  readonly window: number;
  readonly progress?: Progress;
  readonly signal?: AbortSignal;
  /** What this machine was measured to do on the mode; the usual unless given. */
  readonly cost?: CostModel;
  /** Told once, before anything is computed. */
  readonly onPlanned?: (prediction: VerifyPrediction) => void;
}

/** What a comparison is about to take. */
export interface VerifyPrediction {
  /** Cells that are stored, those of the sample, and those of them that must be computed again. */
  readonly stored: number;
  readonly sampled: number;
  readonly missing: number;
  /** From now on `window` processes; 0 where nothing is missing. */
  readonly seconds: number;
}

/** What came of it. */
export interface Verification extends DisagreementReport {
  readonly study: Digest;
  readonly stored: NumericMode;
  readonly again: NumericMode;
  /** Cells that are stored, those of the sample, and those of them that could not be computed again. */
  readonly cells: { readonly stored: number; readonly sampled: number; readonly failed: number };
}

/** A study that is stored, as it is computed. @throws PercussError NOT_FOUND if it was never fully stored. */
export async function storedStudy(ledger: Ledger, id: Digest): Promise<StudyRef> {
  const mode = await ledger.getDecision<NumericMode>(id, 'mode');
  if (!mode) throw new PercussError('NOT_FOUND', `study ${id.slice(0, 12)} was never stored whole: run it again`);
  return { id, study: ledger.studyRef(id), mode, batchSeconds: 10 };
}

interface Sampled {
  readonly group: WholeGroup;
  readonly index: number;
  readonly own: Digest;
  readonly other: Digest;
}

/**
 * Computes a seeded sample of a study's cells again, on another engine or device, and compares. Cells of another mode have
 * other keys: they are stored as that mode's, so that a second look computes nothing, and the study never reads them.
 *
 * @throws PercussError USAGE where the study was computed on that mode; NOT_FOUND where nothing is stored.
 */
export async function verifyStudy(
  ledger: Ledger,
  catalog: Catalog,
  steps: StudySteps,
  ref: StudyRef,
  options: VerifyOptions,
): Promise<Verification> {
  const { mode } = options;
  if (printNumericMode(mode) === printNumericMode(ref.mode)) {
    throw new PercussError(
      'USAGE',
      `the study was computed on ${printNumericMode(mode)}: name another to compare with`,
    );
  }
  const scores = await adoptedScores(ledger, ref);
  const { study, models } = await loadOutlines(ledger, catalog, ref, { scores });
  const again = await loadOutlines(ledger, catalog, { ...ref, mode }, { scores });
  // What the waves of the stored mode asked for is compared, not what those of the other would have.
  const { waves } = await adoptedWaves(ledger, ref, models);
  const others = withWaves(again.models, study, waves);
  const pairs = withWaves(models, study, waves).map((own, i) => ({ own, other: others[i] as ModelOutline }));

  const { sample, stored } = await drawSample(ledger, study.seed, pairs, options.sample);
  if (sample.length === 0) throw new PercussError('NOT_FOUND', `no cell of ${study.study} is stored: run it first`);
  const wanted = new Set(sample.map(({ other }) => other));
  const workloads = new Map<ModelOutline, ReturnType<typeof workloadOf>>();
  for (const { other } of pairs) {
    const { graph, anatomy } = await catalog.model(other.model);
    workloads.set(other, workloadOf(graph, anatomy));
  }
  const cost = options.cost ?? usualCost(mode);
  const context: StageContext = {
    seed: study.seed,
    // All that is not in the sample counts as there.
    committed: {
      cells: async (outline, chunk) => {
        const there = await ledger.committedKeys({ ...outline.scope, chunk, semantics: SEMANTICS });
        return { has: (key: Digest) => there.has(key) || !wanted.has(key) };
      },
      // Cells are compared, whatever is kept beside them.
      outputs: () => Promise.resolve({ has: () => true }),
      results: () => Promise.resolve({ has: () => true }),
    },
    failed: new Set(),
    workload: (outline) => workloads.get(outline) as ReturnType<typeof workloadOf>,
    cost,
  };
  const { groups } = await missingOf(stageGroups(others).flat(), others, context);
  options.onPlanned?.({
    stored,
    sampled: sample.length,
    missing: groups.reduce((sum, { missing }) => sum + lengthOf(missing), 0),
    seconds: groups.length > 0 ? stageSeconds(groups, options.window) + cost.secondsPerProcess : 0,
  });
  if (groups.length > 0)
    await computeAgain(ledger, steps, { ...ref, mode }, { groups, scores, models: others }, options);

  const report = new Disagreement(options.tolerance);
  let failed = 0;
  for (const pair of pairs) failed += await compareCells(ledger, study.seed, pair, sample, report);
  return {
    study: ref.id,
    stored: ref.mode,
    again: mode,
    cells: { stored, sampled: sample.length, failed },
    ...report.summary(),
  };
}

/** Runs what is missing of the sample, as a stage of its own. Units that fail here are no failures of the study. */
async function computeAgain(
  ledger: Ledger,
  steps: StudySteps,
  ref: StudyRef,
  { groups, scores, models }: Pick<Stage, 'groups' | 'scores'> & { readonly models: readonly ModelOutline[] },
  { progress = silent, signal, window }: VerifyOptions,
): Promise<void> {
  const tally = { total: 0, stored: 0, failed: 0 };
  const plan = await publishStage(ledger, ref, { stage: { index: 1, groups, scores }, tally, models });
  if (!plan.ref) return;
  const apart: StudySteps = { ...steps, recordFailures: () => Promise.resolve() };
  await runStage(apart, plan, { window, onFailure: 'continue', progress, ...(signal ? { signal } : {}) });
}

/** Compares the sampled cells of one network; how many are not there. */
async function compareCells(
  ledger: Ledger,
  seed: number,
  { own, other }: { readonly own: ModelOutline; readonly other: ModelOutline },
  sample: readonly Sampled[],
  report: Disagreement,
): Promise<number> {
  let failed = 0;
  const images = own.chunks.reduce((sum, chunk) => sum + chunk.images, 0);
  const order = waveOrder(images, seed);
  for (const [chunk, { digest }] of chunksOf(own).entries()) {
    const here = sample.filter(({ group }) => group.model === own.model.name && group.chunk === chunk);
    if (here.length === 0) continue;
    const read = (outline: ModelOutline, keys: readonly Digest[]): Promise<ReadonlyMap<Digest, Cell>> =>
      ledger.readCells({ ...outline.scope, chunk: digest, semantics: SEMANTICS }, keys);
    const before = await read(
      own,
      here.map((unit) => unit.own),
    );
    const after = await read(
      other,
      here.map((unit) => unit.other),
    );
    const piece = chunk === trialNumber(own) ? undefined : chunk - own.chunks.length;
    const earlier = piece === undefined ? [] : piece < 0 ? own.chunks.slice(0, chunk) : own.pieces.slice(0, piece);
    const from = earlier.reduce((sum, part) => sum + part.images, 0);
    const imageAt = (i: number): number => (piece === undefined || piece < 0 ? from + i : (order[from + i] as number));
    for (const unit of here) {
      const [a, b] = [before.get(unit.own), after.get(unit.other)];
      if (a && b) report.add({ ...nameOf(own, unit), imageAt }, a, b);
      else failed++;
    }
  }
  return failed;
}

/** Each stored cell by a draw of its own, and the intact network on every chunk that the sample touches. */
async function drawSample(
  ledger: Ledger,
  seed: number,
  pairs: readonly { readonly own: ModelOutline; readonly other: ModelOutline }[],
  share: number,
): Promise<{ readonly sample: readonly Sampled[]; readonly stored: number }> {
  const sample = new Map<Digest, Sampled>();
  const seen = new Set<Digest>();
  let likeliest: { readonly draw: number; readonly unit: Sampled } | undefined;
  for (const { own, other } of pairs) {
    const baselines = new Map<number, Sampled>();
    for (const group of stageGroups([own]).flat()) {
      if (storedAs[group.kind] !== 'cell') continue;
      const chunk = chunkOf(own, group.chunk).digest;
      const committed = await ledger.committedKeys({ ...own.scope, chunk, semantics: SEMANTICS });
      for (const index of unitIndices(group)) {
        const key = unitKey(own, seed, group, index);
        if (!committed.has(key) || seen.has(key)) continue;
        seen.add(key);
        const unit = { group, index, own: key, other: unitKey(other, seed, group, index) };
        if (group.kind === 'baseline') baselines.set(group.chunk, unit);
        const draw = randomStream(seed, 'verify', key).uniform();
        if (draw < share) sample.set(key, unit);
        if (!likeliest || draw < likeliest.draw) likeliest = { draw, unit };
      }
    }
    for (const { group } of sample.values()) {
      const baseline = group.model === own.model.name ? baselines.get(group.chunk) : undefined;
      if (baseline) sample.set(baseline.own, baseline);
    }
  }
  // However small the share, something is looked at.
  if (sample.size === 0 && likeliest) sample.set(likeliest.unit.own, likeliest.unit);
  return { sample: [...sample.values()], stored: seen.size };
}

function nameOf(
  outline: ModelOutline,
  { group, index }: Sampled,
): { readonly model: string; readonly ablation: string; readonly condition: string } {
  const { name: model } = outline.model;
  if (group.kind === 'baseline') return { model, ablation: 'baseline', condition: 'intact' };
  const { targets, fill, draw, fraction, trial } = conditionList(outline, group.name).at(index);
  const removed =
    targets.length > 3
      ? `${targets.length} targets`
      : targets
          .map(({ group: layer, channel }) => (channel === undefined ? layer : `${layer}[${channel}]`))
          .join(' + ');
  const more = [
    fill + (draw === undefined ? '' : ` ${draw}`),
    ...(fraction === undefined ? [] : [`fraction ${fraction}`]),
    ...(trial === undefined ? [] : [`trial ${trial}`]),
  ];
  return { model, ablation: group.name, condition: `#${index}: ${removed} (${more.join(', ')})` };
}
