import { fork, type ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { NumericMode } from '../core/numeric-mode.js';
import { LEAST_SECONDS } from '../core/plan/planner.js';
import { nextWork } from '../core/self-scheduling.js';
import { computeFlags } from '../workers/compute-settings.js';
import type { Method, Reply, Request } from './lesion-child.js';
import { emptyResults, place, type Lesion, type Subject, type SweepRun } from './sweep.js';

/** What percuss aims at for one batch. */
const BATCH_SECONDS = 5;

/** Single-threaded processes side by side, as percuss computes. */
export class LesionProcesses {
  readonly #children: readonly ChildProcess[];

  constructor(count: number, mode: NumericMode = { engine: 'onnxruntime', precision: 'float32', device: 'cpu' }) {
    const entry = fileURLToPath(new URL('./lesion-child.js', import.meta.url));
    this.#children = Array.from({ length: count }, () =>
      fork(entry, [JSON.stringify(mode)], { serialization: 'advanced', execArgv: [...computeFlags] }),
    );
  }

  /** Makes a network ready in every process. Programs are compiled when they are first run, so within the time taken. */
  async open(subject: Subject): Promise<void> {
    await Promise.all(this.#children.map((child) => ask(child, { ask: 'open', subject })));
  }

  /** Has every process do what a sweep of the whole network does once: its compilations, and the intact network. */
  async prepareWhole(lesions: readonly Lesion[]): Promise<void> {
    const asked = lesions.map(({ cuts }) => ({ cuts }));
    await Promise.all(this.#children.map((child) => ask(child, { ask: 'prepare whole', lesions: asked })));
  }

  /**
   * Runs all lesions; a process that is free takes the next batch, whose size follows the rule that percuss's stages follow.
   *
   * @param work of a lesion, in any measure
   * @param seconds predicted for all lesions on one process
   */
  async run<L extends Lesion>(
    method: Method,
    lesions: readonly L[],
    work: (lesion: L) => number,
    seconds: number,
    images: number,
  ): Promise<SweepRun> {
    const next = queueOf(lesions.map(work), seconds, this.#children.length);
    const results = emptyResults(lesions.length * images, method === 'whole');
    let cpu = 0;
    let idle = 0;
    const started = performance.now();
    await Promise.all(
      this.#children.map(async (child) => {
        for (let range = next(); range; range = next()) {
          const part = lesions.slice(range.from, range.to).map(({ cuts }) => ({ cuts }));
          const reply = await ask(child, { ask: 'run', method, lesions: part });
          if (reply.results) place(results, reply.results, range.from * images);
          cpu += reply.cpu ?? 0;
          idle += reply.idle ?? 0;
        }
      }),
    );
    return { seconds: (performance.now() - started) / 1000, cpu, idle, results };
  }

  close(): void {
    for (const child of this.#children) if (child.connected) child.disconnect();
  }
}

function ask(child: ChildProcess, request: Request): Promise<Reply> {
  return new Promise((resolve, reject) => {
    const ended = (code: number | null, signal: string | null): void =>
      reject(new Error(`a bench process ended (${signal ?? code})`));
    child.once('exit', ended);
    child.once('message', (reply: Reply) => {
      child.off('exit', ended);
      if (reply.error === undefined) resolve(reply);
      else reject(new Error(reply.error));
    });
    child.send(request);
  });
}

/** Takes ranges of what is left, of which each is as much as a batch should be by then, and at least one lesion. */
function queueOf(
  work: readonly number[],
  seconds: number,
  slots: number,
): () => { readonly from: number; readonly to: number } | undefined {
  const whole = work.reduce((sum, one) => sum + one, 0);
  const of = (index: number): number => (seconds * (work[index] as number)) / whole;
  let left = seconds;
  let next = 0;
  return () => {
    const from = next;
    if (from === work.length) return undefined;
    const most = nextWork({ left, slots, most: BATCH_SECONDS, least: LEAST_SECONDS });
    let taken = of(next++);
    while (next < work.length && taken + of(next) <= most) taken += of(next++);
    left -= taken;
    return { from, to: next };
  };
}
