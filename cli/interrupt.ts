import { PercussError } from '../core/errors.js';

/**
 * Runs work that Ctrl-C (or SIGTERM) ends cleanly: the first one aborts its signal and says how to go on, a second one
 * ends the process at once with 130.
 */
export async function interruptible<T>(work: (signal: AbortSignal) => Promise<T>, onInterrupt: () => void): Promise<T> {
  const controller = new AbortController();
  const stop = (): void => {
    if (controller.signal.aborted) process.exit(130);
    onInterrupt();
    controller.abort();
  };
  process.on('SIGINT', stop);
  process.on('SIGTERM', stop);
  try {
    return await work(controller.signal);
  } finally {
    process.off('SIGINT', stop);
    process.off('SIGTERM', stop);
  }
}

/**
 * What work that takes no signal comes to, unless the signal fires first: it is then left to end with the process.
 * @throws PercussError CANCELLED.
 */
export async function unlessInterrupted<T>(work: Promise<T>, signal: AbortSignal, message: string): Promise<T> {
  const interrupted = new Promise<never>((_, reject) => {
    const stop = (): void => reject(new PercussError('CANCELLED', message));
    if (signal.aborted) stop();
    else signal.addEventListener('abort', stop, { once: true });
  });
  return Promise.race([work, interrupted]);
}
