import type { CellKey } from '../plan/condition.js';
import type { Key } from '../store/object-store.js';
import { compareAt, type IndexRun } from './cell-index.js';

/** Sorted entries: 32 bytes a key, and the number of its object. */
interface Run {
  readonly keys: Uint8Array;
  readonly places: Int32Array;
}

/**
 * Keys and the objects that hold them, run by run as these become known. Runs are merged so that each is at least twice as long as the
 * next: a million entries are a score of runs, and each entry is moved about as often.
 */
export class KeyRuns {
  readonly #objects: Key[] = [];
  readonly #numbers = new Map<Key, number>();
  readonly #runs: Run[] = [];

  /** Takes up entries that ascend by key. */
  add({ keys, objectOf }: IndexRun): void {
    const places = new Int32Array(keys.length / 32).map((_, entry) => this.#numberOf(objectOf(entry)));
    if (places.length === 0) return;
    this.#runs.push({ keys, places });
    for (;;) {
      const [one, two] = this.#runs.slice(-2);
      if (!one || !two || one.places.length >= 2 * two.places.length) return;
      this.#runs.splice(-2, 2, merged(one, two));
    }
  }

  /** Objects that are said to hold a key. */
  objectsOf(key: CellKey): Set<Key> {
    const found = new Set<Key>();
    const wanted = Buffer.from(key, 'hex');
    for (const { keys, places } of this.#runs) {
      for (let at = firstOf(keys, wanted); at < places.length && compareAt(keys, at, wanted, 0) === 0; at++)
        found.add(this.#objects[places[at] as number] as Key);
    }
    return found;
  }

  #numberOf(object: Key): number {
    const known = this.#numbers.get(object);
    if (known !== undefined) return known;
    this.#numbers.set(object, this.#objects.length);
    return this.#objects.push(object) - 1;
  }
}

/** Both in order; entries that occur twice are kept once. */
function merged(one: Run, two: Run): Run {
  const most = one.places.length + two.places.length;
  const [keys, places] = [new Uint8Array(32 * most), new Int32Array(most)];
  let [i, j, count] = [0, 0, 0];
  const take = (run: Run, at: number): void => {
    keys.set(run.keys.subarray(32 * at, 32 * at + 32), 32 * count);
    places[count++] = run.places[at] as number;
  };
  while (i < one.places.length || j < two.places.length) {
    const order =
      i === one.places.length
        ? 1
        : j === two.places.length
          ? -1
          : compareAt(one.keys, i, two.keys, j) || (one.places[i] as number) - (two.places[j] as number);
    if (order <= 0) take(one, i++);
    else take(two, j);
    if (order >= 0) j++;
  }
  return { keys: keys.subarray(0, 32 * count), places: places.subarray(0, count) };
}

/** Whether a key is among ascending ones, of 32 bytes each. */
export function holds(keys: Uint8Array, key: CellKey): boolean {
  const wanted = Buffer.from(key, 'hex');
  const at = firstOf(keys, wanted);
  return at < keys.length / 32 && compareAt(keys, at, wanted, 0) === 0;
}

/** The first entry whose key is not below. */
function firstOf(keys: Uint8Array, wanted: Uint8Array): number {
  let [low, high] = [0, keys.length / 32];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (compareAt(keys, middle, wanted, 0) < 0) low = middle + 1;
    else high = middle;
  }
  return low;
}
