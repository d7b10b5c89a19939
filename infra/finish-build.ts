import { chmod, rename, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { bundleWorkflowCode } from '@temporalio/worker';
import type { Logger } from '@temporalio/worker';

/**
 * What the compiler leaves to do: bundles the built workflows into `dist/workflows/bundle.js`, so that workers start at once, and
 * lets the command be executed.
 */
const entry = fileURLToPath(new URL('../workflows/index.js', import.meta.url));
const target = fileURLToPath(new URL('../workflows/bundle.js', import.meta.url));
const silent = (): void => undefined;
const logger: Logger = {
  trace: silent,
  debug: silent,
  info: silent,
  log: silent,
  warn: console.warn,
  error: console.error,
};
const { code } = await bundleWorkflowCode({ workflowsPath: entry, logger });
// Workers that start meanwhile see the old bundle or the new one, never half of one.
const scratch = `${target}.${process.pid}`;
await writeFile(scratch, code);
await rename(scratch, target);
// npm does this only when it links the command, which it remembers of a clone: `npx percuss` would fail in a build made anew.
await chmod(fileURLToPath(new URL('../cli/main.js', import.meta.url)), 0o755);
