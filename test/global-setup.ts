import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

/**
 * Compute children and workers start from the built code, so it is built once, before any test. Test files share a folder, in
 * which what several need is made by the first (`test/cli/finished-study.ts`); gives back what removes it.
 */
export default function setup(): () => void {
  build();
  const folder = mkdtempSync(path.join(tmpdir(), 'percuss-tests-'));
  process.env['TEST_RUN_FOLDER'] = folder;
  return () => rmSync(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
}

function build(): void {
  const root = fileURLToPath(new URL('..', import.meta.url));
  const { status } = spawnSync(process.execPath, [`${root}infra/bootstrap.mjs`], { stdio: 'inherit' });
  if (status === 0) return;
  if (!existsSync(`${root}dist/core`)) throw new Error('The build failed, and the tests need built code: see above.');
  console.warn('The build failed (see above): tests that start processes use what the compiler made of it.');
}
