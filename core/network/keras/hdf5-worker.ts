import { parentPort } from 'node:worker_threads';
import type { Attribute, Dataset, File, Group } from 'h5wasm';
import type { Hdf5Answer, Hdf5Dataset, Hdf5Group, Hdf5Task } from './hdf5.js';

/**
 * Reads an HDF5 file in a thread of its own: the library may loop for ever or take all memory on a damaged file, and can only be
 * stopped by ending the thread.
 */

/** What the file says of itself went beyond a limit. */
class Excess extends Error {}

interface Growing {
  readonly buffer: ArrayBuffer;
  grow(pages: number): number;
}

let memory = 0;

/** The library asks for memory by this method alone. */
function limitMemory(): void {
  const { Memory } = (globalThis as unknown as { readonly WebAssembly: { readonly Memory: { prototype: Growing } } })
    .WebAssembly;
  const grow = Memory.prototype.grow;
  Memory.prototype.grow = function limited(this: Growing, pages: number): number {
    if (this.buffer.byteLength + pages * 65_536 > memory) throw new RangeError('more memory than this file may take');
    return grow.call(this, pages);
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

async function answer(task: Hdf5Task): Promise<Hdf5Answer> {
  memory = task.limits.memory;
  try {
    const h5 = await import('h5wasm');
    const { FS } = await h5.ready;
    FS.writeFile('/network.h5', task.bytes);
    const file: File = new h5.File('/network.h5', 'r');
    if (file.file_id < 0n) return { failure: 'it cannot be opened', excess: false };
    return { root: new Reading(task).group(file, 0) };
  } catch (error) {
    return { failure: error instanceof Error ? error.message : String(error), excess: error instanceof Excess };
  }
}

limitMemory();
parentPort?.once('message', (task: Hdf5Task) => void answer(task).then((told) => parentPort?.postMessage(told)));
