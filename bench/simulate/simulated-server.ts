import { errorCodes } from '../../core/error-codes.js';
import { isPercussError, messageOf } from '../../core/errors.js';
import { SimulatedWorker, type Judged } from './simulated-worker.js';

/** Without a sign of life for so long, a worker counts as lost. */
const HEARTBEAT_MS = 30_000;
const RESTART_MS = 5_000;

/** How an activity ended, as a workflow is told: with a value, stopped by the infrastructure, too late, cancelled, failed by itself, or for good. */
export type Ended<T> =
  | { readonly kind: 'value'; readonly value: T }
  | { readonly kind: 'stalled' | 'late' | 'cancelled' | 'failed' | 'fatal'; readonly reason: string };

export interface ActivityOptions {
  readonly startToCloseMs: number;
  /** Batches run on a compute slot, others need none. */
  readonly batch: boolean;
  readonly cancelled: () => boolean;
}

/** What a Temporal server and its workers do with activities: dispatch, time out, try again, and pass on what is reported in time. */
export class SimulatedServer {
  readonly workers: SimulatedWorker[] = [];
  readonly #judged: Judged;
  #started = 0;

  constructor(judged: Judged, workers: number) {
    this.#judged = judged;
    for (let i = 0; i < workers; i++) this.#startWorker(i);
  }

  /** Ends a worker; another one takes its place. */
  killWorker(at: number): void {
    const { around } = this.#judged;
    const worker = this.workers[at];
    if (!worker || worker.process.dead) return;
    around.trace(`${worker.process.name} is killed`);
    worker.process.kill();
    around.clock.after(RESTART_MS, () => this.#startWorker(at));
  }

  /** An activity, tried twice where the infrastructure stops it. */
  async perform<T>(
    name: string,
    work: (worker: SimulatedWorker) => Promise<T>,
    options: ActivityOptions,
  ): Promise<Ended<T>> {
    const { around } = this.#judged;
    let ended: Ended<T> = { kind: 'cancelled', reason: 'before it began' };
    for (let attempt = 1; attempt <= 2 && !options.cancelled(); attempt++) {
      const worker = await this.#free(options);
      if (!worker) return ended;
      around.trace(`${name} starts on ${worker.process.name}, attempt ${attempt}`);
      ended = await this.#attempt(worker, work, options);
      around.trace(`${name}: ${ended.kind}${ended.kind === 'value' ? '' : `, ${ended.reason}`}`);
      if (ended.kind !== 'stalled') return ended;
      await around.clock.sleep(1_000);
    }
    return ended;
  }

  #startWorker(at: number): void {
    const { faults } = this.#judged.around;
    this.workers[at] = new SimulatedWorker(`w${++this.#started}`, this.#judged, faults.silentVersions && at % 2 === 1);
  }

  /** A worker that takes the next task: one that is neither dead, suspended nor, for a batch, busy. */
  async #free({ batch, cancelled }: ActivityOptions): Promise<SimulatedWorker | undefined> {
    const { clock, random } = this.#judged.around;
    for (;;) {
      await clock.sleep(20 + random.below(200));
      if (cancelled()) return undefined;
      const free = this.workers.filter(
        ({ process, busy }) => !process.dead && process.suspendedUntil <= clock.now && !(batch && busy),
      );
      if (free.length > 0) return free[random.below(free.length)];
    }
  }

  #attempt<T>(
    worker: SimulatedWorker,
    work: (worker: SimulatedWorker) => Promise<T>,
    { startToCloseMs, batch, cancelled }: ActivityOptions,
  ): Promise<Ended<T>> {
    const { clock, faults, random, disturbed } = this.#judged.around;
    const { process } = worker;
    const began = clock.now;
    const lost = disturbed() && random.uniform() < faults.lostReports;
    if (batch) worker.busy = true;
    return new Promise((resolve) => {
      let open = true;
      // What is reported after the attempt is over, by a worker that was taken for dead, changes nothing any more.
      const end = (ended: Ended<T>): void => {
        if (open) resolve(ended);
        open = false;
      };
      const report = (ended: Ended<T>): void => {
        if (batch) worker.busy = false;
        const deliver = (): void => {
          const wait = process.suspendedUntil - clock.now;
          if (process.dead) return;
          if (wait > 0) clock.after(wait, deliver);
          else end(ended);
        };
        if (!lost) clock.after(1 + random.below(50), deliver);
        else clock.after(HEARTBEAT_MS, () => end({ kind: 'stalled', reason: 'no sign of life' }));
      };
      void work(worker).then(
        (value) => report({ kind: 'value', value }),
        (error: unknown) => report(meaning(error)),
      );
      let silentSince: number | undefined;
      const watch = (): void => {
        if (!open) return;
        if (cancelled()) {
          worker.killChild();
          end({ kind: 'cancelled', reason: 'asked for' });
          return;
        }
        const silent = process.dead || process.suspendedUntil > clock.now;
        silentSince = silent ? (silentSince ?? clock.now) : undefined;
        if (silentSince !== undefined && clock.now - silentSince >= HEARTBEAT_MS)
          end({ kind: 'stalled', reason: 'no sign of life' });
        else if (clock.now - began >= startToCloseMs) end({ kind: 'late', reason: 'not done in time' });
        else clock.after(5_000, watch);
      };
      clock.after(5_000, watch);
    });
  }
}

/** As `activities/failures.ts`: infrastructure is tried again, a batch's own failure is a result, all else ends the study. */
function meaning(error: unknown): Ended<never> {
  const reason = messageOf(error);
  if (!isPercussError(error)) throw error;
  const { kind } = errorCodes[error.code];
  if (kind === 'infrastructure') return { kind: 'stalled', reason };
  return { kind: kind === 'compute' ? 'failed' : 'fatal', reason };
}
