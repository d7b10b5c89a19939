import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { WorkerOptions } from '@temporalio/worker';

/**
 * The workflow code for a worker: the bundle that the build made, or, where this code runs from its sources, the
 * sources, which the worker then bundles as it starts.
 */
export function workflowCode(): Pick<WorkerOptions, 'workflowBundle' | 'workflowsPath'> {
  const bundle = fileURLToPath(new URL('../workflows/bundle.js', import.meta.url));
  if (existsSync(bundle)) return { workflowBundle: { codePath: bundle } };
  return { workflowsPath: workflowEntry() };
}

function workflowEntry(): string {
  const built = fileURLToPath(new URL('../workflows/index.js', import.meta.url));
  return existsSync(built) ? built : built.replace(/\.js$/, '.ts');
}
