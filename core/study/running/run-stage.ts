import type { OnFailure } from '../../on-failure.js';
import { isPercussError, messageOf, PercussError } from '../../errors.js';
import { silent, type Progress } from '../../progress.js';
import { HELD_SECONDS, predictedSeconds, stretchAt, type Range } from '../../ranges.js';
import { advance, outcomeOf, type SweepDecision, type SweepEvent } from '../../sweep-policy.js';
import { beginSweep, noHistory, type SweepRules, type SweepState, type UnitFailure } from '../../sweep-state.js';
import type { StagePlan, StudySteps } from '../steps.js';

export interface StageOptions {
  /** Batches in flight: the number of compute slots. */
  readonly window: number;
  readonly onFailure: OnFailure;
  readonly progress?: Progress;
  readonly signal?: AbortSignal;
  /** Seconds that any batch may take, however short it was predicted to be; 300 unless given. */
  readonly leastSeconds?: number;
}

/** Units of a stage that were computed, and that were recorded as failed. */
export interface StageCounts {
  readonly computed: number;
  readonly failed: number;
}

const TRIES = 3;

/** Seconds that a batch may always take: networks are read, engines are opened, machines are busy. */
const LEAST_SECONDS = 300;

/** How many times as long as predicted a batch may take before its process counts as hung. */
const SLOWNESS = 20;

/** @throws PercussError CANCELLED where the signal has fired. */
export function stopIfAborted(signal: AbortSignal | undefined): void {
  if (signal?.aborted) throw new PercussError('CANCELLED', 'the run was interrupted; what is committed is kept');
}

/**
 * Runs every unit of a stage; resolves when each is committed or recorded as failed, or with the first that failed where
 * `onFailure` is `stop`. What happens when is decided by `core/sweep-policy.ts`, as in a sweep with Temporal; but nobody could
 * resume a run that pauses itself, so failures in a row don't pause it, and what the infrastructure stops ends it.
 *
 * @throws the error of a step, unless it is of kind `compute`; CANCELLED when the signal fires
 */
export async function runStage(steps: StudySteps, plan: StagePlan, options: StageOptions): Promise<StageCounts> {
  return new StageRun(steps, plan, options).run();
}

class StageRun {
  readonly #steps: StudySteps;
  readonly #plan: StagePlan;
  readonly #options: StageOptions;
  readonly #rules: SweepRules;
  #state: SweepState;
  readonly #inFlight = new Set<Promise<void>>();
  /** Fires where the run ends with batches in flight. */
  readonly #stop = new AbortController();
  readonly #signal: AbortSignal;
  #computed = 0;
  #failed = 0;

  constructor(steps: StudySteps, plan: StagePlan, options: StageOptions) {
    this.#steps = steps;
    this.#plan = plan;
    this.#options = options;
    this.#rules = {
      stretches: plan.segments,
      tries: TRIES,
      onFailure: options.onFailure,
      drainSeconds: Number.POSITIVE_INFINITY,
    };
    this.#state = beginSweep(this.#rules, { window: Math.max(1, options.window), paused: false });
    this.#signal = options.signal ? AbortSignal.any([options.signal, this.#stop.signal]) : this.#stop.signal;
  }

  async run(): Promise<StageCounts> {
    try {
      while (outcomeOf(this.#rules, this.#state) === undefined) {
        stopIfAborted(this.#options.signal);
        for (const decision of this.#tell({ kind: 'turn', history: noHistory })) {
          if (decision.kind === 'start') this.#start(decision.range);
        }
        if (this.#inFlight.size > 0) await Promise.race(this.#inFlight);
      }
    } catch (error) {
      this.#tell({ kind: 'cancelled' });
      this.#stop.abort();
      throw error;
    }
    return { computed: this.#computed, failed: this.#failed };
  }

  /** Says what befell; gives what is to be done. */
  #tell(event: SweepEvent): readonly SweepDecision[] {
    const { state, decisions } = advance(this.#rules, this.#state, event);
    this.#state = state;
    return decisions;
  }

  #start(range: Range): void {
    const work: Promise<void> = this.#runRange(range).finally(() => this.#inFlight.delete(work));
    this.#inFlight.add(work);
  }

  /** Rejects with what ends the run. */
  async #runRange(range: Range): Promise<void> {
    const { from } = range;
    try {
      const failure = await this.#runBatch(range);
      if (failure === undefined) return;
      await this.#steps.recordFailures(this.#plan, [failure]);
      this.#failed += 1;
      this.#tell({ kind: 'recorded', from });
      this.#show(from);
    } catch (error) {
      this.#tell({ kind: 'broken', from });
      throw error;
    }
  }

  /** Runs a batch once; resolves with the failure that is to be recorded, if any. */
  async #runBatch({ from, to, held }: Range): Promise<UnitFailure | undefined> {
    const clock = new AbortController();
    const seconds = this.#allowedSeconds(from, to);
    const timer = setTimeout(() => clock.abort(), Math.min(1000 * seconds, 2 ** 31 - 1));
    try {
      const waitSeconds = held === undefined ? 0 : HELD_SECONDS;
      const signal = AbortSignal.any([this.#signal, clock.signal]);
      const outcome = await this.#steps.runBatch(this.#plan, from, to, { signal, waitSeconds });
      this.#computed += outcome.computed;
      if ((outcome.held ?? 0) > 0) {
        this.#tell({ kind: 'held', from, computed: outcome.computed, noOp: outcome.noOp });
        return undefined;
      }
    } catch (thrown) {
      const hung = clock.signal.aborted && !this.#signal.aborted;
      const error = hung ? tooSlow(from, to, seconds) : thrown;
      if (!isPercussError(error) || error.kind !== 'compute') throw error;
      const told = this.#tell({ kind: 'failed', from, code: error.code, message: messageOf(error) });
      return told.flatMap((decision) => (decision.kind === 'record' ? [decision.failure] : []))[0];
    } finally {
      clearTimeout(timer);
    }
    this.#tell({ kind: 'done', from });
    this.#show(from);
    return undefined;
  }

  #allowedSeconds(from: number, to: number): number {
    const { segments } = this.#plan;
    const stretch = segments[stretchAt(segments, from)];
    const predicted = stretch === undefined ? 0 : predictedSeconds(stretch, to - from);
    return Math.max(this.#options.leastSeconds ?? LEAST_SECONDS, SLOWNESS * predicted);
  }

  #show(from: number): void {
    const { segments, units } = this.#plan;
    const label = segments[stretchAt(segments, from)]?.label ?? '';
    const done = this.#state.done.reduce((sum, each) => sum + each, 0);
    (this.#options.progress ?? silent)({ phase: 'run', label, done, total: units, unit: 'cells' });
  }
}

function tooSlow(from: number, to: number, seconds: number): PercussError {
  return new PercussError(
    'COMPUTE_CRASHED',
    `units ${from} to ${to} were not done within ${Math.round(seconds)} s, so their process was ended; percuss goes on with smaller batches`,
    { details: { from, to, reason: 'timeout' } },
  );
}
