import { existsSync, readdirSync, statSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import type { WorkerOptions } from '@temporalio/worker';

/**
 * The workflow code for a worker: the bundle that the build made, or, where there is none or it is older than the code
 * beside it, that code itself, which the worker bundles as it starts (about two seconds).
 */
export function workflowCode(): Pick<WorkerOptions, 'workflowBundle' | 'workflowsPath'> {
  const folder = fileURLToPath(new URL('../workflows/', import.meta.url));
  const bundle = path.join(folder, 'bundle.js');
  if (existsSync(bundle)) {
    const made = statSync(bundle).mtimeMs;
    const newer = readdirSync(folder).some(
      (name) => name.endsWith('.js') && name !== 'bundle.js' && statSync(path.join(folder, name)).mtimeMs > made,
    );
    if (!newer) return { workflowBundle: { codePath: bundle } };
  }
  // Where this code runs from its sources, so do the workflows.
  const built = path.join(folder, 'index.js');
  return { workflowsPath: existsSync(built) ? built : path.join(folder, 'index.ts') };
}
