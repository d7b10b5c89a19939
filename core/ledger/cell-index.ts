import type { CellKey } from '../plan/condition.js';
import type { Key } from '../store/object-store.js';

/** Keys and objects of one scope, packed: 36 bytes a cell instead of some hundred. Ascends by key, then object. */
export interface PackedIndex {
  /** 32 bytes an entry. */
  readonly keys: Uint8Array;
  /** Indices into `objects`. */
  readonly places: Int32Array;
  /** Ascending. */
  readonly objects: readonly Key[];
}

/**
 * Which cells are committed, and where: a read-only map from cell key to object. Where a cell stands in several
 * objects, the one with the smallest key counts.
 */
export class CellIndex implements ReadonlyMap<CellKey, Key> {
  readonly size: number;
  readonly packed: PackedIndex;

  constructor(packed: PackedIndex) {
    this.packed = packed;
    let size = 0;
    for (let i = 0; i < packed.places.length; i++)
      if (i === 0 || compareAt(packed.keys, i - 1, packed.keys, i) !== 0) size++;
    this.size = size;
  }

  has(key: CellKey): boolean {
    return this.#find(key) !== undefined;
  }

  get(key: CellKey): Key | undefined {
    const at = this.#find(key);
    return at === undefined ? undefined : this.#objectAt(at);
  }

  /** All objects that hold a cell, ascending. */
  all(key: CellKey): Key[] {
    const found: Key[] = [];
    const { keys, places } = this.packed;
    const first = this.#find(key);
    if (first === undefined) return found;
    for (let at = first; at < places.length && compareAt(keys, first, keys, at) === 0; at++)
      found.push(this.#objectAt(at));
    return found;
  }

  /** All objects that hold one of these cells. */
  objectsOf(keys: Iterable<CellKey>): Set<Key> {
    const found = new Set<Key>();
    for (const key of keys) for (const object of this.all(key)) found.add(object);
    return found;
  }

  /** Whether several objects hold a cell. */
  isRepeated(key: CellKey): boolean {
    const { keys, places } = this.packed;
    if (this.size === places.length) return false;
    const first = this.#find(key);
    return first !== undefined && first + 1 < places.length && compareAt(keys, first, keys, first + 1) === 0;
  }

  *keys(): MapIterator<CellKey> {
    for (const [key] of this.entries()) yield key;
  }

  *entries(): MapIterator<[CellKey, Key]> {
    const { keys, places } = this.packed;
    for (let i = 0; i < places.length; i++) {
      if (i === 0 || compareAt(keys, i - 1, keys, i) !== 0) yield [hexAt(keys, i), this.#objectAt(i)];
    }
  }

  *values(): MapIterator<Key> {
    for (const [, object] of this.entries()) yield object;
  }

  [Symbol.iterator](): MapIterator<[CellKey, Key]> {
    return this.entries();
  }

  forEach(call: (object: Key, key: CellKey, map: ReadonlyMap<CellKey, Key>) => void): void {
    for (const [key, object] of this) call(object, key, this);
  }

  #objectAt(at: number): Key {
    return this.packed.objects[this.packed.places[at] as number] as Key;
  }

  /** The first entry of a key. */
  #find(key: CellKey): number | undefined {
    const { keys, places } = this.packed;
    const wanted = Buffer.from(key, 'hex');
    if (wanted.length !== 32) return undefined;
    let [low, high] = [0, places.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (compareAt(keys, middle, wanted, 0) < 0) low = middle + 1;
      else high = middle;
    }
    return low < places.length && compareAt(keys, low, wanted, 0) === 0 ? low : undefined;
  }
}

/** One sorted list of entries, of an object or a segment. */
export interface IndexRun {
  readonly keys: Uint8Array;
  /** The object of entry i. */
  objectOf(entry: number): Key;
}

/** Merges runs into one index; entries that occur twice are kept once. Entries without an object are left out. */
export function mergeRuns(runs: readonly IndexRun[], present: ReadonlySet<Key>): PackedIndex {
  const objects = [...present].sort();
  const numbers = new Map(objects.map((object, i) => [object, i]));
  const total = runs.reduce((sum, run) => sum + run.keys.length / 32, 0);
  const keys = new Uint8Array(total * 32);
  const places = new Int32Array(total);
  let count = 0;
  for (const run of runs) {
    for (let i = 0; i < run.keys.length / 32; i++) {
      const place = numbers.get(run.objectOf(i));
      if (place === undefined) continue;
      keys.set(run.keys.subarray(i * 32, (i + 1) * 32), count * 32);
      places[count++] = place;
    }
  }
  const order = new Uint32Array(count).map((_, i) => i);
  // Keys are hashes: their first 32 bits nearly always decide, without a look at the rest.
  const view = new DataView(keys.buffer);
  const heads = new Uint32Array(count).map((_, i) => view.getUint32(i * 32));
  const compare = (a: number, b: number): number =>
    (heads[a] as number) - (heads[b] as number) ||
    compareAt(keys, a, keys, b) ||
    (places[a] as number) - (places[b] as number);
  order.sort(compare);
  const sortedKeys = new Uint8Array(count * 32);
  const sortedPlaces = new Int32Array(count);
  let kept = 0;
  for (const [i, entry] of order.entries()) {
    if (i > 0 && compare(order[i - 1] as number, entry) === 0) continue;
    sortedKeys.set(keys.subarray(entry * 32, (entry + 1) * 32), kept * 32);
    sortedPlaces[kept++] = places[entry] as number;
  }
  return { keys: sortedKeys.subarray(0, kept * 32), places: sortedPlaces.subarray(0, kept), objects };
}

/** Which of two keys of 32 bytes, each the n-th of a list, n from 0, comes first: below 0 the one of `a`. */
export function compareAt(a: Uint8Array, i: number, b: Uint8Array, j: number): number {
  for (let k = 0; k < 32; k++) {
    const difference = (a[i * 32 + k] as number) - (b[j * 32 + k] as number);
    if (difference !== 0) return difference;
  }
  return 0;
}

function hexAt(keys: Uint8Array, i: number): CellKey {
  return Buffer.from(keys.buffer, keys.byteOffset + i * 32, 32).toString('hex');
}
