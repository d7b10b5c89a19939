import { spawn } from 'node:child_process';
import { access, constants, cp, mkdir, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { PercussError, messageOf } from '../../core/errors.js';
import { childEnvironment } from '../settings.js';
import { lookAtBinary, sealBinary } from './sealed-binary.js';
import type { ObtainOptions } from './wheel.js';

/** The version that infra/obtain/go/go.mod pins, and its go.sum checks. */
const version = '1.8.2';

/**
 * Builds the Temporal CLI from its Go modules: about seven minutes and 3 GB of Go caches, the last resort. The module in
 * `infra/obtain/go` holds no upstream code, only versions and checksums.
 *
 * @throws PercussError SERVER_UNAVAILABLE, in one sentence; CANCELLED when the signal fires.
 */
export async function buildFromGo(options: ObtainOptions): Promise<string> {
  const folder = path.join(options.cache, 'bin', `temporal-go-${version}`);
  const binary = path.join(folder, 'temporal');
  if ((await lookAtBinary(binary)).state === 'sound') return binary;
  const recipe = await recipeFolder();
  const work = path.join(options.cache, `go-${process.pid}`);
  try {
    await mkdir(folder, { recursive: true });
    await cp(recipe, work, { recursive: true });
    options.onProgress?.(`building Temporal ${version} with Go, which takes about seven minutes`);
    const started = Date.now();
    const ticker = setInterval(() => {
      options.onProgress?.(`building Temporal ${version}: ${Math.round((Date.now() - started) / 1000)} s so far`);
    }, 20_000);
    const stamp = `-s -w -X github.com/temporalio/cli/internal/temporalcli.Version=${version}`;
    await go(
      ['build', '-trimpath', '-ldflags', stamp, '-o', `${binary}.new`, 'github.com/temporalio/cli/cmd/temporal'],
      work,
      options,
    ).finally(() => clearInterval(ticker));
    await rename(`${binary}.new`, binary);
    await sealBinary(binary);
    return binary;
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

/** Beside this file in the sources; the build leaves data files where they are. */
async function recipeFolder(): Promise<string> {
  const here = path.dirname(fileURLToPath(import.meta.url));
  for (const candidate of [path.join(here, 'go'), path.join(here, '..', '..', '..', 'infra', 'obtain', 'go')]) {
    if (await exists(path.join(candidate, 'go.mod'), constants.R_OK)) return candidate;
  }
  throw new PercussError(
    'SERVER_UNAVAILABLE',
    'this installation of percuss lacks the recipe of the Go build (infra/obtain/go)',
  );
}

function go(args: readonly string[], cwd: string, options: ObtainOptions): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn('go', args, {
      cwd,
      env: childEnvironment({ CGO_ENABLED: '0' }),
      stdio: ['ignore', 'ignore', 'pipe'],
      ...(options.signal === undefined ? {} : { signal: options.signal }),
    });
    let tail = '';
    child.stderr.on('data', (part: Buffer) => {
      tail = `${tail}${part.toString()}`.slice(-2_000);
    });
    child.on('error', (error) => {
      reject(
        options.signal?.aborted
          ? new PercussError('CANCELLED', 'building Temporal was interrupted')
          : new PercussError(
              'SERVER_UNAVAILABLE',
              `Go could not be started (${messageOf(error)}): install Go 1.21 or newer`,
              { cause: error },
            ),
      );
    });
    child.on('close', (code) => {
      if (code === 0) resolve();
      else
        reject(
          new PercussError(
            'SERVER_UNAVAILABLE',
            `the Go build failed: ${tail.trim().split('\n').at(-1) ?? `exit code ${code}`}`,
          ),
        );
    });
  });
}

function exists(file: string, mode: number): Promise<boolean> {
  return access(file, mode).then(
    () => true,
    () => false,
  );
}
