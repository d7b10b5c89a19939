import { exitCodes } from './exit.js';
import { settleDisplays } from './terminal.js';

/** Milliseconds for which an impatient end waits for whoever reads our output. */
const patienceMs = 1_000;

let gone = false;

/**
 * Ends the process once all that was said has left it: of more than a pipe holds, what its reader has not taken yet would
 * be lost. `impatient`: a reader that takes nothing for a second is not waited for.
 */
export async function endProcess(code: number, impatient = false): Promise<never> {
  settleDisplays();
  const written = Promise.all([drained(process.stdout), drained(process.stderr)]);
  await (impatient ? Promise.race([written, new Promise((resolve) => setTimeout(resolve, patienceMs))]) : written);
  // A native library may hold the event loop; everything of ours has been closed by now.
  process.exit(code);
}

function drained(stream: NodeJS.WriteStream): Promise<void> {
  if (!stream.writable) return Promise.resolve();
  return new Promise((resolve) => void stream.write('', () => resolve()));
}

/**
 * What holds for every way in which the process may end: the terminal is left as it was found, a reader of a pipe may leave
 * early (`percuss query … | head`) without harm to what we do, and what nobody caught goes to `fail`.
 */
export function guardProcess(fail: (error: unknown) => void): void {
  process.on('exit', settleDisplays);
  for (const stream of [process.stdout, process.stderr]) {
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EPIPE' || gone) return;
      gone = true;
      // The rest could not be written either, on the standard output; it is told on what is left.
      if (stream === process.stderr) process.exit(process.exitCode ?? exitCodes.complete);
      fail(error);
    });
  }
  process.on('uncaughtException', fail);
  process.on('unhandledRejection', fail);
}
