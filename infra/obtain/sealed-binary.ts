import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { access, chmod, constants, lstat, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { Digest } from '../../core/digest.js';
import { messageOf } from '../../core/errors.js';

/** Whether a binary of the cache may be run. */
export type BinaryState =
  | { readonly state: 'absent' }
  | { readonly state: 'sound' }
  /** With what is wrong, as a sentence's end. */
  | { readonly state: 'altered'; readonly reason: string };

const recordOf = (binary: string): string => `${binary}.sha256`;

/**
 * Makes a binary ours: it can be run, nobody else can write to it or its folder, and its SHA-256 stands beside it for the times that
 * no hash of its maker is pinned.
 */
export async function sealBinary(binary: string): Promise<void> {
  await chmod(binary, 0o755);
  await writeFile(recordOf(binary), `${await sha256File(binary)}\n`, { mode: 0o600 });
  await chmod(path.dirname(binary), 0o700);
}

/**
 * Looks at a binary before it is run: a regular file of this user's that nobody else can write to, with the pinned SHA-256, or
 * that which was recorded when it was installed. About half a second for 150 MB.
 */
export async function lookAtBinary(binary: string, pinned?: Digest): Promise<BinaryState> {
  const file = await lstat(binary).catch(() => undefined);
  if (file === undefined) return { state: 'absent' };
  const altered = (reason: string): BinaryState => ({ state: 'altered', reason });
  if (!file.isFile()) return altered('it is no regular file');
  const folder = await lstat(path.dirname(binary));
  const user = process.getuid?.();
  if (user !== undefined) {
    if (!folder.isDirectory() || [file, folder].some(({ uid }) => uid !== user && uid !== 0))
      return altered('it, or its folder, belongs to another user');
    if ([file, folder].some(({ mode }) => (mode & 0o022) !== 0))
      return altered('other users can write to it or to its folder');
  }
  const expected = pinned ?? (await readFile(recordOf(binary), 'utf8').catch(() => '')).trim();
  if (!/^[0-9a-f]{64}$/.test(expected)) return altered('no SHA-256 was recorded when it was installed');
  try {
    await access(binary, constants.X_OK);
    const found = await sha256File(binary);
    return found === expected ? { state: 'sound' } : altered(`it has SHA-256 ${found} instead of ${expected}`);
  } catch (error) {
    return altered(messageOf(error));
  }
}

/** SHA-256 of a file, read in parts. */
export async function sha256File(file: string): Promise<Digest> {
  const hash = createHash('sha256');
  for await (const part of createReadStream(file, { highWaterMark: 2 ** 20 })) hash.update(part as Uint8Array);
  return hash.digest('hex');
}
