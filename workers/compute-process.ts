import { fork } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { PercussError } from '../core/errors.js';
import type { ComputeOptions, ComputeResult, ComputeTask } from '../core/study/running/compute.js';
import { computeFlags } from './compute-settings.js';
import { fromPlain } from './messages.js';
import type { ChildMessage, TaskMessage } from './messages.js';

export interface ComputeProcessOptions {
  /** Built `workers/compute-child.js`. */
  readonly entry: string;
  /** URL of a module that exports `createHandler`. */
  readonly handler: string;
  readonly env: NodeJS.ProcessEnv;
  /** Resident bytes at which the process is ended. Watched on Linux only. */
  readonly memoryLimit?: number;
}

const memoryPollMs = 500;
const pageBytes = 4096;

interface Job {
  readonly id: number;
  readonly task: ComputeTask;
  readonly onUnits: ((done: number) => void) | undefined;
  readonly settle: (outcome: { readonly result: ComputeResult } | { readonly error: PercussError }) => void;
}

/** One compute process with at most one task. Once it is over it stays so: take a new one. */
export class ComputeProcess {
  readonly #child: ChildProcess;
  readonly #ended: Promise<void>;
  readonly #memoryLimit: number | undefined;
  #job: Job | undefined;
  #stderr = '';
  #killedFor: 'cancelled' | 'memory' | undefined;
  #over = false;
  #ids = 0;

  constructor(options: ComputeProcessOptions) {
    this.#memoryLimit = options.memoryLimit;
    this.#child = fork(options.entry, [options.handler], {
      serialization: 'advanced',
      env: options.env,
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
      // The parent's own flags (a test runner's loader, an inspector's port) are not the child's.
      execArgv: [...computeFlags],
    });
    this.#child.stderr?.on('data', (part: Buffer) => {
      this.#stderr = `${this.#stderr}${part.toString()}`.slice(-1_000);
    });
    this.#child.on('message', (message) => this.#hear(message as ChildMessage));
    this.#ended = new Promise((resolve) => {
      const over = (why: string): void => {
        if (this.#over) return;
        this.#over = true;
        this.#lost(why);
        resolve();
      };
      this.#child.once('error', (error) => over(error.message));
      this.#child.once('close', (code, signal) => over(signal ?? `exit status ${code}`));
    });
    if (options.memoryLimit !== undefined) this.#watchMemory(options.memoryLimit);
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  get over(): boolean {
    return this.#over || this.#killedFor !== undefined;
  }

  /** Runs one task; see `Compute.run`. */
  run(task: ComputeTask, options: ComputeOptions): Promise<ComputeResult> {
    const { signal, onUnits } = options;
    return new Promise((resolve, reject) => {
      const cancel = (): void => this.kill('cancelled');
      this.#job = {
        id: ++this.#ids,
        task,
        onUnits,
        settle: (outcome) => {
          signal?.removeEventListener('abort', cancel);
          this.#job = undefined;
          if ('result' in outcome) resolve(outcome.result);
          else reject(outcome.error);
        },
      };
      signal?.addEventListener('abort', cancel, { once: true });
      if (signal?.aborted) return cancel();
      // A failed send means that the process is ending, which settles the job.
      this.#child.send({ id: this.#job.id, task } satisfies TaskMessage, () => undefined);
    });
  }

  kill(reason: 'cancelled' | 'memory'): void {
    this.#killedFor ??= reason;
    this.#child.kill('SIGKILL');
  }

  /** Resolves when the process is gone. */
  async close(): Promise<void> {
    this.kill('cancelled');
    await this.#ended;
  }

  #hear(message: ChildMessage): void {
    const job = this.#job;
    if (message.kind === 'ready' || job === undefined || message.id !== job.id) return;
    switch (message.kind) {
      case 'units':
        job.onUnits?.(message.done);
        return;
      case 'result':
        job.settle({ result: message.result });
        return;
      case 'error':
        job.settle({ error: fromPlain(message.error) });
        return;
    }
  }

  #lost(why: string): void {
    const job = this.#job;
    if (job === undefined) return;
    const { stage, from, to } = job.task;
    const batch = `units ${from} to ${to} of stage ${stage.index}`;
    if (this.#killedFor === 'cancelled') {
      job.settle({ error: new PercussError('CANCELLED', `${batch} were cancelled`) });
      return;
    }
    const reason =
      this.#killedFor === 'memory'
        ? `it held more than the ${this.#memoryLimit ?? 0} bytes that run.memory or --memory allows`
        : why;
    const said = this.#stderr.trim().split('\n').at(-1);
    job.settle({
      error: new PercussError(
        'COMPUTE_CRASHED',
        `the process that computed ${batch} ended (${reason}${said ? `; it said: ${said.slice(0, 300)}` : ''})`,
        { details: { from, to, stage: stage.index, reason: this.#killedFor ?? why } },
      ),
    });
  }

  #watchMemory(limit: number): void {
    const timer = setInterval(() => {
      readFile(`/proc/${this.#child.pid}/statm`, 'utf8').then(
        (text) => {
          if (Number(text.split(' ')[1]) * pageBytes > limit) this.kill('memory');
        },
        // No such file: the process has ended, or this isn't Linux.
        () => clearInterval(timer),
      );
    }, memoryPollMs);
    timer.unref();
  }
}
