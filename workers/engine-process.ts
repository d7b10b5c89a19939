import { fork, type ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { PercussError } from '../core/errors.js';
import { printNumericMode, type NumericMode } from '../core/numeric-mode.js';
import { childEnvironment } from '../infra/settings.js';
import { computeEnvironment, computeFlags } from './compute-settings.js';
import type { EngineAnswer, EngineReply, EngineTask } from './engine-tasks.js';
import { fromPlain } from './messages.js';

export interface AskOptions {
  /** Seconds that one task may take; 60 unless given. */
  readonly timeoutSeconds?: number;
  /** Built `workers/engine-child.js`; beside this file in the build. */
  readonly entry?: string;
  readonly signal?: AbortSignal;
}

/** What became of a task. */
export type EngineOutcome = { readonly answer: EngineAnswer } | { readonly error: PercussError };

/**
 * Asks engines, each mode in a process of its own, one task after another. One that ends the process, or doesn't come back in time,
 * is an ENGINE_UNAVAILABLE of its own; the others are asked in a new process.
 */
export async function askEngines(tasks: readonly EngineTask[], options: AskOptions = {}): Promise<EngineOutcome[]> {
  const entry = options.entry ?? fileURLToPath(new URL('./engine-child.js', import.meta.url));
  const outcomes: EngineOutcome[] = [];
  while (outcomes.length < tasks.length) {
    if (options.signal?.aborted) throw new PercussError('CANCELLED', 'interrupted while engines were tried');
    const child = new EngineProcess(entry);
    try {
      // Two builds of one library, such as TensorFlow's for processor and GPU, do not fit into a process.
      const { mode } = tasks[outcomes.length] as EngineTask;
      for (
        let task = tasks[outcomes.length];
        task && !child.over && printNumericMode(task.mode) === printNumericMode(mode);
        task = tasks[outcomes.length]
      ) {
        outcomes.push(await child.ask(task, options));
      }
    } finally {
      await child.end();
    }
  }
  return outcomes;
}

/** One task. @throws PercussError what the engine threw; ENGINE_UNAVAILABLE where it took its process along. */
export async function askEngine(task: EngineTask, options: AskOptions = {}): Promise<EngineAnswer> {
  const [outcome] = await askEngines([task], options);
  if (outcome && 'answer' in outcome) return outcome.answer;
  throw outcome?.error ?? new PercussError('BUG', 'an engine was asked and gave no answer');
}

/**
 * Makes sure that a mode can be served here, without a risk to this process.
 * @throws PercussError ENGINE_UNAVAILABLE with the way out.
 */
export async function ensureEngine(mode: NumericMode, options: AskOptions = {}): Promise<void> {
  await askEngine({ kind: 'open', mode }, options);
}

class EngineProcess {
  readonly #child: ChildProcess;
  readonly #ended: Promise<string>;
  #said = '';
  over = false;

  constructor(entry: string) {
    this.#child = fork(entry, [], {
      serialization: 'advanced',
      env: childEnvironment(computeEnvironment),
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
      execArgv: [...computeFlags],
    });
    this.#child.stderr?.on('data', (part: Buffer) => {
      this.#said = `${this.#said}${part.toString()}`.slice(-1_000);
    });
    this.#ended = new Promise((resolve) => {
      const end = (why: string): void => {
        this.over = true;
        resolve(why);
      };
      this.#child.once('error', (error) => end(error.message));
      this.#child.once('close', (code, signal) => end(signal ?? `exit status ${code}`));
    });
  }

  async ask(task: EngineTask, { timeoutSeconds = 60, signal }: AskOptions): Promise<EngineOutcome> {
    const { engine, device } = task.mode;
    let late = false;
    const timer = setTimeout(() => {
      late = true;
      this.#child.kill('SIGKILL');
    }, 1000 * timeoutSeconds);
    const abort = (): void => void this.#child.kill('SIGKILL');
    signal?.addEventListener('abort', abort, { once: true });
    try {
      const reply = new Promise<EngineReply>((resolve) => {
        this.#child.once('message', (message) => resolve(message as EngineReply));
      });
      this.#child.send(task, () => undefined);
      const first = await Promise.race([reply, this.#ended]);
      if (typeof first !== 'string') return 'answer' in first ? first : { error: fromPlain(first.error) };
      if (signal?.aborted) return { error: new PercussError('CANCELLED', 'interrupted while engines were tried') };
      const last = this.#said.trim().split('\n').at(-1);
      const how = late ? `did not come back within ${timeoutSeconds} s` : `ended its process (${first})`;
      return {
        error: new PercussError(
          'ENGINE_UNAVAILABLE',
          `${engine} on ${device} ${how}${last ? `; it said: ${last.slice(0, 300)}` : ''}. Its driver or libraries are not fit for use; choose another device`,
          { details: { engine, device } },
        ),
      };
    } finally {
      clearTimeout(timer);
      signal?.removeEventListener('abort', abort);
    }
  }

  async end(): Promise<void> {
    this.#child.kill('SIGKILL');
    await this.#ended;
  }
}
