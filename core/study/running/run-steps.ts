import { isPercussError, messageOf, PercussError } from '../../errors.js';
import { silent, type Progress } from '../../progress.js';
import type { Ref } from '../../digest.js';
import { nextBatch } from '../../self-scheduling.js';
import type { StudyRef } from '../../spec/resolved-study.js';
import type { TableName } from '../../tables/schema.js';
import type { RunCounts, StagePlan, StudySteps, UnitFailure } from '../steps.js';

export interface RunOptions {
  /** Batches in flight: the number of compute slots. */
  readonly window: number;
  readonly onFailure: 'continue' | 'stop';
  readonly progress?: Progress;
  readonly signal?: AbortSignal;
  readonly tables: readonly TableName[];
}

/** How a study ended. */
export interface StudyResult {
  readonly computed: number;
  readonly reused: number;
  readonly failed: number;
  readonly report: Ref<Uint8Array>;
  readonly summary: Ref<Uint8Array>;
  readonly tables: Readonly<Record<string, Ref<Uint8Array>>>;
}

const TRIES = 3;

/** Times that a study is planned anew because its analysis met damaged objects. */
export const ROUNDS = 3;

/**
 * Runs a study without Temporal: the same steps in the same order, stage by stage until nothing is missing. A batch whose
 * computation fails is halved down to the unit; a unit that fails three times is recorded and left out. Where the analysis
 * meets damaged objects, what they held is computed again.
 *
 * @throws PercussError of kind `input` or `infrastructure`, CANCELLED when the signal fires.
 */
export async function runStudySteps(steps: StudySteps, study: StudyRef, options: RunOptions): Promise<StudyResult> {
  const tally = { computed: 0, reused: 0, failed: 0 };
  for (let round = 1; ; round++) {
    await runStages(steps, study, options, tally);
    try {
      return { ...tally, ...(await conclude(steps, study, tally, options)) };
    } catch (error) {
      stopIfAborted(options.signal);
      if (!isPercussError(error) || error.code !== 'OBJECT_DAMAGED' || round === ROUNDS) throw error;
    }
  }
}

function stopIfAborted(signal: AbortSignal | undefined): void {
  if (signal?.aborted) throw new PercussError('CANCELLED', 'the run was interrupted; what is committed is kept');
}

async function runStages(
  steps: StudySteps,
  study: StudyRef,
  options: RunOptions,
  tally: { computed: number; reused: number; failed: number },
): Promise<void> {
  const progress = options.progress ?? silent;
  for (let index = 0; ; index++) {
    progress({ phase: 'plan', label: `stage ${index}`, done: 0, total: 1, unit: 'steps' });
    stopIfAborted(options.signal);
    const plan = await steps.planStage(study, index);
    // Later plans know of more that was stored before: conditions whose order had not been decided.
    tally.reused = Math.max(0, plan.stored - tally.computed);
    tally.failed = plan.failed;
    if (!plan.ref) return;
    const stage = await runStage(steps, plan, { ...options, progress });
    tally.computed += stage.computed;
    if (stage.failed > 0 && options.onFailure === 'stop') {
      throw new PercussError(
        'ENGINE_FAILED',
        `${stage.failed} units failed and the spec says onFailure: stop; \`percuss report\` shows what is there`,
      );
    }
  }
}

/** Analysis, tables and report. */
async function conclude(
  steps: StudySteps,
  study: StudyRef,
  { computed, reused }: RunCounts,
  options: RunOptions,
): Promise<Pick<StudyResult, 'report' | 'summary' | 'tables'>> {
  const progress = options.progress ?? silent;
  progress({ phase: 'analyse', label: 'analysis', done: 0, total: 1, unit: 'steps' });
  stopIfAborted(options.signal);
  const analysis = await steps.analyse(study, options.signal ? { signal: options.signal } : {});
  const tables: Record<string, Ref<Uint8Array>> = {};
  for (const [done, table] of options.tables.entries()) {
    progress({ phase: 'write', label: table, done, total: options.tables.length, unit: 'steps' });
    stopIfAborted(options.signal);
    tables[table] = await steps.writeTable(study, analysis, table);
  }
  return { tables, ...(await steps.writeReport(study, analysis, tables, { computed, reused })) };
}

interface Range {
  readonly from: number;
  readonly to: number;
  readonly label: string;
  readonly tries: number;
}

/** Runs every unit of a stage; resolves when each is committed or recorded as failed. */
export async function runStage(
  steps: StudySteps,
  plan: StagePlan,
  options: RunOptions,
): Promise<{ readonly computed: number; readonly failed: number }> {
  const window = Math.max(1, options.window);
  const again: Range[] = [];
  let cursor = 0;
  let over = false;
  const next = (): Range | undefined => {
    if (over) return undefined;
    const failed = again.shift();
    if (failed) return failed;
    const batch = nextBatch(plan.segments, cursor, window);
    if (!batch) return undefined;
    cursor = batch.to;
    return { from: batch.from, to: batch.to, label: batch.stretch.label, tries: 0 };
  };
  const failures: UnitFailure[] = [];
  const state = { computed: 0, done: 0 };
  const progress = options.progress ?? silent;
  const worker = async (): Promise<void> => {
    for (let range = next(); range; range = next()) {
      stopIfAborted(options.signal);
      const { from, to, label, tries } = range;
      try {
        const outcome = await steps.runBatch(plan, from, to, options.signal ? { signal: options.signal } : {});
        state.computed += outcome.computed;
        state.done += to - from;
        progress({ phase: 'run', label, done: state.done, total: plan.units, unit: 'cells' });
      } catch (error) {
        if (!isPercussError(error) || error.kind !== 'compute') {
          over = true;
          throw error;
        }
        if (to - from > 1) {
          const middle = Math.floor((from + to) / 2);
          again.unshift({ from, to: middle, label, tries: 0 }, { from: middle, to, label, tries: 0 });
        } else if (tries + 1 < TRIES) {
          again.unshift({ from, to, label, tries: tries + 1 });
        } else {
          failures.push({ unit: from, code: error.code, message: messageOf(error) });
          if (options.onFailure === 'stop') over = true;
        }
      }
    }
  };
  await Promise.all(Array.from({ length: window }, worker));
  if (failures.length > 0) await steps.recordFailures(plan, failures);
  return { computed: state.computed, failed: failures.length };
}
