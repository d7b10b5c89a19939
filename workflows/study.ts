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
import type { StagePlan } from '../core/study/steps.js';
import { priorityWithin, windowWithin } from '../core/sweep-state.js';
import { studyDetails } from './details.js';
import { persist } from './persist.js';
import { addCounters, noCounters, pauseSignal, priorityOf } from './protocol.js';
import { queuesOf, resumeSignal, setWindowSignal } from './protocol.js';
import { setPrioritySignal, studyProgressQuery, sweepWorkflowId } from './protocol.js';
import type { Controls, Counters, Queues, StudyInput, StudyPhase } from './protocol.js';
import type { StudyProgress, StudyResult, SweepResult } from './protocol.js';
import { sweep } from './sweep.js';

/** Tries to start a sweep while one of the same name, of a study that was just ended, is still closing. */
const startTries = 30;

/** Times that a study is planned anew because its analysis met damaged objects. */
const rounds = 3;

/** A study: stages until nothing is missing, each a child sweep, then tables and report. Never continues as new. */
export async function study(input: StudyInput): Promise<StudyResult> {
  const run = new StudyRun(input);
  run.listen();
  try {
    return await run.run();
  } catch (error) {
    const inner = error instanceof ChildWorkflowFailure ? error.cause : error;
    // Cancelled activities keep their wrapping: it is how Temporal knows a cancelled workflow.
    const own = inner instanceof ActivityFailure ? inner.cause : inner;
    if (own instanceof ApplicationFailure) throw own;
    throw error;
  }
}

/** Where a study stands. */
interface StudyState {
  controls: Controls;
  phase: StudyPhase;
  stage: number;
  /** The running or last sweep. */
  sweep?: string;
  stored: number;
  failedBefore: number;
  counters: Counters;
  stalled: string | undefined;
  readonly tables: Record<string, Ref<Uint8Array>>;
}

class StudyRun {
  readonly #input: StudyInput;
  readonly #queues: Queues;
  readonly #state: StudyState;

  constructor(input: StudyInput) {
    this.#input = input;
    this.#queues = queuesOf(input.storeId, input.study.mode);
    this.#state = {
      controls: input.controls,
      phase: 'planning',
      stage: 0,
      stored: 0,
      failedBefore: 0,
      counters: noCounters,
      stalled: undefined,
      tables: {},
    };
  }

  /** Signals and queries. */
  listen(): void {
    const state = this.#state;
    const set = (controls: Partial<Controls>): void => {
      state.controls = { ...state.controls, ...controls };
      this.#show();
    };
    setHandler(studyProgressQuery, () => this.#progress());
    setHandler(pauseSignal, () => set({ paused: true }));
    setHandler(resumeSignal, () => set({ paused: false }));
    setHandler(setWindowSignal, (window) => set({ window: windowWithin(window) }));
    setHandler(setPrioritySignal, (priority) => set({ priority: priorityWithin(priority) }));
  }

  async run(): Promise<StudyResult> {
    const state = this.#state;
    for (let round = 1; ; round++) {
      const stoppedBy = await this.#runStages();
      const { stored, failedBefore, counters } = state;
      const ended = { stored, failedBefore, counters };
      if (stoppedBy !== undefined) {
        this.#enter('done');
        return { state: 'stopped', stages: state.stage + 1, ...ended, stoppedBy };
      }
      try {
        const written = await this.#conclude();
        this.#enter('done');
        return { state: 'complete', stages: state.stage, ...ended, written };
      } catch (error) {
        if (!metDamage(error) || round === rounds) throw error;
      }
    }
  }

  /** Runs stages until nothing is missing; resolves with the failure at which the study has to stop, if any. */
  async #runStages(): Promise<SweepResult['stoppedBy']> {
    const state = this.#state;
    const { study: ref } = this.#input;
    for (; ; state.stage++) {
      this.#enter('planning');
      const plan = await this.#steady(() =>
        this.#activities(this.#queues.control, `plan stage ${state.stage}`).planStage(ref, state.stage),
      );
      // Later plans know of more that was stored before: conditions whose order had not been decided.
      state.stored = Math.max(0, plan.stored - state.counters.computed - state.counters.reused);
      if (state.stage === 0) state.failedBefore = plan.failed;
      if (!plan.ref) return undefined;
      state.sweep = sweepWorkflowId(ref.id, state.stage);
      this.#enter('sweeping');
      const result = await this.#runSweep(plan, state.sweep);
      state.counters = addCounters(state.counters, result.counters);
      // A sweep may have been resumed or resized by itself.
      state.controls = result.controls;
      if (result.stoppedBy !== undefined) return result.stoppedBy;
    }
  }

  async #runSweep(plan: StagePlan, workflowId: string): Promise<SweepResult> {
    const { name, storeId, policy } = this.#input;
    for (let attempt = 1; ; attempt++) {
      try {
        return await executeChild(sweep, {
          workflowId,
          taskQueue: this.#queues.control,
          args: [{ stage: plan, storeId, controls: this.#state.controls, policy }],
          parentClosePolicy: ParentClosePolicy.TERMINATE,
          ...priorityOf(this.#state.controls),
          staticSummary: `${name}: stage ${plan.index}, ${plan.units} units`.slice(0, 190),
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

  /** Analysis, tables and report. */
  async #conclude(): Promise<NonNullable<StudyResult['written']>> {
    const { study: ref, tables: wanted } = this.#input;
    const { tables, counters, stored } = this.#state;
    const analysing = (summary: string): Activities => this.#activities(this.#queues.analyse, summary);
    this.#enter('analysing');
    const analysis = await this.#steady(() => analysing('analyse').analyse(ref));
    this.#enter('writing');
    for (const table of wanted) {
      tables[table] = await this.#steady(() => analysing(`table ${table}`).writeTable(ref, analysis, table));
      this.#show();
    }
    const cells = { computed: counters.computed, reused: stored + counters.reused };
    const written = await this.#steady(() => analysing('report').writeReport(ref, analysis, tables, cells));
    return { analysis, tables, ...written };
  }

  /** Attempts an activity once nobody holds the study paused, and until the infrastructure lets it pass. */
  async #steady<T>(attempt: () => Promise<T>): Promise<T> {
    const state = this.#state;
    await condition(() => !state.controls.paused);
    return persist(attempt, (reason) => {
      if (reason === state.stalled) return;
      state.stalled = reason;
      this.#show();
    });
  }

  /** Planning and analysis may hold their process's event loop for long, hence the patient heartbeat. */
  #activities(taskQueue: string, summary: string): Activities {
    return proxyActivities<Activities>({
      startToCloseTimeout: '24 hours',
      heartbeatTimeout: '2 minutes',
      retry: { initialInterval: '1 second', maximumAttempts: 2 },
      taskQueue,
      summary,
      ...priorityOf(this.#state.controls),
    });
  }

  #enter(phase: StudyPhase): void {
    this.#state.phase = phase;
    this.#show();
  }

  #show(): void {
    setCurrentDetails(studyDetails(this.#progress()));
  }

  #progress(): StudyProgress {
    const { phase, stage, stored, failedBefore, counters, controls, tables, sweep: current, stalled } = this.#state;
    return {
      phase,
      stage,
      stored,
      failedBefore,
      counters,
      tablesWritten: Object.keys(tables).length,
      tables: this.#input.tables.length,
      paused: controls.paused,
      ...(controls.priority === undefined ? {} : { priority: controls.priority }),
      ...(current === undefined ? {} : { sweep: current }),
      ...(stalled === undefined ? {} : { stalled }),
    };
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
