import type { Digest } from '../../core/digest.js';
import { PercussError } from '../../core/errors.js';
import { Ledger } from '../../core/ledger/ledger.js';
import { chunkOf, conditionList, keepsOutputsOf } from '../../core/plan/outline.js';
import { printEdits, SEMANTICS } from '../../core/plan/identity.js';
import { storedAs } from '../../core/plan/stage.js';
import { createSteps } from '../../core/study/create-steps.js';
import type { GroupContext } from '../../core/study/running/batch.js';
import { BatchUnits } from './batch-units.js';
import { commitBatch } from '../../core/study/running/commit-cells.js';
import type { ComputeResult, ComputeTask } from '../../core/study/running/compute.js';
import type { StudySteps } from '../../core/study/steps.js';
import { provenance, type KnownAnswers } from './known-answers.js';
import { SimulatedProcess, type SimulatedStore, type Surroundings } from './simulated-store.js';
import type { Workload } from './workload.js';

/** What is kept of a run to judge it by. */
export interface Judged {
  readonly around: Surroundings;
  readonly store: SimulatedStore;
  readonly workload: Workload;
  readonly answers: KnownAnswers;
  /** When a batch that told what it committed was complete, by unit. */
  readonly completed: Map<string, number>;
  /** Runs of a unit alone that failed. */
  readonly crashes: Map<Digest, number>;
  readonly poison: Set<Digest>;
  readonly wrong: (what: string) => void;
}

/** Virtual milliseconds that a unit takes. */
const UNIT_MS = 4_000;

/** A worker: a process that plans and records, and a child that computes. */
export class SimulatedWorker {
  readonly process: SimulatedProcess;
  readonly steps: StudySteps;
  busy = false;
  readonly #judged: Judged;
  readonly #silent: boolean;
  #children = 0;
  #child: { readonly process: SimulatedProcess; readonly ledger: Ledger; readonly units: BatchUnits } | undefined;

  constructor(name: string, judged: Judged, silent: boolean) {
    this.process = new SimulatedProcess(name);
    this.#judged = judged;
    this.#silent = silent;
    const { workload } = judged;
    this.steps = createSteps({
      ledger: this.#ledgerOf(this.process),
      catalog: workload.catalog,
      compute: { slots: 1, run: (task) => this.#run(task), close: async () => undefined },
    });
    this.process.onDeath.push(() => this.#child?.process.kill());
  }

  /** Ends the process that computes; the batch in hand fails. */
  killChild(): void {
    this.#child?.process.kill();
  }

  suspend(until: number): void {
    this.process.suspendedUntil = until;
    if (this.#child) this.#child.process.suspendedUntil = until;
  }

  #ledgerOf(process: SimulatedProcess): Ledger {
    const { store, around } = this.#judged;
    const { clock, random, faults } = around;
    const skew = faults.skewMs === 0 ? 0 : random.below(2 * faults.skewMs) - faults.skewMs;
    return new Ledger(store.port(process, this.#silent), { now: () => clock.now + skew });
  }

  #run({ stage, from, to }: ComputeTask): Promise<ComputeResult> {
    const { around, workload, completed } = this.#judged;
    if (!this.#child || this.#child.process.dead) {
      const process = new SimulatedProcess(`${this.process.name}.${++this.#children}`);
      process.suspendedUntil = this.process.suspendedUntil;
      const ledger = this.#ledgerOf(process);
      this.#child = { process, ledger, units: new BatchUnits(ledger, workload.catalog) };
    }
    const child = this.#child;
    const started = around.clock.now;
    const seen: string[] = [];
    return new Promise((resolve, reject) => {
      child.process.onDeath.push(() => reject(new PercussError('COMPUTE_CRASHED', 'simulated: the process died')));
      child.units
        .run(stage, from, to, async (context) => {
          await this.#compute(child, context, started);
          for (const { key } of context.missing) seen.push(...unitParts(context, key));
          return 0;
        })
        .then((tally) => {
          if (child.process.dead) return;
          if (!this.#silent) for (const key of seen) completed.set(key, around.clock.now);
          resolve({ outcome: { ...tally, seconds: (around.clock.now - started) / 1000 } });
        }, reject);
    });
  }

  async #compute(
    child: { readonly process: SimulatedProcess; readonly ledger: Ledger },
    context: GroupContext,
    started: number,
  ): Promise<void> {
    const { model, group, missing } = context;
    const { around, answers, wrong } = this.#judged;
    const { faults, random, disturbed, bug } = around;
    const { process, ledger } = child;
    around.trace(`${process.name} computes ${missing.length} of ${group.name || group.kind}`);
    for (const { key } of missing) {
      this.#checkAnew(context, key, started);
      if (!answers.cells.has(key) && !answers.results.has(key))
        wrong(`${group.name || group.kind} asks for a unit that an undisturbed run does not have`);
    }
    const slow = disturbed() ? 1 + random.uniform() * (faults.slowness - 1) : 1;
    await awake(around, process, slow * UNIT_MS * missing.length);
    this.#mayCrash(process, missing);
    if (storedAs[group.kind] === 'result') {
      for (const { key } of missing) {
        const result = answers.results.get(key);
        if (!result) continue;
        await ledger.commitResult(
          { ...model.scope, semantics: SEMANTICS },
          key,
          result.tensors,
          result.metadata,
          provenance,
        );
      }
      return;
    }
    const mixed = bug === 'values of another unit are committed' && process.suspendedUntil > 0;
    const cells = missing.map(({ key, index }, i) => {
      const edits = group.kind === 'baseline' ? [] : conditionList(model, group.name).at(index).condition.edits;
      const of = mixed ? (missing[(i + 1) % missing.length]?.key ?? key) : key;
      return {
        ...(answers.cells.get(of) as NonNullable<ReturnType<KnownAnswers['cells']['get']>>),
        key,
        edits: printEdits(edits),
      };
    });
    const outputs = () => missing.flatMap(({ key }) => answers.outputs.get(key) ?? []);
    await commitBatch(
      ledger,
      { outline: model, group, chunk: chunkOf(model, group.chunk) },
      cells,
      outputs,
      provenance,
    );
  }

  /** What was complete and told before this batch began must not be computed again, unless reading it or listing it went wrong. */
  #checkAnew(context: GroupContext, key: Digest, started: number): void {
    const { around, completed, wrong } = this.#judged;
    const { faults } = around;
    const before = completed.get(unitParts(context, key).at(-1) ?? key);
    if (before === undefined || faults.flipped > 0 || before > started - faults.lagMs) return;
    wrong(`unit ${key.slice(0, 8)} is computed again, ${started - before} ms after it was complete`);
  }

  #mayCrash(process: SimulatedProcess, missing: GroupContext['missing']): void {
    const { around, crashes, poison } = this.#judged;
    const { faults, random, disturbed } = around;
    const [only] = missing;
    const alone = missing.length === 1 && only !== undefined;
    const before = alone ? (crashes.get(only.key) ?? 0) : 0;
    const isPoisoned = missing.some(({ key }) => poison.has(key));
    // A unit by itself is let through the third time, so that nothing but poison is recorded as failed.
    const crashed = disturbed() && before < 2 && random.uniform() < faults.crashed;
    if (!isPoisoned && !crashed) return;
    if (alone) crashes.set(only.key, before + 1);
    around.trace(`${process.name} dies of ${missing.length} units`);
    process.kill();
  }
}

/** Lets time pass for a process: longer where it is suspended, for ever where it dies. */
function awake({ clock }: Surroundings, process: SimulatedProcess, ms: number): Promise<void> {
  return new Promise((resolve) => {
    const look = (): void => {
      if (process.dead) return;
      const wait = process.suspendedUntil - clock.now;
      if (wait > 0) clock.after(wait, look);
      else resolve();
    };
    clock.after(ms, look);
  });
}

/** What a unit leaves, what is asked for last: its cell or result, and its outputs where the group keeps them. */
const unitParts = ({ model, group }: GroupContext, key: Digest): readonly string[] =>
  keepsOutputsOf(model, group) ? [key, `${key} outputs`] : [key];
