import { onFailures } from '../../on-failure.js';
import type { Ref } from '../../digest.js';
import { isPercussError, PercussError } from '../../errors.js';
import { silent } from '../../progress.js';
import type { StudyRef } from '../../spec/resolved-study.js';
import type { TableName } from '../../tables/columns.js';
import type { RunCounts, StudySteps } from '../steps.js';
import { runStage, stopIfAborted, type StageOptions } from './run-stage.js';

export interface RunOptions extends StageOptions {
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
    if (stage.failed > 0 && onFailures[options.onFailure].stops) {
      throw new PercussError(
        'ENGINE_FAILED',
        `${stage.failed} units failed and the spec says onFailure: ${options.onFailure}; \`percuss report\` shows what is there`,
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
