import type { Ref } from '../digest.js';
import type { CellKey } from '../plan/condition.js';
import type { Cell, Provenance } from '../probe/cell.js';
import type { Key, StoreOptions } from '../store/object-store.js';
import { CellIndex, mergeRuns, type IndexRun } from './cell-index.js';
import { identityOf, keysOf, packCells, printProvenance, unpackCells } from './cell-object.js';
import { readSegments, writeSegment, type Segment } from './cell-segments.js';
import { readAhead } from './read-ahead.js';
import { isTooLarge, seal, unseal, type Shelf } from './sealed.js';

/** Objects that are read at a time. */
const width = 8;

/** The cells of one scope: one network, one numeric mode, one chunk. Remembers the keys of objects that it has read. */
export class CellShelf {
  readonly #shelf: Shelf;
  /** Sorted keys of objects that were read whole. */
  readonly #read = new Map<Key, { readonly keys: Uint8Array; readonly bytes: number }>();
  #segments: readonly Segment[] = [];
  #index: { readonly objects: string; readonly index: CellIndex } | undefined;

  constructor(shelf: Shelf) {
    this.#shelf = shelf;
  }

  async commit(
    cells: readonly Cell[],
    images: number,
    provenance: Provenance,
    options: StoreOptions,
  ): Promise<Ref<readonly Cell[]>> {
    const { keys, tensors } = packCells(cells, images);
    return seal(this.#shelf, identityOf(keys), tensors, { provenance: printProvenance(provenance) }, options);
  }

  /** Which cells are committed. Objects that no segment covers are read and checked, each once in the life of this. */
  async committed(options: StoreOptions): Promise<CellIndex> {
    return (await this.#survey(options)).index;
  }

  /** Writes what is committed as one sorted segment, so that others need not read the objects to know their keys. */
  async writeIndex(options: StoreOptions): Promise<void> {
    const earlier = await readSegments(this.#shelf, options);
    const { index, sizes } = await this.#survey(options);
    const covered = earlier.length === 1 && [...sizes].every(([key, bytes]) => earlier[0]?.objects.get(key) === bytes);
    if (sizes.size > 0 && !covered) await writeSegment(this.#shelf, index.packed, sizes, earlier, options);
  }

  /**
   * Cells by key: all of them, or those asked for. Each object is read once. Of a cell that stands in several objects,
   * the one in the object with the smallest key is taken, and a difference is reported.
   */
  async read(keys: Iterable<CellKey> | undefined, options: StoreOptions): Promise<ReadonlyMap<CellKey, Cell>> {
    const wanted = keys && new Set(keys);
    const { index, sizes } = await this.#survey(options);
    const objects = wanted ? new Set([...wanted].flatMap((key) => index.all(key))) : sizes.keys();
    const cells = new Map<CellKey, Cell>();
    const places = new Map<CellKey, Key>();
    const reads = readAhead([...objects].sort(), width, (key) =>
      unseal(this.#shelf, { key, bytes: sizes.get(key) ?? 0 }, options),
    );
    for await (const object of reads) {
      if (!object) continue;
      for (const cell of unpackCells(object)) {
        if (wanted && !wanted.has(cell.key)) continue;
        const first = cells.get(cell.key);
        if (first === undefined) {
          cells.set(cell.key, cell);
          places.set(cell.key, object.key);
        } else if (!equalCells(first, cell)) {
          const objects = [places.get(cell.key) ?? '', object.key] as const;
          this.#shelf.onNotice({ kind: 'nondeterminism', identity: cell.key, objects });
        }
      }
    }
    return cells;
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
    if (![...sizes.keys()].every(isKnown)) this.#segments = await readSegments(this.#shelf, options);
    const unread = [...sizes.keys()].filter((key) => !isKnown(key));
    const reads = readAhead(unread, width, async (key) => ({
      key,
      object: await unseal(this.#shelf, { key, bytes: sizes.get(key) ?? 0 }, options),
    }));
    for await (const { key, object } of reads) {
      if (object) this.#read.set(key, { keys: keysOf(object).slice(), bytes: sizes.get(key) ?? 0 });
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

/** Equal bit by bit, so that NaN equals itself and 0 differs from −0. */
function equalCells(a: Cell, b: Cell): boolean {
  return (
    a.state === b.state &&
    Object.is(a.effect, b.effect) &&
    equalBytes(a.predicted, b.predicted) &&
    equalBytes(a.loss, b.loss) &&
    equalBytes(a.kl, b.kl)
  );
}

function equalBytes(a: Uint16Array | Float32Array, b: Uint16Array | Float32Array): boolean {
  const bytes = (array: Uint16Array | Float32Array) => new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
  return Buffer.compare(bytes(a), bytes(b)) === 0;
}
