import { fileURLToPath } from 'node:url';
import { PercussError } from '../core/errors.js';
import type { Compute, ComputeOptions, ComputeResult, ComputeTask } from '../core/study/running/compute.js';
import { childEnvironment } from '../infra/settings.js';
import { ComputeProcess } from './compute-process.js';
import { computeEnvironment } from './compute-settings.js';

export interface ChildrenOptions {
  /** Processes, and so tasks at a time. */
  readonly slots: number;
  /** URL of the module whose `createHandler` the processes call. */
  readonly handler?: string;
  /** Built `workers/compute-child.js`; beside this file in the build. */
  readonly entry?: string;
  /** Bytes that one process may hold; see `ComputeProcessOptions`. */
  readonly memoryLimit?: number;
}

/** The port `Compute` over child processes. `pids` are those of the processes that run now. */
export interface Children extends Compute {
  readonly pids: () => readonly number[];
}

/**
 * One child process a slot, started when it is first needed. A process that dies, or is killed to cancel its task, is
 * replaced when the next task comes.
 */
export function computeChildren(options: ChildrenOptions): Children {
  const entry = options.entry ?? fileURLToPath(new URL('./compute-child.js', import.meta.url));
  const handler = options.handler ?? new URL('./compute-batch.js', import.meta.url).href;
  const limit = options.memoryLimit === undefined ? {} : { memoryLimit: options.memoryLimit };
  const env = childEnvironment(computeEnvironment, { store: true });
  const idle: ComputeProcess[] = [];
  const busy = new Set<ComputeProcess>();
  const waiting: (() => void)[] = [];
  let closed = false;

  const acquire = async (signal: AbortSignal | undefined): Promise<ComputeProcess> => {
    while (busy.size >= options.slots) {
      let turn: (() => void) | undefined;
      await new Promise<void>((resolve) => {
        turn = resolve;
        waiting.push(resolve);
        signal?.addEventListener('abort', () => resolve(), { once: true });
      });
      if (closed || signal?.aborted) {
        const place = waiting.indexOf(turn as () => void);
        // Woken by a turn that we no longer need: it is the next one's.
        if (place < 0) waiting.shift()?.();
        else waiting.splice(place, 1);
        throw cancelled();
      }
    }
    let child = idle.pop();
    while (child?.over) child = idle.pop();
    child ??= new ComputeProcess({ entry, handler, env, ...limit });
    busy.add(child);
    return child;
  };
  const release = (child: ComputeProcess): void => {
    busy.delete(child);
    if (!child.over && !closed) idle.push(child);
    waiting.shift()?.();
  };

  return {
    slots: options.slots,
    pids: () => [...busy, ...idle].flatMap((child) => (child.pid === undefined || child.over ? [] : [child.pid])),
    run: async (task: ComputeTask, runOptions: ComputeOptions = {}): Promise<ComputeResult> => {
      if (closed || runOptions.signal?.aborted) throw cancelled();
      const child = await acquire(runOptions.signal);
      try {
        return await child.run(task, runOptions);
      } finally {
        release(child);
      }
    },
    close: async () => {
      closed = true;
      for (const wake of waiting.splice(0)) wake();
      await Promise.all([...busy, ...idle].map((child) => child.close()));
      idle.length = 0;
    },
  };
}

function cancelled(): PercussError {
  return new PercussError('CANCELLED', 'the batch was cancelled before it began');
}
