import { fork, type ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { NumericMode } from '../core/numeric-mode.js';
import type { Method, Reply, Request } from './lesion-child.js';
import { emptyResults, place, type Lesion, type Subject, type SweepRun } from './sweep.js';

/** Single-threaded processes side by side, as percuss computes. */
export class LesionProcesses {
  readonly #children: readonly ChildProcess[];

  constructor(count: number, mode: NumericMode = { engine: 'onnxruntime', precision: 'float32', device: 'cpu' }) {
    const entry = fileURLToPath(new URL('./lesion-child.js', import.meta.url));
    this.#children = Array.from({ length: count }, () =>
      fork(entry, [JSON.stringify(mode)], { serialization: 'advanced' }),
    );
  }

  /** Makes a network ready in every process. Programs are compiled when they are first run, so within the time taken. */
  async open(subject: Subject): Promise<void> {
    await Promise.all(this.#children.map((child) => ask(child, { ask: 'open', subject })));
  }

  /** Runs all lesions in batches of about equal work; a process that is free takes the next one. */
  async run<L extends Lesion>(
    method: Method,
    lesions: readonly L[],
    work: (lesion: L) => number,
    batches: number,
    images: number,
  ): Promise<SweepRun> {
    const queue = divide(lesions, work, batches);
    const results = emptyResults(lesions.length * images, method === 'whole');
    let cpu = 0;
    let idle = 0;
    const started = performance.now();
    await Promise.all(
      this.#children.map(async (child) => {
        for (let range = queue.shift(); range; range = queue.shift()) {
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

function divide<L>(
  lesions: readonly L[],
  work: (lesion: L) => number,
  batches: number,
): { readonly from: number; readonly to: number }[] {
  const share = lesions.reduce((sum, lesion) => sum + work(lesion), 0) / batches;
  const ranges: { from: number; to: number }[] = [];
  let done = 0;
  for (const [index, lesion] of lesions.entries()) {
    const last = ranges.at(-1);
    if (last && done < share * ranges.length) last.to = index + 1;
    else ranges.push({ from: index, to: index + 1 });
    done += work(lesion);
  }
  return ranges;
}
