import { isPercussError, PercussError } from '../core/errors.js';
import { endProcess } from './ending.js';
import { exitCodes } from './exit.js';

/** What a verb says of being interrupted. */
export interface Interruption {
  /** Said at once, for people: what ends, what goes on, and how to go on. */
  readonly say: () => void;
  /** The error with which the verb then ends. */
  readonly message: () => string;
}

/** `npx` passes on a Ctrl-C that the terminal has sent to us as well: within this time, both are one. */
const sameKeyMs = 100;

let stopWork: (() => void) | undefined;
let signals = 0;
let last = 0;

/**
 * Listens to Ctrl-C, SIGTERM and the end of the terminal from now on. The first one ends what is `interruptible` cleanly, or
 * goes to `fail` where nothing is; a second one ends the process at once with 130.
 */
export function listenToSignals(fail: (error: unknown) => void): void {
  const onSignal = (): void => {
    const now = Date.now();
    if (now - last < sameKeyMs) return;
    last = now;
    signals++;
    // The third one does not even wait for what was said.
    if (signals > 2) process.exit(exitCodes.interrupted);
    if (signals > 1) void endProcess(exitCodes.interrupted, true);
    else if (stopWork) stopWork();
    else fail(new PercussError('CANCELLED', 'interrupted'));
  };
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(name, onSignal);
}

/** Runs work that an interruption ends cleanly: it aborts the work's signal and says what goes on. */
export async function interruptible<T>(
  work: (signal: AbortSignal) => Promise<T>,
  { say, message }: Interruption,
): Promise<T> {
  const controller = new AbortController();
  const before = stopWork;
  stopWork = () => {
    say();
    controller.abort();
  };
  try {
    return await work(controller.signal);
  } catch (error) {
    // What was waited for may know less than the verb of what goes on now.
    if (controller.signal.aborted && isPercussError(error) && error.code === 'CANCELLED')
      throw new PercussError('CANCELLED', message(), { cause: error });
    throw error;
  } finally {
    stopWork = before;
  }
}

/**
 * What work that takes no signal comes to, unless the signal fires first: it is then left to end with the process.
 * @throws PercussError CANCELLED.
 */
export async function unlessInterrupted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  const interrupted = new Promise<never>((_, reject) => {
    const stop = (): void => reject(new PercussError('CANCELLED', 'interrupted'));
    if (signal.aborted) stop();
    else signal.addEventListener('abort', stop, { once: true });
  });
  work.catch(() => undefined);
  return Promise.race([work, interrupted]);
}
