import { sha256 } from '../digest.js';
import { tensor, type Tensor } from '../tensor.js';
import type { Key, ObjectInfo, StoreOptions } from '../store/object-store.js';
import type { IndexRun, PackedIndex } from './cell-index.js';
import { indexFolder } from './keys.js';
import { seal, tensorOf, unseal, type Sealed, type Shelf } from './sealed.js';

/** What one index segment covers: entries of objects of a known size. */
export interface IndexSegment extends IndexRun {
  readonly key: Key;
  /** Size in bytes of each object that is covered. */
  readonly objects: ReadonlyMap<Key, number>;
}

/** Where the segments of a folder of cells lie. */
export function indexShelf(cells: Shelf): Shelf {
  return {
    ...cells,
    folder: indexFolder(cells.folder),
    label: { ...cells.label, format: 'percuss-index' },
    check: (object) =>
      columns(object) ? undefined : 'it lacks tensors of an index, or they have other types or shapes',
  };
}

/** All segments of a folder; damaged ones are set aside, what they covered is read from the objects. */
export async function readIndexSegments(cells: Shelf, options: StoreOptions): Promise<IndexSegment[]> {
  const shelf = indexShelf(cells);
  const segments: IndexSegment[] = [];
  for await (const info of shelf.store.list(shelf.folder, undefined, options)) {
    const segment = await readSegment(cells, shelf, info, options);
    if (segment) segments.push(segment);
  }
  return segments;
}

/** One segment of a shelf of segments; undefined where it is gone, or was set aside. */
export async function readSegment(
  cells: Shelf,
  shelf: Shelf,
  info: ObjectInfo,
  options: StoreOptions,
): Promise<IndexSegment | undefined> {
  const object = await unseal(shelf, info, options);
  return object && toIndexSegment(cells.folder, object);
}

/** Writes one segment for an index, then removes the segments that it takes the place of. */
export async function writeIndexSegment(
  cells: Shelf,
  index: PackedIndex,
  sizes: ReadonlyMap<Key, number>,
  earlier: readonly IndexSegment[],
  options: StoreOptions,
): Promise<void> {
  const shelf = indexShelf(cells);
  const written = await putSegment(cells, shelf, index, sizes, undefined, options);
  for (const { key } of earlier) if (key !== written) await shelf.store.remove(key, options);
}

/**
 * Puts a segment on a shelf of segments; gives its key.
 * @param name what it is called by; else by the objects that it covers
 */
export async function putSegment(
  cells: Shelf,
  shelf: Shelf,
  index: PackedIndex,
  sizes: ReadonlyMap<Key, number>,
  name: string | undefined,
  options: StoreOptions,
): Promise<Key> {
  const names = index.objects.map((key) => key.slice(cells.folder.length));
  const list = new TextEncoder().encode(names.join('\n'));
  const written = await seal(
    shelf,
    name ?? sha256(names.join('\n')).slice(0, 32),
    new Map<string, Tensor>([
      ['key', tensor('uint8', [index.places.length, 32], index.keys)],
      ['place', tensor('int32', [index.places.length], index.places)],
      ['objects', tensor('uint8', [list.length], list)],
      [
        'bytes',
        tensor(
          'float64',
          [names.length],
          Float64Array.from(index.objects, (key) => sizes.get(key) ?? 0),
        ),
      ],
    ]),
    {},
    options,
  );
  return written.key;
}

function toIndexSegment(folder: string, object: Sealed): IndexSegment {
  const found = columns(object);
  const names = found && found.objects.length > 0 ? new TextDecoder().decode(found.objects.data).split('\n') : [];
  const keys = names.map((name) => folder + name);
  return {
    key: object.key,
    keys: found?.keys.data ?? new Uint8Array(),
    objects: new Map(keys.map((key, i) => [key, found?.bytes.data[i] ?? 0])),
    objectOf: (entry) => keys[found?.places.data[entry] ?? -1] ?? '',
  };
}

function columns(object: Sealed) {
  const keys = tensorOf(object, 'key', 'uint8', 2);
  const places = tensorOf(object, 'place', 'int32', 1);
  const text = tensorOf(object, 'objects', 'uint8', 1);
  const bytes = tensorOf(object, 'bytes', 'float64', 1);
  if (!keys || !places || !text || !bytes || keys.shape[1] !== 32 || keys.shape[0] !== places.shape[0])
    return undefined;
  return { keys, places, objects: { data: text.data, length: text.data.length }, bytes };
}
