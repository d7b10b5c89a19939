import {
  ActivityFailure,
  ApplicationFailure,
  CancellationScope,
  ActivityCancellationType,
  TimeoutFailure,
  condition,
  continueAsNew,
  isCancellation,
  proxyActivities,
  setCurrentDetails,
  setHandler,
  sleep,
  workflowInfo,
} from '@temporalio/workflow';
import type { Activities } from '../activities/activities.js';
import { messageOf } from '../core/errors.js';
import { HELD_SECONDS, predictedSeconds, stretchAt, type Range } from '../core/ranges.js';
import type { StagePlan, StageStretch } from '../core/study/steps.js';
import { advance, hasTurn, outcomeOf } from '../core/sweep-policy.js';
import type { SweepDecision, SweepEvent } from '../core/sweep-policy.js';
import { beginSweep, priorityWithin, restOf } from '../core/sweep-state.js';
import type { HistoryLength, SweepRules, SweepState, UnitFailure } from '../core/sweep-state.js';
import { sweepDetails } from './details.js';
import { pace } from './pace.js';
import { stallReason } from './persist.js';
import { addCounters, noCounters, pauseSignal, priorityOf, queuesOf, resumeSignal } from './protocol.js';
import { setPrioritySignal, setWindowSignal, sweepProgressQuery } from './protocol.js';
import type { Controls, Counters, Queues, SweepInput, SweepProgress, SweepResult } from './protocol.js';
import { sweepProgress } from './sweep-progress.js';

/**
 * Runs every batch of a stage in a bounded window, smaller ones towards its end. A batch's own failure halves its range, down
 * to the unit, which is recorded as failed after some tries; infrastructure failures are tried again for ever. Continues as
 * new when its history grows long, with a cursor and the few ranges that have to run again. What is done when is decided by
 * `core/sweep-policy.ts`; here are its activities, timers and signals.
 */
export async function sweep(input: SweepInput): Promise<SweepResult> {
  const run = new SweepRun(input);
  run.listen();
  await run.runBatches();
  return run.end();
}

class SweepRun {
  readonly #input: SweepInput;
  readonly #queues: Queues;
  readonly #rules: SweepRules;
  #state: SweepState;
  #counters: Counters;
  #lastFailure: string | undefined;
  /** Of batches from now on, where it was changed. */
  #priority: number | undefined;
  /** The first error that would only come again. */
  #fatal: unknown;
  readonly #speed = pace();
  /** All that a batch does: its runs, its pauses, the record of its failure. */
  readonly #batches = new CancellationScope();

  constructor(input: SweepInput) {
    const { stage, policy, controls, state } = input;
    this.#input = input;
    this.#queues = queuesOf(input.storeId, stage.study.mode);
    this.#rules = { ...policy, stretches: stage.segments };
    this.#state = beginSweep(this.#rules, controls, state);
    this.#counters = state?.counters ?? noCounters;
    this.#priority = controls.priority;
  }

  /** Signals and queries. */
  listen(): void {
    const told = (event: SweepEvent): void => {
      this.#tell(event);
      this.#show();
    };
    setHandler(pauseSignal, () => told({ kind: 'paused' }));
    setHandler(resumeSignal, () => told({ kind: 'resumed' }));
    setHandler(setWindowSignal, (window) => told({ kind: 'resized', window }));
    setHandler(setPrioritySignal, (priority) => {
      this.#priority = priorityWithin(priority);
    });
    setHandler(sweepProgressQuery, () => this.#progress());
  }

  /** Resolves when the sweep is over, or has to continue as new, and nothing is in flight. */
  async runBatches(): Promise<void> {
    this.#show();
    try {
      while (this.#state.closing === undefined) {
        await condition(() => hasTurn(this.#rules, this.#state, this.#history()));
        await this.#obey(this.#tell({ kind: 'turn', history: this.#history() }));
      }
      await this.#obey(this.#tell({ kind: 'waited' }));
      await condition(() => this.#idle());
    } catch (error) {
      // Cancelled: the batches are too, and are waited for, so that nothing computes on behalf of a closed study.
      this.#tell({ kind: 'cancelled' });
      await CancellationScope.nonCancellable(() => condition(() => this.#idle()));
      throw error;
    }
  }

  /** How the sweep ends. @throws the failure that it met, or what Temporal takes as continuing as new */
  async end(): Promise<SweepResult> {
    const outcome = outcomeOf(this.#rules, this.#state);
    if (outcome === 'broken') throw asApplicationFailure(this.#fatal);
    const { paused, window, stoppedBy } = this.#state;
    const controls = this.#controls({ paused, window });
    const counters = this.#counters;
    if (outcome === 'continue') {
      const state = { ...restOf(this.#state), counters, runs: this.#runs + 1 };
      await continueAsNew<typeof sweep>({ ...this.#input, controls, state });
    }
    return { counters, controls, ...(stoppedBy === undefined ? {} : { stoppedBy }) };
  }

  /** Says what befell; gives what is to be done. */
  #tell(event: SweepEvent): readonly SweepDecision[] {
    const { state, decisions } = advance(this.#rules, this.#state, event);
    this.#state = state;
    return decisions;
  }

  /** Does what was decided of the sweep as a whole. */
  async #obey(decisions: readonly SweepDecision[]): Promise<void> {
    const starts = decisions.flatMap((decision) => (decision.kind === 'start' ? [decision.range] : []));
    if (starts.length > 0) {
      await this.#batches.run(async () => {
        for (const range of starts) void this.#runRange(range);
      });
    }
    for (const decision of decisions) {
      if (decision.kind === 'cancel') this.#batches.cancel();
      if (decision.kind === 'close') await condition(() => this.#idle(), decision.patienceMs);
    }
  }

  /** Runs a range, or records its failure, until neither has to be done again. Never rejects. */
  async #runRange(range: Range): Promise<void> {
    const { from } = range;
    const runBatch = this.#batchOf(range);
    let failure: UnitFailure | undefined;
    for (;;) {
      let event: SweepEvent;
      try {
        event = failure === undefined ? this.#reported(range, await runBatch()) : await this.#record(range, failure);
      } catch (error) {
        event = this.#meaning(from, error, failure !== undefined);
      }
      const [decision] = this.#tell(event);
      if (decision === undefined) break;
      if (decision.kind === 'record') failure = decision.failure;
      if (decision.kind !== 'retry') continue;
      this.#show();
      try {
        await sleep(decision.afterMs);
      } catch {
        this.#tell({ kind: 'given-back', from });
        break;
      }
    }
    this.#show();
  }

  /** The activity of a range. */
  #batchOf({ from, to, held }: Range): () => ReturnType<Activities['runBatch']> {
    const { stage, policy } = this.#input;
    const stretch = this.#stretchOf(from);
    const { runBatch } = proxyActivities<Pick<Activities, 'runBatch'>>({
      taskQueue: this.#queues.evaluate,
      startToCloseTimeout: 1000 * Math.max(policy.batchSeconds, 20 * stretch.seconds),
      heartbeatTimeout: 1000 * policy.heartbeatSeconds,
      cancellationType: ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
      retry: { initialInterval: '1 second', maximumAttempts: 2 },
      summary: `${stretch.label} · ${from}–${to - 1} of ${stage.units}`,
      ...priorityOf(this.#controls(this.#state)),
    });
    return () => runBatch(slice(stage, stretch), from, to, held === undefined ? 0 : HELD_SECONDS);
  }

  #stretchOf(unit: number): StageStretch {
    const { segments } = this.#input.stage;
    return segments[stretchAt(segments, unit)] as StageStretch;
  }

  /** What the report of a batch says. */
  #reported(range: Range, report: Awaited<ReturnType<Activities['runBatch']>>): SweepEvent {
    const { from } = range;
    if (report.status === 'failed') return { kind: 'failed', from, code: report.code, message: report.message };
    const { computed, reused, noOp, seconds, held = 0 } = report.outcome;
    this.#counters = addCounters(this.#counters, { ...noCounters, seconds });
    if (held > 0) return { kind: 'held', from, computed, noOp };
    // What was computed of it before counts as reused now.
    const before = range.held ?? { computed: 0, noOp: 0 };
    this.#count(range, {
      computed: computed + before.computed,
      reused: reused - before.computed,
      noOp: noOp + before.noOp,
      seconds: 0,
      failed: 0,
    });
    return { kind: 'done', from };
  }

  /** Cancelling must not lose a record half-way: the unit would then be tried once more, which is only slow. */
  async #record(range: Range, failure: UnitFailure): Promise<SweepEvent> {
    const { recordFailures } = proxyActivities<Pick<Activities, 'recordFailures'>>({
      taskQueue: this.#queues.control,
      startToCloseTimeout: '10 minutes',
      heartbeatTimeout: '60 seconds',
      retry: { initialInterval: '1 second', maximumAttempts: 2 },
    });
    await recordFailures(this.#input.stage, [failure]);
    this.#lastFailure = `${failure.code}: ${failure.message}`;
    this.#count(range, { ...noCounters, failed: 1 });
    return { kind: 'recorded', from: range.from };
  }

  /** What the error means that an activity threw. */
  #meaning(from: number, error: unknown, recording: boolean): SweepEvent {
    if (isCancellation(error)) return { kind: 'given-back', from };
    if (!recording && tookTooLong(error)) return { kind: 'late', from };
    const reason = stallReason(error);
    if (reason !== undefined) return { kind: 'stalled', from, reason };
    this.#fatal ??= error;
    return { kind: 'broken', from };
  }

  #count({ from, to }: Range, counters: Counters): void {
    this.#counters = addCounters(this.#counters, counters);
    this.#speed.add(Date.now(), to - from, predictedSeconds(this.#stretchOf(from), to - from));
  }

  #controls({ paused, window }: Omit<Controls, 'priority'>): Controls {
    return { paused, window, ...(this.#priority === undefined ? {} : { priority: this.#priority }) };
  }

  #idle(): boolean {
    return this.#state.inFlight.length === 0;
  }

  #history(): HistoryLength {
    const { historyLength, continueAsNewSuggested } = workflowInfo();
    return { events: historyLength, suggested: continueAsNewSuggested };
  }

  get #runs(): number {
    return this.#input.state?.runs ?? 0;
  }

  #progress(): SweepProgress {
    return sweepProgress(this.#input.stage, this.#state, {
      counters: this.#counters,
      speed: this.#speed,
      runs: this.#runs,
      lastFailure: this.#lastFailure,
    });
  }

  #show(): void {
    setCurrentDetails(sweepDetails(this.#progress()));
  }
}

/** A stage with the one stretch that a batch lies in: a thousand activities then don't repeat the whole list. */
function slice(stage: StagePlan, stretch: StageStretch): StagePlan {
  return { ...stage, segments: [stretch] };
}

function tookTooLong(error: unknown): boolean {
  return (
    error instanceof ActivityFailure &&
    error.cause instanceof TimeoutFailure &&
    error.cause.timeoutType === 'START_TO_CLOSE'
  );
}

/** An activity's failure without its wrapping: the code is then the type of the workflow's own failure. */
function asApplicationFailure(error: unknown): ApplicationFailure {
  const cause = error instanceof ActivityFailure ? error.cause : error;
  if (cause instanceof ApplicationFailure) return cause;
  return ApplicationFailure.create({ type: 'BUG', message: messageOf(cause), nonRetryable: true });
}
