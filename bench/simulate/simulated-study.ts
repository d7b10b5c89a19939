import { backOffMs } from '../../core/back-off.js';
import { Ledger } from '../../core/ledger/ledger.js';
import type { StudyRef } from '../../core/spec/resolved-study.js';
import type { StagePlan, StudyEnd } from '../../core/study/steps.js';
import type { SimulatedServer } from './simulated-server.js';
import { SimulatedProcess } from './simulated-store.js';
import { SimulatedSweep, type StudyControls } from './simulated-sweep.js';
import type { Judged, SimulatedWorker } from './simulated-worker.js';
import { submit, type StudyName } from './workload.js';

/** A study as a person sees it: submitted, and again where it was cancelled, failed, or left units out. */
export class SimulatedStudy {
  readonly name: StudyName;
  readonly controls: StudyControls = { paused: false, cancelled: false };
  over = false;
  ref: StudyRef | undefined;
  #sweep: SimulatedSweep | undefined;
  readonly #judged: Judged;
  readonly #server: SimulatedServer;
  /** Stages whose sweep counted all units, and which units were then committed or recorded: planning must not find them again. */
  #finished = -1;

  constructor(name: StudyName, judged: Judged, server: SimulatedServer) {
    this.name = name;
    this.#judged = judged;
    this.#server = server;
  }

  signal(kind: 'paused' | 'resumed' | 'cancelled'): void {
    this.#judged.around.trace(`study ${this.name} is ${kind}`);
    if (kind === 'cancelled') this.controls.cancelled = true;
    else this.controls.paused = kind === 'paused';
    this.#sweep?.signal(kind);
  }

  /** Resolves when nothing is missing and nothing failed. */
  async run(): Promise<void> {
    const { around, poison } = this.#judged;
    for (;;) {
      this.controls.cancelled = false;
      this.#finished = -1;
      this.ref = await this.#submitted();
      const end = await this.#stages(this.ref);
      around.trace(`study ${this.name} ends: ${JSON.stringify(end)}`);
      if (end?.failed === 0) break;
      // Who submits again has found out what was wrong.
      if (end !== undefined && !around.disturbed()) poison.clear();
      await around.clock.sleep(5_000);
    }
    this.over = true;
  }

  async #submitted(): Promise<StudyRef> {
    const { around, store, workload } = this.#judged;
    for (;;) {
      const ledger = new Ledger(store.port(new SimulatedProcess(`submit-${this.name}`)), {
        now: () => around.clock.now,
      });
      try {
        return await submit(ledger, workload, this.name);
      } catch {
        await around.clock.sleep(2_000);
      }
    }
  }

  /** Stage by stage; undefined where it was cancelled or failed. */
  async #stages(ref: StudyRef): Promise<StudyEnd | undefined> {
    for (let index = 0; !this.controls.cancelled; index++) {
      const plan = await this.#planned(ref, index);
      if (plan === undefined) return undefined;
      if (!plan.ref) return plan;
      this.#checkProgress(plan);
      const { bug } = this.#judged.around;
      const sweep = new SimulatedSweep(
        this.#judged,
        this.#server,
        cut(plan, bug === 'stage ends one unit early'),
        this.controls,
      );
      this.#sweep = sweep;
      const outcome = await sweep.run();
      this.#sweep = undefined;
      if (outcome === 'cancelled' && bug === 'cancel removes what was committed') await this.#removeCells();
      if (outcome !== 'done') return undefined;
      if (bug === 'study ends with its first stage') return { stored: 0, failed: 0 };
      this.#finished = plan.index;
    }
    return undefined;
  }

  /** Without damage and with listings that are true, each stage is behind that of the last sweep. */
  #checkProgress(plan: StagePlan): void {
    const { faults, bug } = this.#judged.around;
    if (plan.index > this.#finished || faults.flipped > 0 || faults.lagMs > 0) return;
    if (bug === undefined || plan.index <= this.#finished)
      this.#judged.wrong(`stage ${plan.index} is planned again, though a sweep counted all its units`);
  }

  async #planned(ref: StudyRef, index: number): Promise<StagePlan | StudyEnd | undefined> {
    const { around } = this.#judged;
    const work = (worker: SimulatedWorker): Promise<StagePlan | StudyEnd> => worker.steps.planStage(ref, index);
    for (let attempts = 1; ; attempts++) {
      while (this.controls.paused && !this.controls.cancelled) await around.clock.sleep(1_000);
      const ended = await this.#server.perform(`plan of ${this.name}`, work, {
        startToCloseMs: 24 * 3_600_000,
        batch: false,
        cancelled: () => this.controls.cancelled,
      });
      if (ended.kind === 'value') return ended.value;
      if (ended.kind !== 'stalled') return undefined;
      await around.clock.sleep(backOffMs(attempts));
    }
  }

  async #removeCells(): Promise<void> {
    const { objects } = this.#judged.store;
    for await (const { key } of objects.list('cells/')) await objects.remove(key);
  }
}

function cut(plan: StagePlan, early: boolean): StagePlan {
  if (!early) return plan;
  const segments = plan.segments.map((each) => (each.to === plan.units ? { ...each, to: each.to - 1 } : each));
  return { ...plan, units: plan.units - 1, segments };
}
