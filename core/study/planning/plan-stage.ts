import type { Digest } from '../../digest.js';
import { digestOfKeys } from '../../digest-set.js';
import type { Ledger } from '../../ledger/ledger.js';
import type { Graph } from '../../network/graph.js';
import { SEMANTICS } from '../../plan/identity.js';
import { chunksOf, keepsOutputsOf, unitKey, type ModelOutline } from '../../plan/outline.js';
import { scoringAblation } from '../../plan/scoring-ablation.js';
import { firstMissing, type StageContext, type Tally } from '../../plan/planner.js';
import type { Workload } from '../../plan/prediction.js';
import type { Stage } from '../../plan/stage.js';
import type { StudyRef } from '../../spec/resolved-study.js';
import type { Catalog } from '../catalog.js';
import { checkBaselines } from './check-baselines.js';
import { adoptedScores, adoptScores } from './decisions.js';
import { committedIn, outputScope } from '../reading/committed.js';
import { failedKeys } from '../running/failures.js';
import { CellReader } from '../reading/cell-reader.js';
import { loadGradients } from '../reading/load-gradients.js';
import { loadProfile } from '../reading/load-model-results.js';
import { loadOutlines } from '../reading/outlines.js';
import { isSound } from '../reading/model-results.js';
import { damageScore, scoresOf } from './scores.js';
import { stretchesOf } from './stretches.js';
import type { StagePlan, StudyEnd } from '../steps.js';
import { adoptedWaves, adoptWaves, decideWaves, isAdaptive, withWaves } from './waves.js';
import { Unread } from './unread.js';
import { workloadOf } from './workload.js';

/** What planning found: the next stage, if any, and how the whole study stands. */
export interface PlannedStage {
  readonly stage: Stage | undefined;
  readonly tally: Tally;
  readonly models: readonly ModelOutline[];
}

/**
 * The first stage that misses anything. Stages are planned from the spec and from cells that earlier stages asked for;
 * what results decide, an order, or who goes on to the next wave of images, is decided once, and kept with the
 * hash of what it was read from.
 */
export async function nextStage(
  ledger: Ledger,
  catalog: Catalog,
  ref: StudyRef,
  options: { readonly expectations?: boolean } = {},
): Promise<PlannedStage> {
  const failed = await failedKeys(ledger, ref);
  const workloads = new Map<string, Workload>();
  let scores = await adoptedScores(ledger, ref);
  for (;;) {
    const { study, models: plain } = await loadOutlines(ledger, catalog, ref, { scores });
    const { seed } = study;
    for (const { model } of plain) {
      if (workloads.has(model.name)) continue;
      const { graph, anatomy } = await catalog.model(model);
      workloads.set(model.name, workloadOf(graph, anatomy));
    }
    const context: StageContext = {
      seed,
      committed: committedIn(ledger),
      failed,
      workload: (outline) => workloads.get(outline.model.name) as Workload,
    };
    const adopted = await adoptedWaves(ledger, ref, plain);
    let { waves } = adopted;
    for (let round = adopted.decisions; ; round++) {
      const models = withWaves(plain, study, waves);
      const plan = (): ReturnType<typeof firstMissing> => firstMissing(models, context, scores);
      const found = await plan();
      if (found.stage?.index !== 0 && options.expectations !== false)
        await checkBaselines(ledger, catalog, models, seed);
      if (found.stage) return { ...found, models };
      const decided = await decideScores(ledger, catalog, ref, models, scores, seed, new Unread(failed), plan);
      if (decided.found) return { ...decided.found, models };
      if (decided.scores) {
        scores = decided.scores;
        break;
      }
      if (!isAdaptive(waves)) return { ...found, models };
      const unread = new Unread(failed);
      const decision = await decideWaves(ledger, models, study, unread);
      // Reading checks objects, and sets aside damaged ones that an index still counted: nothing is decided without them.
      const again = await plan();
      if (again.stage) return { ...again, models };
      unread.refuse(ledger.url);
      if (!decision) return { ...again, models };
      waves = await adoptWaves(ledger, ref, round, waves, decision);
    }
  }
}

/** Scores that are new; or what turned out to be missing when they were read; or neither, where none are needed any more. */
async function decideScores(
  ledger: Ledger,
  catalog: Catalog,
  ref: StudyRef,
  models: readonly ModelOutline[],
  known: Stage['scores'],
  seed: number,
  unread: Unread,
  plan: () => ReturnType<typeof firstMissing>,
): Promise<{ readonly scores?: Stage['scores']; readonly found?: Awaited<ReturnType<typeof firstMissing>> }> {
  if (Object.keys(known).length > 0) return {};
  const graphs = new Map<ModelOutline, Graph>();
  for (const outline of models) graphs.set(outline, (await catalog.model(outline.model)).graph);
  let found: Awaited<ReturnType<typeof firstMissing>> | undefined;
  const scores = await adoptScores(ledger, ref, async () => {
    const decided = await scoresOf(models, {
      graph: (outline) => graphs.get(outline) as Graph,
      profile: async (outline) => {
        const profile = await loadProfile(ledger, outline, seed);
        if (!profile) unread.note([profileKey(outline, seed)]);
        return profile;
      },
      gradients: async (outline) => {
        const gradients = await loadGradients(ledger, outline, seed);
        if (!gradients && outline.gradients) unread.note([gradientsKey(outline, seed)]);
        return gradients;
      },
      meanKl: (outline, ablation) => meanKl(ledger, outline, ablation, seed, unread),
    });
    if (Object.keys(decided).length === 0 && !unread.any) return undefined;
    // As for waves: reading may have set something aside.
    found = await plan();
    if (!found.stage) unread.refuse(ledger.url);
    return found.stage ? undefined : { scores: decided, read: digestOfKeys(found.keys) };
  });
  if (Object.keys(scores).length > 0) return { scores };
  return found?.stage ? { found } : {};
}

/** Sums up the cells of all networks by key, so that later plans need not open every object. Changes nothing if called again. */
export async function indexCells(ledger: Ledger, models: readonly ModelOutline[]): Promise<void> {
  for (const outline of models) {
    const { scope, chunks } = outline;
    for (const { digest } of chunksOf(outline))
      await ledger.writeIndexSegment({ ...scope, chunk: digest, semantics: SEMANTICS });
    if (!keepsOutputsOf(outline, { kind: 'baseline', name: '' })) continue;
    for (const chunk of chunks) await ledger.writeOutputIndex(outputScope(outline, chunk));
  }
}

const resultKey =
  (kind: 'profile' | 'gradients') =>
  (outline: ModelOutline, seed: number): Digest =>
    unitKey(outline, seed, { kind, model: outline.model.name, name: '', chunk: -1 }, 0);
const profileKey = resultKey('profile');
const gradientsKey = resultKey('gradients');

async function meanKl(
  ledger: Ledger,
  outline: ModelOutline,
  ablation: string,
  seed: number,
  unread: Unread,
): Promise<readonly (number | undefined)[]> {
  const cells = await CellReader.open(ledger, outline, seed);
  try {
    const scoring = outline.ablations.find(
      ({ spec, scoring: list }) => list && scoringAblation(spec).name === ablation,
    )?.scoring;
    return Array.from({ length: scoring?.length ?? 0 }, (_, index) => {
      const result = cells.condition('cells', ablation, index);
      unread.note(cells.absent('cells', ablation, index));
      return isSound(result) ? damageScore(result.kl) : undefined;
    });
  } finally {
    cells.close();
  }
}

/** Writes a stage down and divides it into batches of about so many seconds. */
export async function publishStage(
  ledger: Ledger,
  ref: StudyRef,
  planned: PlannedStage,
): Promise<StagePlan | StudyEnd> {
  const { stage, tally } = planned;
  if (!stage) return { stored: tally.stored, failed: tally.failed };
  const stored = await ledger.putRecord('plans', stage as never);
  const segments = stretchesOf(stage, ref.batchSeconds);
  return {
    study: ref,
    index: stage.index,
    ref: stored,
    units: segments.at(-1)?.to ?? 0,
    segments,
    stored: tally.stored,
    failed: tally.failed,
  };
}
