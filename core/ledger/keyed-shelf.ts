import { sha256, type Digest, type Ref } from '../digest.js';
import { DigestSet } from '../digest-set.js';
import type { CellKey } from '../plan/condition.js';
import type { Provenance } from '../probe/cell.js';
import type { Key, StoreOptions } from '../store/object-store.js';
import type { Tensor } from '../tensor.js';
import { CellIndex, mergeRuns, type IndexRun } from './cell-index.js';
import { readIndexSegments, writeIndexSegment, type IndexSegment } from './index-segments.js';
import { printProvenance } from './provenance.js';
import { KeyNews } from './key-news.js';
import { holds } from './key-runs.js';
import { readAhead } from './read-ahead.js';
import { identityOf, keyTensor, packedKeys } from './row-keys.js';
import { isTooLarge, seal, unseal, type Sealed, type Shelf } from './sealed.js';

/** Objects that are read at a time. */
const width = 8;

/** What is kept under the key of a cell. */
export interface Keyed {
  readonly key: CellKey;
}

/** How rows of one kind stand in an object. */
export interface RowForm<Row extends Keyed> {
  /** Tensors and metadata for some rows, in this order, which is that of their keys; the keys themselves left out. */
  pack(rows: readonly Row[]): {
    readonly tensors: ReadonlyMap<string, Tensor>;
    readonly metadata?: Readonly<Record<string, string>>;
  };
  /** The rows of an object that was checked; arrays may share the object's memory. */
  unpack(object: Sealed): Iterable<Row>;
  /** All that makes a row: equal for rows that are equal bit by bit, so that NaN equals itself and 0 differs from −0. */
  bytesOf(row: Row): readonly ArrayBufferView[];
  /** How many rows stand in one object at most; all of a batch, where nothing is said. */
  rowsOfObject?(rows: readonly Row[]): number;
}

/**
 * Rows under the keys of cells, of one scope: one network, one numeric mode, one chunk. Remembers the keys of objects that it
 * has read.
 */
export class KeyedShelf<Row extends Keyed> {
  readonly #shelf: Shelf;
  readonly #form: RowForm<Row>;
  /** Sorted keys of objects that were read whole. */
  readonly #read = new Map<Key, { readonly keys: Uint8Array; readonly bytes: number }>();
  readonly #news: KeyNews;
  #segments: readonly IndexSegment[] = [];
  #index: { readonly objects: string; readonly index: CellIndex } | undefined;

  constructor(shelf: Shelf, form: RowForm<Row>, now: () => number = Date.now) {
    this.#shelf = shelf;
    this.#form = form;
    this.#news = new KeyNews(shelf, now);
  }

  /** Commits a batch as one object, or as several where one would be too large: which rows these hold follows from the batch. */
  async commit(
    rows: readonly Row[],
    provenance: Provenance,
    options: StoreOptions,
  ): Promise<readonly Ref<readonly Row[]>[]> {
    const sorted = [...rows].sort((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0));
    const most = Math.max(1, this.#form.rowsOfObject?.(sorted) ?? sorted.length);
    const refs: Ref<readonly Row[]>[] = [];
    for (let from = 0; from === 0 || from < sorted.length; from += most) {
      const part = sorted.slice(from, from + most);
      const keys = part.map(({ key }) => key);
      const packedKey = keyTensor(keys);
      const { tensors, metadata } = this.#form.pack(part);
      const { key, sha256, bytes } = await seal(
        this.#shelf,
        identityOf(keys),
        new Map<string, Tensor>([['key', packedKey], ...tensors]),
        { ...metadata, provenance: printProvenance(provenance) },
        options,
      );
      refs.push({ key, sha256 });
      if (keys.length > 0) await this.#news.tell({ key, bytes, rows: packedKey.data }, options);
    }
    return refs;
  }

  /**
   * Which of these keys something is committed under by now, as whoever is about to compute asks again and again: looks for what was
   * committed since the last time, and reads what is said to hold one of them. What was committed by a version that tells nobody, and not yet
   * planned with, is not found.
   */
  async committedOf(keys: readonly CellKey[], options: StoreOptions): Promise<ReadonlySet<CellKey>> {
    const there = new Set<CellKey>();
    for (const object of await this.#news.objectsOf(keys, options)) {
      const held = await this.#keysOf(object, options);
      if (held) for (const key of keys) if (holds(held, key)) there.add(key);
    }
    return there;
  }

  /** Keys of an object, which is read and checked the first time; undefined where it is gone, or was set aside. */
  async #keysOf(key: Key, options: StoreOptions): Promise<Uint8Array | undefined> {
    const info = await this.#shelf.store.head(key, options);
    if (!info) return undefined;
    const known = this.#read.get(key);
    if (known && known.bytes === info.bytes) return known.keys;
    const object = await unseal(this.#shelf, info, options);
    if (!object) return undefined;
    const keys = packedKeys(object).slice();
    this.#read.set(key, { keys, bytes: info.bytes });
    return keys;
  }

  /** Under which keys something is committed. Objects that no segment covers are read and checked, each once in the life of this. */
  async committed(options: StoreOptions): Promise<CellIndex> {
    return (await this.#survey(options)).index;
  }

  /** Writes what is committed as one sorted segment, so that others need not read the objects to know their keys. */
  async writeIndex(options: StoreOptions): Promise<void> {
    const earlier = await readIndexSegments(this.#shelf, options);
    const { index, sizes } = await this.#survey(options);
    const covered = earlier.length === 1 && [...sizes].every(([key, bytes]) => earlier[0]?.objects.get(key) === bytes);
    if (sizes.size === 0 || covered) return;
    await writeIndexSegment(this.#shelf, index.packed, sizes, earlier, options);
    await this.#news.sweep(options);
  }

  /** Rows by key: all of them, or those asked for. As `stream`, with all of them in memory at once. */
  async read(keys: Iterable<CellKey> | undefined, options: StoreOptions): Promise<ReadonlyMap<CellKey, Row>> {
    const rows = new Map<CellKey, Row>();
    for await (const row of this.stream(keys, options)) rows.set(row.key, row);
    return rows;
  }

  /**
   * Rows object by object: all of them, or those asked for, each once. Each object is read once. Of a row that stands in several
   * objects, that in the object with the smallest key is taken, and a difference is reported.
   */
  async *stream(keys: Iterable<CellKey> | undefined, options: StoreOptions): AsyncGenerator<Row> {
    const wanted = keys instanceof DigestSet ? keys : keys && new Set(keys);
    const { index, sizes } = await this.#survey(options);
    const objects = wanted ? index.objectsOf(wanted) : sizes.keys();
    const repeated = new Map<CellKey, { readonly object: Key; readonly digest: Digest }>();
    const reads = readAhead([...objects].sort(), width, (key) =>
      unseal(this.#shelf, { key, bytes: sizes.get(key) ?? 0 }, options),
    );
    for await (const object of reads) {
      if (!object) continue;
      for (const row of this.#form.unpack(object)) {
        if (wanted && !wanted.has(row.key)) continue;
        if (index.isRepeated(row.key)) {
          const digest = this.#digestOf(row);
          const first = repeated.get(row.key);
          if (first && first.digest !== digest) {
            const both = [first.object, object.key] as const;
            this.#shelf.onNotice({ kind: 'nondeterminism', identity: row.key, objects: both });
          }
          if (first) continue;
          repeated.set(row.key, { object: object.key, digest });
        }
        yield row;
      }
    }
  }

  #digestOf(row: Row): Digest {
    return sha256(
      Buffer.concat(
        this.#form
          .bytesOf(row)
          .map(({ buffer, byteOffset, byteLength }) => Buffer.from(buffer, byteOffset, byteLength)),
      ),
    );
  }

  async #survey(
    options: StoreOptions,
  ): Promise<{ readonly index: CellIndex; readonly sizes: ReadonlyMap<Key, number> }> {
    const sizes = new Map<Key, number>();
    for await (const info of this.#shelf.store.list(this.#shelf.folder, undefined, options))
      if (!isTooLarge(this.#shelf, info)) sizes.set(info.key, info.bytes);
    // An object of another size than is known was damaged since: reading it finds out.
    const isKnown = (key: Key): boolean =>
      this.#read.get(key)?.bytes === sizes.get(key) ||
      this.#segments.some(({ objects }) => objects.get(key) === sizes.get(key));
    if (![...sizes.keys()].every(isKnown)) this.#segments = await readIndexSegments(this.#shelf, options);
    const unread = [...sizes.keys()].filter((key) => !isKnown(key));
    const reads = readAhead(unread, width, async (key) => ({
      key,
      object: await unseal(this.#shelf, { key, bytes: sizes.get(key) ?? 0 }, options),
    }));
    for await (const { key, object } of reads) {
      if (object) this.#read.set(key, { keys: packedKeys(object).slice(), bytes: sizes.get(key) ?? 0 });
      else sizes.delete(key);
    }
    for (const key of this.#read.keys()) if (!sizes.has(key)) this.#read.delete(key);
    const objects = [...sizes.keys()].join('\n');
    if (this.#index?.objects !== objects) {
      const runs: IndexRun[] = [...this.#read].map(([key, { keys }]) => ({ keys, objectOf: () => key }));
      const index = new CellIndex(mergeRuns([...this.#segments, ...runs], new Set(sizes.keys())));
      this.#index = { objects, index };
    }
    return { index: this.#index.index, sizes };
  }
}
