import type { Range } from '../../core/ranges.js';
import { hasTurn, outcomeOf, type SweepDecision, type SweepEvent, type SweepOutcome } from '../../core/sweep-policy.js';
import {
  beginSweep,
  type SweepRest,
  type SweepRules,
  type SweepState,
  type UnitFailure,
} from '../../core/sweep-state.js';
import type { StagePlan } from '../../core/study/steps.js';
import { handedOn, policyWith } from './planted-bugs.js';
import type { Ended, SimulatedServer } from './simulated-server.js';
import type { Judged } from './simulated-worker.js';

/** Controls of a study, which outlive its sweeps. */
export interface StudyControls {
  paused: boolean;
  cancelled: boolean;
}

/** A sweep as `workflows/sweep.ts` drives it: activities, timers and signals are told to the policy, and what it decides is done. */
export class SimulatedSweep {
  readonly #judged: Judged;
  readonly #server: SimulatedServer;
  readonly #plan: StagePlan;
  readonly #rules: SweepRules;
  readonly #controls: StudyControls;
  #state: SweepState;
  #events = 0;
  #wake: (() => void)[] = [];
  readonly #recorded = new Set<number>();

  constructor(judged: Judged, server: SimulatedServer, plan: StagePlan, controls: StudyControls) {
    const { continueAfter } = judged.around.faults;
    this.#judged = judged;
    this.#server = server;
    this.#plan = plan;
    this.#controls = controls;
    this.#rules = {
      stretches: plan.segments,
      tries: 3,
      onFailure: 'continue',
      pauseAfter: 100,
      drainSeconds: 60,
      ...(continueAfter > 0 ? { continueAfter } : {}),
    };
    this.#state = beginSweep(this.#rules, { window: 3, paused: controls.paused });
  }

  /** Runs all batches. */
  async run(): Promise<SweepOutcome> {
    for (;;) {
      const outcome = await this.#runHistory();
      if (outcome !== 'continue') {
        if (outcome === 'done') this.#checkCount();
        return outcome;
      }
      this.#judged.around.trace('the sweep continues as new');
      // As Temporal hands it on: written as JSON, read again.
      const rest = JSON.parse(JSON.stringify(handedOn(this.#judged.around.bug, this.#state))) as SweepRest;
      this.#events = 0;
      this.#state = beginSweep(this.#rules, { window: 3, paused: this.#controls.paused }, rest);
    }
  }

  /** A signal. */
  signal(kind: 'paused' | 'resumed' | 'cancelled'): void {
    this.#obey(this.#tell({ kind }));
  }

  async #runHistory(): Promise<SweepOutcome> {
    const history = () => ({ events: this.#events, suggested: false });
    for (;;) {
      const outcome = outcomeOf(this.#rules, this.#state);
      if (outcome !== undefined) return outcome;
      if (hasTurn(this.#rules, this.#state, history())) this.#obey(this.#tell({ kind: 'turn', history: history() }));
      else await new Promise<void>((resolve) => void this.#wake.push(resolve));
    }
  }

  #tell(event: SweepEvent): readonly SweepDecision[] {
    const { state, decisions } = policyWith(this.#judged.around.bug, this.#rules, this.#state, event);
    this.#state = state;
    const waiting = this.#wake;
    this.#wake = [];
    for (const wake of waiting) wake();
    return decisions;
  }

  #obey(decisions: readonly SweepDecision[]): void {
    const { clock } = this.#judged.around;
    for (const decision of decisions) {
      if (decision.kind === 'start') void this.#runRange(decision.range).catch((error: unknown) => this.#broken(error));
      if (decision.kind === 'close') clock.after(decision.patienceMs, () => this.#obey(this.#tell({ kind: 'waited' })));
      if (decision.kind === 'cancel') this.#cancelledBefore = clock.now;
    }
    const { inFlight, window } = this.#state;
    if (inFlight.length > window)
      this.#judged.wrong(`${inFlight.length} batches are in flight, of a window of ${window}`);
  }

  /** What was in flight when it was set is cancelled. */
  #cancelledBefore = -1;

  #broken(error: unknown): void {
    this.#judged.wrong(`the sweep broke: ${error instanceof Error ? error.message : String(error)}`);
  }

  async #runRange(range: Range): Promise<void> {
    const { from } = range;
    const { clock } = this.#judged.around;
    const started = clock.now;
    const cancelled = (): boolean => this.#cancelledBefore >= started;
    let failure: UnitFailure | undefined;
    for (;;) {
      const ended = failure ? await this.#record(failure, cancelled) : await this.#batch(range, cancelled);
      this.#events += 3;
      const [decision] = this.#tell(this.#meaning(from, ended, failure !== undefined));
      if (decision === undefined) return;
      if (decision.kind === 'record') failure = decision.failure;
      if (decision.kind === 'retry') await clock.sleep(decision.afterMs);
      if (decision.kind === 'retry' && cancelled()) {
        this.#tell({ kind: 'given-back', from });
        return;
      }
    }
  }

  #batch({ from, to }: Range, cancelled: () => boolean): Promise<Ended<unknown>> {
    const work = this.#server.perform(
      `units ${from} to ${to} of ${this.#plan.study.id.slice(0, 8)}`,
      (worker) => worker.steps.runBatch(this.#plan, from, to),
      { startToCloseMs: 150_000, batch: true, cancelled },
    );
    return work;
  }

  #record(failure: UnitFailure, cancelled: () => boolean): Promise<Ended<unknown>> {
    const { bug } = this.#judged.around;
    this.#recorded.add(failure.unit);
    return this.#server.perform(
      `record that unit ${failure.unit} failed`,
      async (worker) => {
        if (bug !== 'failure told but not recorded') await worker.steps.recordFailures(this.#plan, [failure]);
      },
      { startToCloseMs: 600_000, batch: false, cancelled },
    );
  }

  #meaning(from: number, ended: Ended<unknown>, recording: boolean): SweepEvent {
    switch (ended.kind) {
      case 'value':
        return { kind: recording ? 'recorded' : 'done', from };
      case 'failed':
        return { kind: 'failed', from, code: 'COMPUTE_CRASHED', message: ended.reason };
      case 'late':
        return recording ? { kind: 'stalled', from, reason: ended.reason } : { kind: 'late', from };
      case 'stalled':
        return { kind: 'stalled', from, reason: ended.reason };
      case 'cancelled':
        return { kind: 'given-back', from };
      case 'fatal':
        return { kind: 'broken', from };
    }
  }

  /** A sweep that is done has counted each of its units once. */
  #checkCount(): void {
    const done = this.#state.done.reduce((sum, units) => sum + units, 0);
    if (done !== this.#plan.units) this.#judged.wrong(`a sweep of ${this.#plan.units} units ended with ${done} done`);
  }
}
