import { Worker } from 'node:worker_threads';
import type { Hdf5Answer, Hdf5Task } from './hdf5-task.js';

/** What the thread says after each file. */
export interface Hdf5Told {
  readonly answer: Hdf5Answer;
  /** Nothing is left of that file: the next may be read by the same thread. */
  readonly reusable: boolean;
}

/** A thread that nobody asks is ended after so long: loading the library again takes less than what it holds costs. */
const idleMilliseconds = 30_000;

/** The thread that waits for the next file; at most one. */
let waiting: Hdf5Thread | undefined;

/** Sources are run by tests alone, which build first: a thread needs JavaScript. */
function entry(): URL {
  const here = import.meta.url;
  return here.endsWith('.ts')
    ? new URL('../../../dist/core/import/keras/hdf5-worker.js', here)
    : new URL('./hdf5-worker.js', here);
}

/** Reads HDF5 files one after the other; while it waits it does not keep the process alive. */
class Hdf5Thread {
  readonly #worker: Worker;
  #idle: NodeJS.Timeout | undefined;
  /** Told once it can read. */
  readonly #ready: Promise<void>;
  #tell: (told: Hdf5Told) => void = () => {};

  constructor() {
    this.#worker = new Worker(entry(), {
      resourceLimits: { maxOldGenerationSizeMb: 512, maxYoungGenerationSizeMb: 64 },
      execArgv: [],
    });
    const failed = (failure: string, excess: boolean): void => {
      if (waiting === this) waiting = undefined;
      clearTimeout(this.#idle);
      this.#tell({ answer: { failure, excess }, reusable: false });
    };
    this.#ready = new Promise((resolve) => {
      this.#worker.once('message', () => {
        this.#worker.on('message', (told: Hdf5Told) => this.#tell(told));
        resolve();
      });
    });
    this.#worker.once('error', (error: NodeJS.ErrnoException) =>
      error.code === 'ERR_WORKER_OUT_OF_MEMORY'
        ? failed('more memory than it may', true)
        : failed(error.message, false),
    );
    this.#worker.once('exit', () => failed('its reader ended', false));
  }

  async read(task: Hdf5Task, content: Uint8Array<ArrayBuffer>, milliseconds: number): Promise<Hdf5Told> {
    clearTimeout(this.#idle);
    this.#worker.ref();
    let timer: NodeJS.Timeout | undefined;
    const told = await new Promise<Hdf5Told>((resolve) => {
      this.#tell = resolve;
      // Loading the library is no fault of the file: on a busy machine it takes seconds.
      void this.#ready.then(() => {
        const failure = `more than ${Math.round(milliseconds / 1_000)} seconds`;
        timer = setTimeout(() => resolve({ answer: { failure, excess: true }, reusable: false }), milliseconds);
        this.#worker.postMessage(task, [content.buffer]);
      });
    });
    clearTimeout(timer);
    return told;
  }

  wait(): void {
    this.#worker.unref();
    this.#idle = setTimeout(() => {
      if (waiting === this) waiting = undefined;
      void this.end();
    }, idleMilliseconds).unref();
  }

  async end(): Promise<void> {
    await this.#worker.terminate();
  }
}

/**
 * What a thread makes of a file, within the time. The thread is kept for the next file where this one left nothing behind: loading
 * the library takes longer than reading most files.
 */
export async function answerOf(
  task: Hdf5Task,
  content: Uint8Array<ArrayBuffer>,
  milliseconds: number,
): Promise<Hdf5Answer> {
  const thread = waiting ?? new Hdf5Thread();
  waiting = undefined;
  const { answer, reusable } = await thread.read(task, content, milliseconds);
  if (reusable && waiting === undefined) {
    waiting = thread;
    thread.wait();
  } else {
    await thread.end();
  }
  return answer;
}
