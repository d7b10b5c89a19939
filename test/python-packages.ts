import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import { homedir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** A Python that has some packages. */
export interface PythonWithPackages {
  readonly python: string;
  /** What it must have in its environment. */
  readonly environment: Readonly<Record<string, string>>;
}

export interface NoPython {
  readonly unavailable: string;
}

/**
 * Python with packages of its index, in a folder of the cache that is filled once with pip (whose `PIP_*` variables are the caller's);
 * nothing is installed elsewhere. `PERCUSS_PYTHON`: another one than `python3`. Where there is no Python, or its index is out of reach, why.
 */
export async function pythonWith(packages: readonly string[]): Promise<PythonWithPackages | NoPython> {
  const python = process.env['PERCUSS_PYTHON'] ?? 'python3';
  const cache = path.join(process.env['XDG_CACHE_HOME'] || path.join(homedir(), '.cache'), 'percuss', 'test-python');
  try {
    const { stdout } = await run(python, [
      '-c',
      'import sys, sysconfig; print(sysconfig.get_platform(), *sys.version_info[:2])',
    ]);
    const folder = path.join(cache, [...stdout.trim().split(' '), ...packages].join('-').replaceAll(/[^\w.-]/g, '_'));
    if (!existsSync(folder)) {
      mkdirSync(cache, { recursive: true });
      const scratch = mkdtempSync(path.join(cache, 'new-'));
      try {
        const quiet = ['--quiet', '--disable-pip-version-check', '--no-input', '--no-cache-dir', '--no-compile'];
        const install = ['-m', 'pip', 'install', ...quiet, '--only-binary=:all:', '--target', scratch, ...packages];
        await run(python, install, { timeout: 240_000 });
        renameSync(scratch, folder);
      } catch (error) {
        rmSync(scratch, { recursive: true, force: true });
        // Another run may have filled it meanwhile.
        if (!existsSync(folder)) throw error;
      }
    }
    return { python, environment: { PYTHONPATH: folder } };
  } catch (error) {
    const said = (error as { readonly stderr?: string }).stderr?.trim().split('\n').at(-1) || (error as Error).message;
    return { unavailable: `${python} with ${packages.join(', ')} is not to be had: ${said.slice(0, 300)}` };
  }
}
