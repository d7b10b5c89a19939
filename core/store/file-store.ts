import { randomUUID } from 'node:crypto';
import { link, open, readdir, rm, stat, unlink, type FileHandle } from 'node:fs/promises';
import path from 'node:path';
import { PercussError, messageOf } from '../errors.js';
import { makeFolder } from '../folder.js';
import { checkKey, checkPrefix, checkSignal, isKeyPart } from './key.js';
import type { Key, ObjectInfo, ObjectStore } from './object-store.js';
import { isLeftover, scratchName } from './scratch-file.js';

/** Files that are written, before they get their name. No key's part starts with a dot. */
const scratchFolder = '.tmp';

/**
 * Objects as files, keys as paths below `folder`, which is created with the first object. An object appears under its
 * name whole and on disk, or not at all: it is written to a file of its own, flushed, then linked to the name, which
 * fails if the name is taken; then the folder is flushed. What a killed process left in `.tmp` is removed when the next
 * one writes.
 */
export function fileStore(folder: string): ObjectStore {
  const root = path.resolve(folder);
  const writer = new FileWriter(root);
  const pathOf = (key: Key): string => path.join(root, key);

  return {
    url: `file:${root}`,
    async get(key, range, options) {
      checkKey(key);
      checkSignal(options?.signal);
      return orUndefined(root, key, async () => {
        const file = await open(pathOf(key), 'r');
        try {
          return await readRange(file, range?.from ?? 0, range?.to ?? Infinity);
        } finally {
          await file.close();
        }
      });
    },
    async putIfAbsent(key, bytes, options) {
      checkKey(key);
      checkSignal(options?.signal);
      try {
        return await writer.put(pathOf(key), bytes);
      } catch (error) {
        // Folders, or the temporary file, may have been removed by somebody who tidied up: begin once more.
        writer.forget();
        if (!hasCode(error, 'ENOENT')) throw unreachable(root, error);
      }
      return writer.put(pathOf(key), bytes).catch((error: unknown) => {
        throw unreachable(root, error);
      });
    },
    list(prefix, after, options) {
      checkPrefix(prefix);
      return listFolder(root, prefix.slice(0, prefix.lastIndexOf('/') + 1), prefix, after ?? '', options?.signal);
    },
    async head(key, options) {
      checkKey(key);
      checkSignal(options?.signal);
      return orUndefined(root, key, async () => {
        const found = await stat(pathOf(key));
        return found.isFile() ? { key, bytes: found.size, written: found.mtimeMs } : undefined;
      });
    },
    async remove(key, options) {
      checkKey(key);
      checkSignal(options?.signal);
      await orUndefined(root, key, () => unlink(pathOf(key)));
    },
    async close() {},
  };
}

/** Puts files in place whole; knows what of the store's folders is on disk. */
class FileWriter {
  readonly #scratch: string;
  #prepared: Promise<void> | undefined;
  /** Folders that were seen on disk, with their parents flushed. */
  readonly #durable = new Set<string>();

  constructor(root: string) {
    this.#scratch = path.join(root, scratchFolder);
  }

  /** False if the name is taken. */
  async put(target: string, bytes: Uint8Array): Promise<boolean> {
    if (await exists(target)) return false;
    await (this.#prepared ??= this.#prepare());
    const temporary = path.join(this.#scratch, scratchName(randomUUID()));
    try {
      await writeDurably(temporary, bytes);
      await makeDurable(path.dirname(target), this.#durable);
      try {
        await link(temporary, target);
      } catch (error) {
        if (hasCode(error, 'EEXIST')) return false;
        throw error;
      }
      await flushFolder(path.dirname(target));
      return true;
    } finally {
      await rm(temporary, { force: true });
    }
  }

  forget(): void {
    this.#prepared = undefined;
    this.#durable.clear();
  }

  async #prepare(): Promise<void> {
    await makeDurable(this.#scratch, this.#durable);
    const names = await readdir(this.#scratch);
    const leftovers = await Promise.all(names.map((name) => isLeftover(path.join(this.#scratch, name))));
    await Promise.all(
      names.filter((_, i) => leftovers[i]).map((name) => rm(path.join(this.#scratch, name), { force: true })),
    );
  }
}

/** Depth first, in the order of whole keys: a folder sorts as its name with '/', which '-' and '.' precede. */
async function* listFolder(
  root: string,
  parent: string,
  prefix: string,
  after: Key,
  signal: AbortSignal | undefined,
): AsyncGenerator<ObjectInfo> {
  checkSignal(signal);
  const entries =
    (await orUndefined(root, parent, () => readdir(path.join(root, parent), { withFileTypes: true }))) ?? [];
  const names = entries
    .filter((entry) => isKeyPart(entry.name) && (entry.isFile() || entry.isDirectory()))
    .map((entry) => parent + entry.name + (entry.isDirectory() ? '/' : ''))
    .filter((name) => name.startsWith(prefix) || (name.endsWith('/') && prefix.startsWith(name)))
    .filter((name) => name > after || (name.endsWith('/') && after.startsWith(name)))
    .sort();
  const ahead = 64;
  let sizes: Promise<ObjectInfo | undefined>[] = [];
  for (const [i, name] of names.entries()) {
    checkSignal(signal);
    if (i % ahead === 0)
      sizes = names
        .slice(i, i + ahead)
        .map((key) => (key.endsWith('/') ? Promise.resolve(undefined) : sizeOf(root, key)));
    if (name.endsWith('/')) yield* listFolder(root, name, prefix, after, signal);
    else {
      const info = await sizes[i % ahead];
      if (info) yield info;
    }
  }
}

function sizeOf(root: string, key: Key): Promise<ObjectInfo | undefined> {
  return orUndefined(root, key, async () => {
    const { size, mtimeMs } = await stat(path.join(root, key));
    return { key, bytes: size, written: mtimeMs };
  });
}

async function readRange(file: FileHandle, from: number, to: number): Promise<Uint8Array> {
  const end = Math.min(to, (await file.stat()).size);
  const bytes = new Uint8Array(Math.max(0, end - from));
  let filled = 0;
  while (filled < bytes.length) {
    const { bytesRead } = await file.read(bytes, filled, bytes.length - filled, from + filled);
    if (bytesRead === 0) break;
    filled += bytesRead;
  }
  return bytes.subarray(0, filled);
}

async function writeDurably(file: string, bytes: Uint8Array): Promise<void> {
  const handle = await open(file, 'wx');
  try {
    await handle.writeFile(bytes);
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Creates a folder so that it survives a power cut: each new folder's parent is flushed. */
async function makeDurable(folder: string, durable: Set<string>): Promise<void> {
  if (durable.has(folder)) return;
  const first = await makeFolder(folder);
  if (first !== undefined) {
    for (let made = folder; made.length >= first.length; made = path.dirname(made))
      await flushFolder(path.dirname(made));
  }
  durable.add(folder);
}

async function flushFolder(folder: string): Promise<void> {
  // Windows can't open folders; its file systems journal names themselves.
  if (process.platform === 'win32') return;
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

async function exists(file: string): Promise<boolean> {
  return stat(file).then(
    () => true,
    (error: unknown) => {
      if (hasCode(error, 'ENOENT')) return false;
      throw error;
    },
  );
}

async function orUndefined<T>(root: string, key: string, read: () => Promise<T>): Promise<T | undefined> {
  try {
    return await read();
  } catch (error) {
    if (hasCode(error, 'ENOENT') || hasCode(error, 'ENOTDIR') || (hasCode(error, 'EISDIR') && key !== ''))
      return undefined;
    throw unreachable(root, error);
  }
}

function unreachable(root: string, error: unknown): PercussError {
  const advice =
    hasCode(error, 'ENOSPC') || hasCode(error, 'EDQUOT')
      ? 'free space, then run the same command again'
      : hasCode(error, 'EPERM') || hasCode(error, 'ENOTSUP') || hasCode(error, 'EOPNOTSUPP')
        ? 'the folder must be writable and its file system must know hard links'
        : 'check that the folder can be read and written';
  return new PercussError('STORE_UNREACHABLE', `the store in ${root} failed (${messageOf(error)}): ${advice}`, {
    cause: error,
  });
}

function hasCode(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code;
}
