import type { Digest } from '../digest.js';
import type { Key, ObjectStore, StoreOptions } from '../store/object-store.js';

/** A folder of cells, by the parts of its name. */
export interface ScopeFolder {
  readonly semantics: number;
  readonly model: Digest;
  /** As printed (`core/numeric-mode.ts`): one of another version may have engines that this one lacks. */
  readonly mode: string;
  readonly chunk: Digest;
}

/** Behind all keys below a folder: no part of a key has a character behind `z`. */
const LAST = 'zzzz';

/** All folders that hold cells, by one request for each: what lies in them is not listed. */
export async function* cellScopes(store: ObjectStore, options: StoreOptions = {}): AsyncGenerator<ScopeFolder> {
  let after: Key | undefined;
  for (;;) {
    const found = await firstBelow(store, 'cells/', after, options);
    if (found === undefined) return;
    const match = /^cells\/(\d{1,6})\/([0-9a-f]{64})\/([^/]{1,200})\/([0-9a-f]{64})\//.exec(found);
    if (!match) {
      after = found;
      continue;
    }
    const [folder, semantics = '', model = '', mode = '', chunk = ''] = match;
    yield { semantics: Number(semantics), model, mode, chunk };
    after = `${folder}${LAST}`;
  }
}

async function firstBelow(
  store: ObjectStore,
  prefix: string,
  after: Key | undefined,
  options: StoreOptions,
): Promise<Key | undefined> {
  for await (const { key } of store.list(prefix, after, options)) return key;
  return undefined;
}
