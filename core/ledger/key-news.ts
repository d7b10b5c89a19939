import type { CellKey } from '../plan/condition.js';
import type { Key, StoreOptions } from '../store/object-store.js';
import { mergeRuns } from './cell-index.js';
import { indexShelf, putSegment, readIndexSegments, readSegment, type IndexSegment } from './index-segments.js';
import { KeyRuns } from './key-runs.js';
import { newsFolder } from './keys.js';
import { identityOf } from './row-keys.js';
import type { Shelf } from './sealed.js';

/** How far clocks of those who commit may lie apart: what is called by a time so long before the last look is not looked for again. */
const SKEW_MS = 5 * 60_000;

/** So many news of a folder stay as they are; beyond that, whoever commits makes the short ones one. */
const MOST_NEWS = 64;

/** An object that was just committed. */
export interface NewObject {
  readonly key: Key;
  readonly bytes: number;
  /** The keys of its rows, 32 bytes each, ascending. */
  readonly rows: Uint8Array;
}

/**
 * What was committed since the last look, without a list of everything: whoever commits an object puts a segment of its keys beside it, called
 * by the time, so that a look lists and reads those that are new. News say where to look, never what counts: they may be lost, late or
 * wrong, and planning does without them. Planning removes them once the index covers what they tell.
 */
export class KeyNews {
  readonly #cells: Shelf;
  readonly #shelf: Shelf;
  readonly #now: () => number;
  readonly #runs = new KeyRuns();
  /** News that were there at the last look, by key. */
  readonly #known = new Map<Key, IndexSegment>();
  /** When the last look began; undefined before the first. */
  #looked: number | undefined;

  /** @param now by which news are called, in milliseconds since 1970 */
  constructor(cells: Shelf, now: () => number) {
    this.#cells = cells;
    this.#now = now;
    this.#shelf = { ...indexShelf(cells), folder: newsFolder(cells.folder) };
  }

  /** Objects that are said to hold some of these keys. */
  async objectsOf(keys: Iterable<CellKey>, options: StoreOptions): Promise<ReadonlySet<Key>> {
    await this.#look(options);
    const found = new Set<Key>();
    for (const key of keys) for (const object of this.#runs.objectsOf(key)) found.add(object);
    return found;
  }

  /** Tells others, and this, of an object. */
  async tell({ key, bytes, rows }: NewObject, options: StoreOptions): Promise<void> {
    const index = { keys: rows, places: new Int32Array(rows.length / 32), objects: [key] };
    const sizes = new Map([[key, bytes]]);
    const name = nameAt(this.#now()) + identityOf([key]).slice(0, 20);
    const news = await putSegment(this.#cells, this.#shelf, index, sizes, name, options);
    this.#take({ key: news, keys: rows, objects: sizes, objectOf: () => key });
    if (this.#known.size > MOST_NEWS) await this.#compact(options);
  }

  /** Removes what the index covers by now: news of before the last while. */
  async sweep(options: StoreOptions): Promise<void> {
    const until = `${this.#shelf.folder}${nameAt(this.#now() - SKEW_MS)}`;
    for await (const { key } of this.#shelf.store.list(this.#shelf.folder, undefined, options)) {
      if (key >= until) return;
      await this.#shelf.store.remove(key, options);
    }
  }

  async #look(options: StoreOptions): Promise<void> {
    const now = this.#now();
    const { folder, store } = this.#shelf;
    const since = this.#looked === undefined ? undefined : `${folder}${nameAt(this.#looked - SKEW_MS)}`;
    const there = new Set<Key>();
    for await (const info of store.list(folder, since, options)) {
      there.add(info.key);
      if (this.#known.has(info.key)) continue;
      const segment = await readSegment(this.#cells, this.#shelf, info, options);
      if (segment) this.#take(segment);
    }
    for (const key of this.#known.keys()) if (key > (since ?? '') && !there.has(key)) this.#known.delete(key);
    // The index behind the news: what these told may have gone into it meanwhile.
    if (since === undefined)
      for (const segment of await readIndexSegments(this.#cells, options)) this.#runs.add(segment);
    this.#looked = now;
  }

  #take(segment: IndexSegment): void {
    this.#runs.add(segment);
    this.#known.set(segment.key, segment);
  }

  /**
   * Makes short news one, each of which is at most as long as all shorter ones together: so each key is written a few times, and news
   * are as many as twice their length in digits. Two who do so at once leave some keys twice.
   */
  async #compact(options: StoreOptions): Promise<void> {
    const byLength = [...this.#known.values()].sort((a, b) => a.keys.length - b.keys.length);
    const short: IndexSegment[] = [];
    let total = 0;
    for (const segment of byLength) {
      if (short.length > MOST_NEWS / 2 && segment.keys.length > total) break;
      short.push(segment);
      total += segment.keys.length;
    }
    const sizes = new Map(short.flatMap(({ objects }) => [...objects]));
    const index = mergeRuns(short, new Set(sizes.keys()));
    const name = nameAt(this.#now()) + identityOf(short.map(({ key }) => key).sort()).slice(0, 20);
    const news = await putSegment(this.#cells, this.#shelf, index, sizes, name, options);
    for (const { key } of short) {
      this.#known.delete(key);
      if (key !== news) await this.#shelf.store.remove(key, options);
    }
    const { keys, places, objects } = index;
    this.#known.set(news, { key: news, keys, objects: sizes, objectOf: (i) => objects[places[i] as number] as Key });
  }
}

/** A time whose order as text is its order: milliseconds in 12 hexadecimal digits. */
const nameAt = (time: number): string => Math.max(0, time).toString(16).padStart(12, '0');
