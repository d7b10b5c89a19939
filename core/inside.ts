import { constants } from 'node:fs';
import { randomUUID } from 'node:crypto';
import { lstat, mkdir, open, realpath, rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { messageOf, PercussError } from './errors.js';
import { makeFolder } from './folder.js';

/**
 * Why a name that stands in a file or a record is no path below the folder it belongs to; undefined if it is one. Parts are
 * joined by '/', none of them is empty, '.' or '..', and none holds a backslash, a colon or a control character.
 */
export function strays(name: string): string | undefined {
  if (name === '') return 'it is empty';
  if (/[\\:\p{Cc}]/u.test(name)) return 'it holds a backslash, a colon or a control character';
  const bad = name.split('/').find((part) => part === '' || part === '.' || part === '..');
  return bad === undefined ? undefined : `it has the part "${bad}"`;
}

/** What a refusal names: the thing that is read, and how much of it there may be. */
export interface ReadOptions {
  /** For messages: `the weights of model "x"`. */
  readonly what: string;
  /** The most bytes that are taken. */
  readonly atMost: number;
}

/**
 * The bytes of a file that a file or record names, which must lie below `folder` with all links resolved.
 * @throws PercussError FILE_DAMAGED for a name that leaves the folder, and those of `readRegular`.
 */
export async function readInside(folder: string, name: string, options: ReadOptions): Promise<Uint8Array> {
  const reason = strays(name);
  if (reason !== undefined) throw leaves(folder, name, options.what, reason);
  const file = path.join(folder, name);
  const [root, real] = await Promise.all([resolved(folder, options.what), resolved(file, options.what)]);
  if (!isBelow(real, root)) {
    throw leaves(folder, name, options.what, 'a link leads out of the folder');
  }
  return readRegular(real, options);
}

/**
 * The bytes of a regular file; pipes, devices and folders are refused without waiting for them.
 * @throws PercussError FILE_MISSING if it cannot be read or is no regular file; LIMIT_EXCEEDED if it is larger than `atMost`.
 */
export async function readRegular(file: string, { what, atMost }: ReadOptions): Promise<Uint8Array> {
  const fail = (error: unknown): never => {
    throw missing(file, what, messageOf(error), error);
  };
  // Opening a pipe would wait for its writer.
  const handle = await open(file, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0)).catch(fail);
  try {
    const info = await handle.stat();
    if (!info.isFile()) throw missing(file, what, info.isDirectory() ? 'it is a folder' : 'it is no regular file');
    if (info.size > atMost) {
      throw new PercussError(
        'LIMIT_EXCEEDED',
        `${what}: ${file} has ${info.size} bytes, above the limit of ${atMost} (docs/limits.md)`,
        { details: { file } },
      );
    }
    return await handle.readFile().catch(fail);
  } finally {
    await handle.close();
  }
}

/**
 * Writes a file that a record or a spec names below `folder`, which is created; whoever reads it meanwhile meets the old one or the
 * new one, never half of it. `folder` itself may be a link, nothing below it may lead out; what is no regular file stays.
 *
 * @returns the file's path, `folder` as given.
 * @throws PercussError OBJECT_DAMAGED for a name that leaves the folder; USAGE where the file system refuses, or something else is there.
 */
export async function writeInside(folder: string, name: string, bytes: Uint8Array): Promise<string> {
  const reason = strays(name);
  if (reason !== undefined) {
    throw new PercussError(
      'OBJECT_DAMAGED',
      `${JSON.stringify(name.slice(0, 200))} was not written: it is no file below ${folder} (${reason}); the record that names it is not one of percuss`,
      { details: { file: folder } },
    );
  }
  const file = path.join(folder, name);
  try {
    await makeFolder(folder);
    const parts = name.split('/');
    const base = parts.pop() ?? '';
    const parent = await folderBelow(await realpath(folder), parts, file);
    const target = path.join(parent, base);
    const there = await lstat(target).catch(() => undefined);
    if (there && !there.isFile()) {
      throw unwritable(file, there.isSymbolicLink() ? 'a link is there' : 'something other than a file is there');
    }
    const scratch = path.join(parent, `.${base}.${randomUUID()}.part`);
    try {
      await writeFile(scratch, bytes, { flag: 'wx' });
      await rename(scratch, target);
    } finally {
      await rm(scratch, { force: true });
    }
    return file;
  } catch (error) {
    throw error instanceof PercussError ? error : unwritable(file, messageOf(error), error);
  }
}

/** The real path of `root/a/b/…`; folders that are missing are made, one by one, so that none is made behind a link that leads out. */
async function folderBelow(root: string, parts: readonly string[], file: string): Promise<string> {
  let folder = root;
  for (const part of parts) {
    const next = path.join(folder, part);
    await mkdir(next).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'EEXIST') throw error;
    });
    folder = await realpath(next);
    if (!isBelow(folder, root)) throw unwritable(file, `${next} is a link that leads out of the folder`);
  }
  return folder;
}

function isBelow(real: string, root: string): boolean {
  return real === root || real.startsWith(root.endsWith(path.sep) ? root : root + path.sep);
}

function unwritable(file: string, reason: string, cause?: unknown): PercussError {
  return new PercussError(
    'USAGE',
    `${file} cannot be written (${reason}): remove what is there, or choose another folder with --out`,
    { details: { file }, cause },
  );
}

function resolved(file: string, what: string): Promise<string> {
  return realpath(file).catch((error: unknown) => {
    throw missing(file, what, messageOf(error), error);
  });
}

function missing(file: string, what: string, reason: string, cause?: unknown): PercussError {
  const absent = cause instanceof Error && 'code' in cause && cause.code === 'ENOENT';
  return new PercussError(
    'FILE_MISSING',
    `${what}: ${file} cannot be read (${absent ? 'there is no such file' : reason})`,
    {
      details: { file },
      cause,
    },
  );
}

function leaves(folder: string, name: string, what: string, reason: string): PercussError {
  return new PercussError(
    'FILE_DAMAGED',
    `${what}: it names the file ${JSON.stringify(name)}, which is not one below ${folder} (${reason}); files below that folder, by relative paths, were expected`,
    { details: { file: folder, name } },
  );
}
