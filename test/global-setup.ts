import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** Compute children and workers start from the built code, so it is built once, before any test. */
export default function setup(): void {
  const root = fileURLToPath(new URL('..', import.meta.url));
  const { status } = spawnSync(process.execPath, [`${root}infra/bootstrap.mjs`], { stdio: 'inherit' });
  if (status === 0) return;
  if (!existsSync(`${root}dist/core`)) throw new Error('The build failed, and the tests need built code: see above.');
  console.warn('The build failed (see above): tests that start processes use what the compiler made of it.');
}
