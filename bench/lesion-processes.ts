import { fork, type ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { Method, Reply, Request } from './lesion-child.js';
import { emptyResults, place, type Kernel, type Subject, type SweepRun } from './sweep.js';

/** Single-threaded processes side by side, as percuss computes. */
export class LesionProcesses {
  readonly #children: readonly ChildProcess[];

  constructor(count: number) {
    const entry = fileURLToPath(new URL('./lesion-child.js', import.meta.url));
    this.#children = Array.from({ length: count }, () => fork(entry, [], { serialization: 'advanced' }));
  }

  /** Makes a network ready in every process. Programs are compiled when they are first run, so within the time taken. */
  async open(subject: Subject): Promise<void> {
    await Promise.all(this.#children.map((child) => ask(child, { ask: 'open', subject })));
  }

  /** Runs all kernels in batches of about equal work; a process that is free takes the next one. */
  async run(
    method: Method,
    kernels: readonly Kernel[],
    work: (kernel: Kernel) => number,
    batches: number,
    images: number,
  ): Promise<SweepRun> {
    const queue = divide(kernels, work, batches);
    const results = emptyResults(kernels.length * images, method === 'whole');
    let cpu = 0;
    let idle = 0;
    const started = performance.now();
    await Promise.all(
      this.#children.map(async (child) => {
        for (let range = queue.shift(); range; range = queue.shift()) {
          const reply = await ask(child, { ask: 'run', method, kernels: kernels.slice(range.from, range.to) });
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

function divide(
  kernels: readonly Kernel[],
  work: (kernel: Kernel) => number,
  batches: number,
): { readonly from: number; readonly to: number }[] {
  const share = kernels.reduce((sum, kernel) => sum + work(kernel), 0) / batches;
  const ranges: { from: number; to: number }[] = [];
  let done = 0;
  for (const [index, kernel] of kernels.entries()) {
    const last = ranges.at(-1);
    if (last && done < share * ranges.length) last.to = index + 1;
    else ranges.push({ from: index, to: index + 1 });
    done += work(kernel);
  }
  return ranges;
}
