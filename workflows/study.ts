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
import type { StagePlan } from '../core/study/steps.js';
import { studyDetails } from './details.js';
import { persist } from './persist.js';
import { addCounters, noCounters, pauseSignal, queuesOf, resumeSignal, setWindowSignal } from './protocol.js';
import { studyProgressQuery, sweepWorkflowId } from './protocol.js';
import type { StudyInput, StudyPhase, StudyProgress, StudyResult, SweepResult } from './protocol.js';
import { asApplicationFailure, sweep } from './sweep.js';

/** Tries to start a sweep while one of the same name, of a study that was just ended, is still closing. */
const startTries = 30;

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

  try {
    for (; ; stage++) {
      enter('planning');
      const plan = await steady(() => activities(queues.control, `plan stage ${stage}`).planStage(input.study, stage));
      // Over the wire, undefined arrives as null or undefined, depending on the converter.
      if (!plan) break;
      if (stage === 0) [stored, failedBefore] = [plan.stored, plan.failed];
      current = sweepWorkflowId(id, stage);
      enter('sweeping');
      const result = await runSweep(plan, current);
      counters = addCounters(counters, result.counters);
      // A sweep may have been resumed or resized by itself.
      controls = result.controls;
      if (result.stoppedBy !== undefined) {
        enter('done');
        return { state: 'stopped', stages: stage + 1, stored, failedBefore, counters, stoppedBy: result.stoppedBy };
      }
    }
    enter('analysing');
    const analysis = await steady(() => activities(queues.analyse, 'analyse').analyse(input.study));
    enter('writing');
    for (const table of input.tables) {
      tables[table] = await steady(() =>
        activities(queues.analyse, `table ${table}`).writeTable(input.study, analysis, table),
      );
      show();
    }
    const written = await steady(() => activities(queues.analyse, 'report').writeReport(input.study, analysis, tables));
    enter('done');
    return {
      state: 'complete',
      stages: stage,
      stored,
      failedBefore,
      counters,
      written: { analysis, tables, ...written },
    };
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
            .map((segment) => `- ${segment.label}: ${segment.to - segment.from} units, ${segment.size} a batch`)
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
