import {
  ActivityFailure,
  ApplicationFailure,
  ChildWorkflowFailure,
  ParentClosePolicy,
  condition,
  executeChild,
  proxyActivities,
  setCurrentDetails,
  setHandler,
  sleep,
} from '@temporalio/workflow';
import { WorkflowExecutionAlreadyStartedError } from '@temporalio/common';
import type { Activities } from '../activities/activities.js';
import type { Ref } from '../core/digest.js';
import type { ErrorCode } from '../core/errors.js';
import type { StagePlan, StudyEnd } from '../core/study/steps.js';
import { studyDetails } from './details.js';
import { persist } from './persist.js';
import { addCounters, noCounters, pauseSignal, queuesOf, resumeSignal, setWindowSignal } from './protocol.js';
import { studyProgressQuery, sweepWorkflowId } from './protocol.js';
import type { StudyInput, StudyPhase, StudyProgress, StudyResult, SweepResult } from './protocol.js';
import { asApplicationFailure, sweep } from './sweep.js';

/** Tries to start a sweep while one of the same name, of a study that was just ended, is still closing. */
const startTries = 30;

/** Times that a study is planned anew because its analysis met damaged objects. */
const rounds = 3;

/** A study: stages until nothing is missing, each a child sweep, then tables and report. Never continues as new. */
export async function study(input: StudyInput): Promise<StudyResult> {
  const { id, mode } = input.study;
  const queues = queuesOf(input.storeId, mode);
  let controls = input.controls;
  let phase: StudyPhase = 'planning';
  let stage = 0;
  let current: string | undefined;
  let stored = 0;
  let failedBefore = 0;
  let counters = noCounters;
  let stalled: string | undefined;
  const tables: Record<string, Ref<Uint8Array>> = {};

  const progress = (): StudyProgress => ({
    phase,
    stage,
    stored,
    failedBefore,
    counters,
    tablesWritten: Object.keys(tables).length,
    tables: input.tables.length,
    paused: controls.paused,
    ...(current === undefined ? {} : { sweep: current }),
    ...(stalled === undefined ? {} : { stalled }),
  });
  const show = (): void => setCurrentDetails(studyDetails(progress()));
  const enter = (next: StudyPhase): void => {
    phase = next;
    show();
  };
  setHandler(studyProgressQuery, progress);
  setHandler(pauseSignal, () => {
    controls = { ...controls, paused: true };
    show();
  });
  setHandler(resumeSignal, () => {
    controls = { ...controls, paused: false };
    show();
  });
  setHandler(setWindowSignal, (window) => {
    controls = { ...controls, window: Math.min(500, Math.max(1, Math.floor(window))) };
  });

  // Planning and analysis may hold their process's event loop for long, hence the patient heartbeat.
  const patient = {
    startToCloseTimeout: '24 hours',
    heartbeatTimeout: '2 minutes',
    retry: { initialInterval: '1 second', maximumAttempts: 2 },
  } as const;
  const steady = async <T>(attempt: () => Promise<T>): Promise<T> => {
    await condition(() => !controls.paused);
    return persist(attempt, (reason) => {
      if (reason === stalled) return;
      stalled = reason;
      show();
    });
  };
  const activities = (taskQueue: string, summary: string): Activities =>
    proxyActivities<Activities>({ ...patient, taskQueue, summary });

  /** Runs stages until nothing is missing; resolves with the failure at which the study has to stop, if any. */
  const runStages = async (): Promise<SweepResult['stoppedBy']> => {
    for (; ; stage++) {
      enter('planning');
      const plan: StagePlan | StudyEnd | null = await steady(() =>
        activities(queues.control, `plan stage ${stage}`).planStage(input.study, stage),
      );
      // Later plans know of more that was stored before: conditions whose order had not been decided.
      if (plan) stored = Math.max(0, plan.stored - counters.computed - counters.reused);
      if (plan && stage === 0) failedBefore = plan.failed;
      // Workers of an earlier version end a study with null.
      if (!plan?.ref) return undefined;
      current = sweepWorkflowId(id, stage);
      enter('sweeping');
      const result = await runSweep(plan, current);
      counters = addCounters(counters, result.counters);
      // A sweep may have been resumed or resized by itself.
      controls = result.controls;
      if (result.stoppedBy !== undefined) return result.stoppedBy;
    }
  };

  /** Analysis, tables and report. */
  const conclude = async (): Promise<NonNullable<StudyResult['written']>> => {
    enter('analysing');
    const analysis = await steady(() => activities(queues.analyse, 'analyse').analyse(input.study));
    enter('writing');
    for (const table of input.tables) {
      tables[table] = await steady(() =>
        activities(queues.analyse, `table ${table}`).writeTable(input.study, analysis, table),
      );
      show();
    }
    const cells = { computed: counters.computed, reused: stored + counters.reused };
    const written = await steady(() =>
      activities(queues.analyse, 'report').writeReport(input.study, analysis, tables, cells),
    );
    return { analysis, tables, ...written };
  };

  try {
    for (let round = 1; ; round++) {
      const stoppedBy = await runStages();
      const ended = { stored, failedBefore, counters };
      if (stoppedBy !== undefined) {
        enter('done');
        return { state: 'stopped', stages: stage + 1, ...ended, stoppedBy };
      }
      try {
        const written = await conclude();
        enter('done');
        return { state: 'complete', stages: stage, ...ended, written };
      } catch (error) {
        if (!metDamage(error) || round === rounds) throw error;
      }
    }
  } catch (error) {
    const inner = error instanceof ChildWorkflowFailure ? error.cause : error;
    if (inner instanceof ActivityFailure || inner instanceof ApplicationFailure) {
      // Cancelled activities keep their wrapping: it is how Temporal knows a cancelled workflow.
      if (inner instanceof ApplicationFailure || inner.cause instanceof ApplicationFailure)
        throw asApplicationFailure(inner);
    }
    throw error;
  }

  async function runSweep(plan: StagePlan, workflowId: string): Promise<SweepResult> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await executeChild(sweep, {
          workflowId,
          taskQueue: queues.control,
          args: [{ stage: plan, storeId: input.storeId, controls, policy: input.policy }],
          parentClosePolicy: ParentClosePolicy.TERMINATE,
          staticSummary: `${input.name}: stage ${plan.index}, ${plan.units} units`.slice(0, 190),
          staticDetails: plan.segments
            .map((segment) => `- ${segment.label}: ${segment.to - segment.from} units, at most ${segment.size} a batch`)
            .join('\n')
            .slice(0, 9_000),
        });
      } catch (error) {
        if (!(error instanceof WorkflowExecutionAlreadyStartedError) || attempt === startTries) throw error;
        await sleep(2_000);
      }
    }
  }
}

/** Something planned turned out not to be sound, and was set aside: planning finds it missing. */
function metDamage(error: unknown): boolean {
  return (
    error instanceof ActivityFailure &&
    error.cause instanceof ApplicationFailure &&
    error.cause.type === ('OBJECT_DAMAGED' satisfies ErrorCode)
  );
}
