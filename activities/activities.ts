import { Context } from '@temporalio/activity';
import type { Ref } from '../core/digest.js';
import { PercussError } from '../core/errors.js';
import type { StudyRef } from '../core/spec/resolved-study.js';
import type {
  Analysis,
  BatchOutcome,
  RunCounts,
  StagePlan,
  StepOptions,
  StudyEnd,
  StudySteps,
} from '../core/study/steps.js';
import type { UnitFailure } from '../core/sweep-state.js';
import type { TableName } from '../core/tables/columns.js';
import { batchFailure, toFailure } from './failures.js';
import type { BatchReport } from './failures.js';

/** A third of the shortest heartbeat timeout: two beats may be lost before a worker counts as lost. */
const beatMs = 4_000;

/** How long before Temporal would give up on a batch its process is ended, so that the batch can be reported. */
const marginMs = 15_000;

/**
 * The steps of a study as Temporal activities, one to one: each beats while it runs, hands on cancellation, and throws
 * failures that carry the error's code.
 */
export function createActivities(steps: StudySteps) {
  return {
    planStage: (study: StudyRef, index: number): Promise<StagePlan | StudyEnd> =>
      beating(`planning stage ${index}`, (options) => steps.planStage(study, index, options)),

    /** `stage.segments` may hold only those that [from, to) touches. `waitSeconds`: for what other runs have in hand. */
    runBatch: (stage: StagePlan, from: number, to: number, waitSeconds = 0): Promise<BatchReport<BatchOutcome>> =>
      beating(`units ${from} to ${to}`, async (options) => {
        const { info } = Context.current();
        const limit = info.startToCloseTimeoutMs;
        // A sweep gives each unit to one of its batches.
        const sharing = { run: info.workflowExecution?.runId ?? info.activityId, waitSeconds };
        const clock = new AbortController();
        const timer = setTimeout(() => clock.abort(), Math.max(limit - marginMs, limit / 2));
        try {
          const signal = AbortSignal.any([options.signal, clock.signal]);
          const outcome = await steps.runBatch(stage, from, to, { ...options, ...sharing, signal });
          return { status: 'done', outcome };
        } catch (error) {
          if (options.signal.aborted) throw error;
          const cause = clock.signal.aborted ? tooSlow(from, to, limit) : error;
          const failed = batchFailure(cause);
          if (failed === undefined) throw error;
          return failed;
        } finally {
          clearTimeout(timer);
        }
      }),

    recordFailures: (stage: StagePlan, failures: readonly UnitFailure[]): Promise<void> =>
      beating(`recording ${failures.length} failed units`, () => steps.recordFailures(stage, failures)),

    analyse: (study: StudyRef): Promise<Ref<Analysis>> =>
      beating('analysing', (options) => steps.analyse(study, options)),

    writeTable: (study: StudyRef, analysis: Ref<Analysis>, table: TableName): Promise<Ref<Uint8Array>> =>
      beating(`writing table ${table}`, (options) => steps.writeTable(study, analysis, table, options)),

    writeReport: (
      study: StudyRef,
      analysis: Ref<Analysis>,
      tables: Readonly<Record<string, Ref<Uint8Array>>>,
      cells: RunCounts,
    ): Promise<{ readonly report: Ref<Uint8Array>; readonly summary: Ref<Uint8Array> }> =>
      beating('writing the report', (options) => steps.writeReport(study, analysis, tables, cells, options)),
  };
}

export type Activities = ReturnType<typeof createActivities>;

async function beating<T>(
  what: string,
  work: (options: StepOptions & { readonly signal: AbortSignal }) => Promise<T>,
): Promise<T> {
  const context = Context.current();
  let units: number | undefined;
  // Heartbeat details are read by people, in `temporal workflow describe`.
  const beat = (): void => context.heartbeat(units === undefined ? what : `${what}: ${units} done`);
  beat();
  const timer = setInterval(beat, beatMs);
  try {
    return await work({
      signal: context.cancellationSignal,
      onUnits: (done) => {
        units = done;
        beat();
      },
    });
  } catch (error) {
    throw toFailure(error, context.cancellationSignal);
  } finally {
    clearInterval(timer);
  }
}

function tooSlow(from: number, to: number, limitMs: number): PercussError {
  return new PercussError(
    'COMPUTE_CRASHED',
    `units ${from} to ${to} were not done within ${Math.round(limitMs / 1000)} s, so their process was ended; percuss goes on with smaller batches`,
    { details: { from, to, reason: 'timeout' } },
  );
}
