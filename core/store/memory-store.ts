import { checkKey, checkPrefix, checkSignal } from './key.js';
import type { Key, ObjectStore } from './object-store.js';

/** A store that lives and dies with the process. `now`: its clock. */
export function memoryStore(now: () => number = Date.now): ObjectStore {
  const objects = new Map<Key, { readonly bytes: Uint8Array; readonly written: number }>();
  let sorted: readonly Key[] | undefined;
  return {
    url: 'memory:',
    async get(key, range, options) {
      checkKey(key);
      checkSignal(options?.signal);
      const bytes = objects.get(key)?.bytes;
      return bytes && (range ? bytes.slice(range.from, Math.max(range.from, range.to)) : bytes.slice());
    },
    async putIfAbsent(key, bytes, options) {
      checkKey(key);
      checkSignal(options?.signal);
      if (objects.has(key)) return false;
      // A Buffer's slice would share its memory.
      objects.set(key, { bytes: new Uint8Array(bytes), written: now() });
      sorted = undefined;
      return true;
    },
    async *list(prefix, after, options) {
      checkPrefix(prefix);
      // Keys are ASCII: their order by UTF-16 code units is that of their bytes.
      const keys = (sorted ??= [...objects.keys()].sort());
      for (let i = firstAtLeast(keys, after !== undefined && after > prefix ? after : prefix); i < keys.length; i++) {
        checkSignal(options?.signal);
        const key = keys[i] as Key;
        if (!key.startsWith(prefix)) break;
        const object = objects.get(key);
        if (object && key !== after) yield { key, bytes: object.bytes.length, written: object.written };
      }
    },
    async head(key, options) {
      checkKey(key);
      checkSignal(options?.signal);
      const object = objects.get(key);
      return object && { key, bytes: object.bytes.length, written: object.written };
    },
    async remove(key, options) {
      checkKey(key);
      checkSignal(options?.signal);
      if (objects.delete(key)) sorted = undefined;
    },
    async close() {},
  };
}

function firstAtLeast(keys: readonly Key[], bound: string): number {
  let [low, high] = [0, keys.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((keys[middle] as Key) < bound) low = middle + 1;
    else high = middle;
  }
  return low;
}
