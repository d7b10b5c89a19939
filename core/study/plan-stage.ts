import { countCorrect } from '../analysis/damage.js';
import { canonicalJson } from '../canonical.js';
import { sha256 } from '../digest.js';
import { PercussError } from '../errors.js';
import type { Ledger } from '../ledger/ledger.js';
import { SEMANTICS } from '../plan/identity.js';
import type { ModelOutline } from '../plan/outline.js';
import { batchSize, firstMissing, type Committed, type StageContext, type Tally } from '../plan/planner.js';
import { lengthOf, type Stage } from '../plan/stage.js';
import type { StudyRef } from '../spec/resolved-study.js';
import type { Catalog } from './catalog.js';
import { adoptScores } from './decisions.js';
import { failedKeys } from './failures.js';
import { CellReader, loadProfile } from './load-results.js';
import { loadOutlines } from './outlines.js';
import { scoresOf } from './scores.js';
import type { StagePlan, StageSegment, StudyEnd } from './steps.js';
import { workloadOf } from './workload.js';

/** What planning found: the next stage, if any, and how the whole study stands. */
export interface PlannedStage {
  readonly stage: Stage | undefined;
  readonly tally: Tally;
  readonly models: readonly ModelOutline[];
}

/**
 * The first stage that misses anything. Stages are planned from the spec and from cells that earlier stages asked for;
 * an order that results decide is decided once, and kept with the hash of what it was read from.
 */
export async function nextStage(
  ledger: Ledger,
  catalog: Catalog,
  ref: StudyRef,
  options: { readonly expectations?: boolean } = {},
): Promise<PlannedStage> {
  const failed = await failedKeys(ledger, ref);
  const context = (seed: number, graphs: ReadonlyMap<string, StageContext['workload']>): StageContext => ({
    seed,
    committed: committedIn(ledger),
    failed,
    workload: (outline) => (graphs.get(outline.model.name) as StageContext['workload'])(outline),
  });
  const first = await loadOutlines(ledger, catalog, ref, {});
  const workloads = new Map<string, StageContext['workload']>();
  for (const model of first.models) {
    const { graph, anatomy } = await catalog.model(model.model);
    const workload = workloadOf(graph, anatomy);
    workloads.set(model.model.name, () => workload);
  }
  const { seed } = first.study;
  let found = await firstMissing(first.models, context(seed, workloads), {});
  if (found.stage?.index !== 0 && options.expectations !== false)
    await checkExpectations(ledger, catalog, first.models, seed);
  if (found.stage) return { ...found, models: first.models };
  const graphs = new Map(
    await Promise.all(first.models.map(async (m) => [m, (await catalog.model(m.model)).graph] as const)),
  );
  const scores = await adoptScores(ledger, ref, async () => {
    const decided = await scoresOf(first.models, {
      graph: (outline) => graphs.get(outline) as NonNullable<ReturnType<typeof graphs.get>>,
      profile: (outline) => loadProfile(ledger, outline, seed),
      meanKl: (outline, ablation) => meanKl(ledger, outline, ablation, seed),
    });
    // Reading checks objects, and sets aside damaged ones that an index still counted: nothing is decided without them.
    found = await firstMissing(first.models, context(seed, workloads), {});
    return found.stage ? undefined : { scores: decided, read: sha256(canonicalJson([...found.keys].sort())) };
  });
  if (Object.keys(scores).length === 0) return { ...found, models: first.models };
  const second = await loadOutlines(ledger, catalog, ref, scores);
  return { ...(await firstMissing(second.models, context(seed, workloads), scores)), models: second.models };
}

/** Sums up the cells of all networks by key, so that later plans need not open every object. Changes nothing if called again. */
export async function indexCells(ledger: Ledger, models: readonly ModelOutline[]): Promise<void> {
  for (const { scope, chunks } of models) {
    for (const { digest } of chunks) await ledger.writeIndexSegment({ ...scope, chunk: digest, semantics: SEMANTICS });
  }
}

function committedIn(ledger: Ledger): Committed {
  return {
    cells: (outline, chunk) => ledger.committedKeys({ ...outline.scope, chunk, semantics: SEMANTICS }),
    results: (outline) => ledger.committedResults({ ...outline.scope, semantics: SEMANTICS }),
  };
}

async function meanKl(
  ledger: Ledger,
  outline: ModelOutline,
  ablation: string,
  seed: number,
): Promise<readonly (number | undefined)[]> {
  const cells = await CellReader.open(ledger, outline, seed);
  const scoring = outline.ablations.find(
    ({ spec, scoring: list }) => list && `${spec.name} (order)` === ablation,
  )?.scoring;
  return Array.from({ length: scoring?.length ?? 0 }, (_, index) => {
    const result = cells.condition('cells', ablation, index);
    if (!result || result.state === 'partial') return undefined;
    return result.kl.reduce((sum, kl) => sum + kl, 0) / result.kl.length;
  });
}

/** Refuses to go on with a network that is not what its author says it is: a wrong input is the usual cause. */
async function checkExpectations(
  ledger: Ledger,
  catalog: Catalog,
  models: readonly ModelOutline[],
  seed: number,
): Promise<void> {
  const misses: string[] = [];
  for (const outline of models) {
    const { expect, name } = outline.model;
    if (!expect) continue;
    const baseline = (await CellReader.open(ledger, outline, seed, 'baseline')).condition('baseline', '', 0);
    if (baseline?.state !== 'ok') continue;
    const labels: number[] = [];
    for (const chunk of outline.chunks) labels.push(...(await catalog.chunk(chunk.digest)).labels);
    const accuracy = countCorrect(baseline.predicted, labels) / labels.length;
    if (Math.abs(accuracy - expect.accuracy) <= expect.within + 1e-9) continue;
    misses.push(
      `models.${name}: the intact network is right on ${percent(accuracy)} of ${labels.length} images, expected ${percent(expect.accuracy)} ± ${percent(expect.within)}`,
    );
  }
  if (misses.length === 0) return;
  throw new PercussError(
    'EXPECTATION_MISSED',
    `${misses.join('\n')}\nNothing was ablated. Check input (divide, mean, std, order), output (class-offset) and the images; then correct the spec or its expect.`,
  );
}

const percent = (share: number): string => `${(100 * share).toFixed(1)} %`;

/** Writes a stage down and divides it into batches of about so many seconds. */
export async function publishStage(
  ledger: Ledger,
  ref: StudyRef,
  planned: PlannedStage,
): Promise<StagePlan | StudyEnd> {
  const { stage, tally } = planned;
  if (!stage) return { stored: tally.stored, failed: tally.failed };
  const stored = await ledger.putRecord('plans', stage as never);
  const segments: StageSegment[] = [];
  let from = 0;
  for (const group of stage.groups) {
    const count = lengthOf(group.missing);
    const size = batchSize(group, ref.batchSeconds);
    segments.push({
      label: `${group.model} · ${group.name || group.kind}`,
      model: group.model,
      from,
      to: from + count,
      size,
      seconds: size * group.seconds,
    });
    from += count;
  }
  return {
    study: ref,
    index: stage.index,
    ref: stored,
    units: from,
    segments,
    stored: tally.stored,
    failed: tally.failed,
  };
}
