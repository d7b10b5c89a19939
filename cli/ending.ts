import { exitCodes } from './exit.js';
import { settleDisplays } from './terminal.js';

/** Milliseconds for which an impatient end waits for whoever reads our output. */
const patienceMs = 1_000;

/** The first failure decides how the process ends, though it be met while that ends well. */
let exitCode: number = exitCodes.complete;
let told = false;

/**
 * Ends the process once all that was said has left it: of more than a pipe holds, what its reader has not taken yet would
 * be lost. `impatient`: a reader that takes nothing for a second is not waited for.
 */
export async function endProcess(code: number, impatient = false): Promise<never> {
  exitCode ||= code;
  settleDisplays();
  const written = Promise.all([drained(process.stdout), drained(process.stderr)]);
  await (impatient ? Promise.race([written, new Promise((resolve) => setTimeout(resolve, patienceMs))]) : written);
  // A native library may hold the event loop; everything of ours has been closed by now.
  process.exit(exitCode);
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
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE' || told) return;
    told = true;
    fail(error);
  });
  // There is nowhere left to tell it; the exit code still does.
  process.stderr.on('error', () => undefined);
  process.on('uncaughtException', fail);
  process.on('unhandledRejection', fail);
}
