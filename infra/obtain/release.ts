import { execFile } from 'node:child_process';
import { createHash, randomUUID } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { mkdir, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { Readable, Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { ReadableStream } from 'node:stream/web';
import type { Digest } from '../../core/digest.js';
import { PercussError, messageOf } from '../../core/errors.js';
import { trustedArchive } from '../settings.js';
import { lookAtBinary, sealBinary, sha256File } from './sealed-binary.js';
import { platformOf, type ObtainOptions } from './wheel.js';

/** The release of the Temporal CLI that percuss is tested with. */
export const releaseVersion = '1.9.1';

/**
 * SHA-256 of `temporal` in the archives of that release, by platform. Checksums that lie beside an archive say nothing when both were
 * replaced; so of a platform that is not in this table, an archive is used only with a hash that the user gives.
 */
export const releaseBinaries: Readonly<Record<string, Digest>> = {
  'linux-x64': '712217694cac9f786a72d4b6c876cd15f3dcf1bf31434d9fed6af25242a327a0',
};

const officialReleases = 'https://github.com/temporalio/cli/releases/download';

/** Connecting takes this long at most, and so may a download that has come to a halt. */
const idleMs = 20_000;

export interface ReleaseOptions extends ObtainOptions {
  readonly releases?: string;
  /** SHA-256 of the archive that the user trusts; `PERCUSS_TEMPORAL_SHA256` unless given. */
  readonly archive?: Digest;
  /** Pins other than `releaseBinaries`, for tests. */
  readonly pins?: Readonly<Record<string, Digest>>;
}

/** The pinned SHA-256 of the binary for a platform. */
export function releasePin(options: Pick<ReleaseOptions, 'platform' | 'pins'>): Digest | undefined {
  return (options.pins ?? releaseBinaries)[platformOf(options)];
}

/** Where the official binary stands, or will stand, in the cache. */
export function releaseBinary(options: Pick<ObtainOptions, 'cache'>): string {
  return path.join(options.cache, 'bin', `temporal-cli-${releaseVersion}`, 'temporal');
}

/**
 * The official release of the Temporal CLI, unpacked with `tar`: used if its binary has the pinned SHA-256, or the archive the one that
 * the user gives.
 *
 * @throws PercussError SERVER_UNAVAILABLE, in one sentence; CANCELLED when the signal fires.
 */
export async function downloadRelease(options: ReleaseOptions): Promise<string> {
  const binary = releaseBinary(options);
  const pin = releasePin(options);
  if ((await lookAtBinary(binary, pin)).state === 'sound') return binary;
  const platform = platformOf(options);
  const archive = archiveName(platform);
  const trusted = options.archive ?? trustedArchive();
  if (pin === undefined && trusted === undefined) {
    throw unavailable(
      `percuss holds no SHA-256 of the official release for ${platform}: compare ${archive} with its maker's and set PERCUSS_TEMPORAL_SHA256 to that of the archive, or install the Temporal CLI yourself and put it on the PATH`,
    );
  }
  const base = `${options.releases ?? officialReleases}/v${releaseVersion}`;
  const scratch = path.join(path.dirname(path.dirname(binary)), `.temporal-cli-${randomUUID()}`);
  try {
    await mkdir(scratch, { recursive: true, mode: 0o700 });
    const file = path.join(scratch, archive);
    const found = await save(await get(`${base}/${archive}`, options), file, archive, options);
    if (trusted !== undefined && found !== trusted) {
      throw unavailable(`${archive} has SHA-256 ${found} instead of ${trusted}: it was not unpacked`);
    }
    options.onProgress?.(`unpacking ${archive}`);
    await unpack(file, scratch);
    const unpacked = path.join(scratch, 'temporal');
    const inside = await sha256File(unpacked);
    if (pin !== undefined && inside !== pin) {
      throw unavailable(`temporal in ${archive} has SHA-256 ${inside} instead of the pinned ${pin}: it is not run`);
    }
    const ready = path.join(scratch, 'ready');
    await mkdir(ready);
    await rename(unpacked, path.join(ready, 'temporal'));
    await sealBinary(path.join(ready, 'temporal'));
    await rm(path.dirname(binary), { recursive: true, force: true });
    await rename(ready, path.dirname(binary));
    return binary;
  } catch (error) {
    if (options.signal?.aborted) throw new PercussError('CANCELLED', 'fetching Temporal was interrupted');
    if (error instanceof PercussError) throw error;
    throw unavailable(`the official Temporal download could not be used (${reasonOf(error)})`, error);
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

/** `temporal_cli_1.9.1_linux_amd64.tar.gz` */
function archiveName(platform: string): string {
  const [os = '', cpu = ''] = platform.split('-');
  const arch = cpu === 'x64' ? 'amd64' : cpu;
  if (!['linux', 'darwin'].includes(os) || !['amd64', 'arm64'].includes(arch)) {
    throw unavailable(`there is no official Temporal archive for ${platform} that percuss can unpack`);
  }
  return `temporal_cli_${releaseVersion}_${os}_${arch}.tar.gz`;
}

async function get(url: string, options: ReleaseOptions): Promise<Response> {
  const late = new AbortController();
  const timer = setTimeout(() => late.abort(new Error(`no answer within ${idleMs / 1000} s`)), idleMs);
  try {
    const signal = options.signal === undefined ? late.signal : AbortSignal.any([late.signal, options.signal]);
    const response = await fetch(url, { signal });
    if (!response.ok || response.body === null) throw unavailable(`${url} answers ${response.status}`);
    return response;
  } finally {
    clearTimeout(timer);
  }
}

/** Writes the body and returns its SHA-256, telling about every tenth of it. */
async function save(response: Response, file: string, title: string, options: ReleaseOptions): Promise<string> {
  const total = Number(response.headers.get('content-length') ?? 0);
  const hash = createHash('sha256');
  let bytes = 0;
  let told = 0;
  const counting = new Transform({
    transform(part: Uint8Array, _encoding, done) {
      hash.update(part);
      bytes += part.length;
      timer.refresh();
      const tenth = total > 0 ? Math.floor((10 * bytes) / total) : Math.floor(bytes / 10e6);
      if (tenth > told)
        options.onProgress?.(
          `downloading ${title}: ${(bytes / 1e6).toFixed(0)} MB${total > 0 ? ` of ${(total / 1e6).toFixed(0)} MB` : ''}`,
        );
      told = tenth;
      done(null, part);
    },
  });
  const timer = setTimeout(
    () => counting.destroy(new Error(`the download stood still for ${idleMs / 1000} s`)),
    idleMs,
  );
  try {
    // The stream types of the web and of node differ in name only.
    const body = Readable.fromWeb(response.body as ReadableStream);
    await pipeline(
      body,
      counting,
      createWriteStream(file),
      options.signal === undefined ? {} : { signal: options.signal },
    );
  } finally {
    clearTimeout(timer);
  }
  return hash.digest('hex');
}

function unpack(archive: string, folder: string): Promise<void> {
  return new Promise((resolve, reject) => {
    execFile('tar', ['-xzf', archive, '-C', folder, 'temporal'], (error, _stdout, stderr) => {
      if (!error) resolve();
      else
        reject(
          unavailable(`tar could not unpack ${path.basename(archive)} (${stderr.trim() || error.message})`, error),
        );
    });
  });
}

function reasonOf(error: unknown): string {
  // fetch says "fetch failed" and keeps the reason in its cause.
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  return messageOf(cause).split('\n', 1)[0]?.slice(0, 200) ?? 'unknown reason';
}

function unavailable(message: string, cause?: unknown): PercussError {
  return new PercussError('SERVER_UNAVAILABLE', message, cause === undefined ? {} : { cause });
}
