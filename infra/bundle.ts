import { rename, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { bundleWorkflowCode } from '@temporalio/worker';

/** Bundles the built workflows into `dist/workflows/bundle.js`, so that workers start at once. Part of the build. */
const entry = fileURLToPath(new URL('../workflows/index.js', import.meta.url));
const target = fileURLToPath(new URL('../workflows/bundle.js', import.meta.url));
const quiet = { trace() {}, debug() {}, info() {}, log() {}, warn: console.warn, error: console.error };
const { code } = await bundleWorkflowCode({ workflowsPath: entry, logger: quiet });
// Workers that start meanwhile see the old bundle or the new one, never half of one.
await writeFile(`${target}.${process.pid}`, code);
await rename(`${target}.${process.pid}`, target);
