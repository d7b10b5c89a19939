import { Console } from 'node:console';
import { Writable } from 'node:stream';
import { parentPort } from 'node:worker_threads';
import type { Attribute, Dataset, File, Group } from 'h5wasm';
import type { Hdf5Dataset, Hdf5Group, Hdf5Task } from './hdf5-task.js';
import type { Hdf5Told } from './hdf5-thread.js';

/**
 * Reads HDF5 files in a thread of its own: the library may loop for ever or take all memory on a damaged file, and can only be
 * stopped by ending the thread.
 */

/** What the file says of itself went beyond a limit. */
class Excess extends Error {}

interface Growing {
  readonly buffer: ArrayBuffer;
  grow(pages: number): number;
}

/** What the file may take, and what the library holds. It never gives back. */
const memory = { allowed: 0, held: 0 };

/** A thread that holds more is not kept. */
const mostHeld = 128 * 2 ** 20;

/** The library asks for memory by this method alone. */
function limitMemory(): void {
  const { Memory } = (globalThis as unknown as { readonly WebAssembly: { readonly Memory: { prototype: Growing } } })
    .WebAssembly;
  const grow = Memory.prototype.grow;
  Memory.prototype.grow = function limited(this: Growing, pages: number): number {
    const wanted = this.buffer.byteLength + pages * 65_536;
    if (wanted > memory.allowed) throw new RangeError('more memory than this file may take');
    const before = grow.call(this, pages);
    memory.held = wanted;
    return before;
  };
}

/** Reads one file, and counts what it takes. */
class Reading {
  readonly #task: Hdf5Task;
  #bytes: number;
  #objects: number;

  constructor(task: Hdf5Task) {
    this.#task = task;
    this.#bytes = task.limits.bytes;
    this.#objects = task.limits.objects;
  }

  group(group: Group, depth: number): Hdf5Group {
    const { limits, roots, skip } = this.#task;
    if (depth > limits.depth) throw new Excess(`groups within groups, ${limits.depth} deep`);
    const groups = new Map<string, Hdf5Group>();
    const datasets = new Map<string, Hdf5Dataset>();
    for (const key of group.keys()) {
      if (depth === 0 && ((roots.length > 0 && !roots.includes(key)) || skip.includes(key))) continue;
      this.#objects -= 1;
      if (this.#objects < 0) throw new Excess(`it holds more than ${limits.objects} groups and weights`);
      const item = group.get(key);
      if (isGroup(item)) groups.set(key, this.group(item, depth + 1));
      else if (isDataset(item)) datasets.set(key, this.#floats(item));
    }
    return { attributes: this.#texts(group.attrs), groups, datasets };
  }

  #floats(dataset: Dataset): Hdf5Dataset {
    const shape = dataset.shape ?? [];
    this.#bytes -= shape.reduce((product, dim) => product * dim, 1) * Math.max(4, dataset.metadata.size);
    if (!(this.#bytes >= 0)) throw new Excess(`its weights take more than ${this.#task.limits.bytes} bytes`);
    const data = dataset.value;
    const numbers = typeof data === 'number' || typeof data === 'bigint' ? [data] : data;
    const isNumbers = Array.isArray(numbers) || (ArrayBuffer.isView(numbers) && !(numbers instanceof DataView));
    if (!isNumbers) return { shape, data: undefined };
    if (numbers instanceof Float32Array) return { shape, data: numbers.slice() };
    return { shape, data: Float32Array.from(numbers as ArrayLike<number | bigint>, Number) };
  }

  #texts(attrs: Readonly<Record<string, Attribute>>): ReadonlyMap<string, string | number> {
    const texts = new Map<string, string | number>();
    for (const name of this.#task.attributes) {
      if (!Object.hasOwn(attrs, name)) continue;
      const value: unknown = attrs[name]?.value;
      if (typeof value === 'string' || typeof value === 'number') texts.set(name, value);
    }
    return texts;
  }
}

const isGroup = (item: object | null): item is Group => item !== null && 'keys' in item;
const isDataset = (item: object | null): item is Dataset => item !== null && 'dtype' in item && 'value' in item;

/** Nothing of ours and nothing that the library says itself: who knows what it left in the library's memory. */
const isStrange = (error: unknown): boolean =>
  !(error instanceof Excess) && (!(error instanceof Error) || error.constructor !== Error);

interface Library {
  readonly File: new (name: string, mode: 'r') => File;
  readonly FS: { writeFile(name: string, bytes: Uint8Array): void; unlink(name: string): void };
}

let files = 0;

function read({ File, FS }: Library, task: Hdf5Task): Hdf5Told {
  memory.allowed = task.limits.memory;
  files += 1;
  const name = `/network-${files}.h5`;
  const told = (answer: Hdf5Told['answer'], reusable = true): Hdf5Told => ({
    answer,
    reusable: reusable && memory.held <= mostHeld,
  });
  try {
    FS.writeFile(name, task.bytes);
    const file = new File(name, 'r');
    try {
      if (file.file_id < 0n) return told({ failure: 'it cannot be opened', excess: false });
      return told({ root: new Reading(task).group(file, 0) });
    } finally {
      if (file.file_id >= 0n) file.close();
      FS.unlink(name);
    }
  } catch (error) {
    const failure = error instanceof Error ? error.message : String(error);
    return told({ failure, excess: error instanceof Excess }, !isStrange(error));
  }
}

/** The library tells its own errors there, which say nothing to a user. */
function silence(): void {
  globalThis.console = new Console(new Writable({ write: (_chunk, _encoding, done) => done() }));
}

/** What is there before the first file is as much as it needs. */
async function load(): Promise<Library> {
  memory.allowed = mostHeld;
  const { File, ready } = await import('h5wasm');
  const { FS } = await ready;
  return { File, FS };
}

silence();
limitMemory();
const library = await load();
parentPort?.on('message', (task: Hdf5Task) => parentPort?.postMessage(read(library, task)));
parentPort?.postMessage('ready');
