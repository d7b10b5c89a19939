import type { Digest, Ref } from '../digest.js';
import { printNumericMode } from '../numeric-mode.js';
import type { Scope } from '../plan/identity.js';
import type { Provenance } from '../probe/cell.js';
import type { Tensor } from '../tensor.js';
import type { Key, ObjectStore, StoreOptions } from '../store/object-store.js';
import { parseObjectKey, responseFolder } from './keys.js';
import type { OnNotice } from './notice.js';
import { printProvenance } from './provenance.js';
import { isTooLarge, seal, unseal, type Sealed, type Shelf } from './sealed.js';

/** Responses to a group of impulses, the profile of a network, or moments of a site: tensors by name. */
export interface StoredResult {
  readonly tensors: ReadonlyMap<string, Tensor>;
  readonly metadata: Readonly<Record<string, string>>;
  /** The object's key. */
  readonly object: Key;
}

export function resultShelf(store: ObjectStore, semantics: number, scope: Scope, onNotice: OnNotice): Shelf {
  return {
    store,
    folder: responseFolder(semantics, scope),
    label: {
      format: 'percuss-response',
      version: '1',
      semantics: String(semantics),
      model: scope.model,
      mode: printNumericMode(scope.mode),
    },
    onNotice,
    check: ({ metadata, identity }) =>
      metadata['identity'] === identity
        ? undefined
        : `its identity is ${metadata['identity'] ?? 'missing'}, not that of its name`,
  };
}

export async function commitResult(
  shelf: Shelf,
  identity: Digest,
  tensors: ReadonlyMap<string, Tensor>,
  metadata: Readonly<Record<string, string>>,
  provenance: Provenance,
  options: StoreOptions,
): Promise<Ref<StoredResult>> {
  const own = { identity, provenance: printProvenance(provenance) };
  return seal(shelf, identity, tensors, { ...metadata, ...own }, options);
}

/** Objects by identity, from their names alone; where one identity has several, the smallest key. */
export async function committedResults(shelf: Shelf, options: StoreOptions): Promise<ReadonlyMap<Digest, Key>> {
  const found = new Map<Digest, Key>();
  for await (const info of shelf.store.list(shelf.folder, undefined, options)) {
    if (isTooLarge(shelf, info)) continue;
    const { key } = info;
    const name = parseObjectKey(shelf.folder, key);
    if (name === undefined) await unseal(shelf, info, options);
    else if (!found.has(name.identity)) found.set(name.identity, key);
  }
  return found;
}

export interface ReadResultOptions extends StoreOptions {
  /** What is wrong with a result for whoever reads it; undefined if nothing is. */
  readonly check?: (result: StoredResult) => string | undefined;
}

/**
 * A result, from the first of its objects that is sound; damaged ones, and those that fail `check`, are set aside. Other objects with other values are
 * reported.
 */
export async function readResult(
  plain: Shelf,
  identity: Digest,
  options: ReadResultOptions,
): Promise<StoredResult | undefined> {
  const { check } = options;
  const shelf: Shelf = {
    ...plain,
    check: (object) => plain.check(object) ?? check?.({ ...object, object: object.key }),
  };
  let first: Sealed | undefined;
  for await (const info of shelf.store.list(`${shelf.folder}${identity}-`, undefined, options)) {
    const object = await unseal(shelf, info, options);
    if (!object) continue;
    if (first === undefined) first = object;
    else if (!equalTensors(first.tensors, object.tensors)) {
      shelf.onNotice({ kind: 'nondeterminism', identity, objects: [first.key, info.key] });
    }
  }
  return first && { tensors: first.tensors, metadata: first.metadata, object: first.key };
}

function equalTensors(a: ReadonlyMap<string, Tensor>, b: ReadonlyMap<string, Tensor>): boolean {
  const bytes = ({ data }: Tensor) => new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  return (
    a.size === b.size &&
    [...a].every(([name, tensor]) => {
      const other = b.get(name);
      return other !== undefined && Buffer.compare(bytes(tensor), bytes(other)) === 0;
    })
  );
}
