import { randomUUID } from 'node:crypto';
import { canonicalJson } from '../canonical.js';
import { PercussError } from '../errors.js';
import type { ObjectStore } from './object-store.js';

const key = 'store.json';
const known = new WeakMap<ObjectStore, string>();

/**
 * The store's id, 32 hexadecimal digits, drawn when somebody first asks: it tells apart what two stores call by the
 * same name, and stands in the names of queues.
 *
 * @throws PercussError OBJECT_DAMAGED if `store.json` is not what percuss writes.
 */
export async function storeIdentity(store: ObjectStore): Promise<string> {
  const cached = known.get(store);
  if (cached !== undefined) return cached;
  let bytes = await store.get(key);
  if (bytes === undefined) {
    const id = randomUUID().replaceAll('-', '');
    await store.putIfAbsent(key, Buffer.from(canonicalJson({ format: 'percuss-store', id, version: 1 })));
    bytes = await store.get(key);
  }
  const id = idIn(bytes);
  if (id === undefined) {
    throw new PercussError(
      'OBJECT_DAMAGED',
      `${key} in ${store.url} is not what percuss writes there: if the store is yours, remove that object; if another program uses the place, choose another one with --store`,
      { details: { key } },
    );
  }
  known.set(store, id);
  return id;
}

function idIn(bytes: Uint8Array | undefined): string | undefined {
  const text = new TextDecoder().decode(bytes ?? new Uint8Array());
  return /^\{"format":"percuss-store","id":"([0-9a-f]{32})","version":1\}$/.exec(text)?.[1];
}
