import { randomUUID } from 'node:crypto';
import { canonicalJson } from '../canonical.js';
import { PercussError } from '../errors.js';
import type { Key, ObjectStore } from './object-store.js';

/** Where the store's id lies. */
export const identityKey: Key = 'store.json';
const known = new WeakMap<ObjectStore, string>();

/** What `store.json` says. */
export type IdentityState =
  | { readonly state: 'none' }
  | { readonly state: 'sound'; readonly id: string }
  | {
      readonly state: 'damaged';
      /** What is there instead, as a sentence's middle. */
      readonly reason: string;
      readonly bytes: Uint8Array;
      /** The id that can still be read in it. */
      readonly id: string | undefined;
    };

/** Larger than any `store.json`; no more is read of one. */
const most = 4096;

/** Looks at the store's id without drawing one. */
export async function lookIdentity(store: ObjectStore): Promise<IdentityState> {
  const bytes = await store.get(identityKey, { from: 0, to: most });
  if (bytes === undefined) return { state: 'none' };
  const text = new TextDecoder().decode(bytes);
  const id = /^\{"format":"percuss-store","id":"([0-9a-f]{32})","version":1\}$/.exec(text)?.[1];
  if (id !== undefined) return { state: 'sound', id };
  const left = /"percuss-store".{0,40}"id"\s*:\s*"([0-9a-f]{32})"/s.exec(text)?.[1];
  return { state: 'damaged', reason: reasonOf(text), bytes, id: left };
}

/**
 * The store's id, 32 hexadecimal digits, drawn when somebody first asks: it tells apart what two stores call by the
 * same name, and stands in the names of queues.
 *
 * @throws PercussError OBJECT_DAMAGED if `store.json` is not what percuss writes.
 */
export async function storeIdentity(store: ObjectStore): Promise<string> {
  const cached = known.get(store);
  if (cached !== undefined) return cached;
  let found = await lookIdentity(store);
  if (found.state === 'none') {
    await writeIdentity(store, randomUUID().replaceAll('-', ''));
    found = await lookIdentity(store);
  }
  if (found.state !== 'sound') {
    const reason = found.state === 'damaged' ? found.reason : 'it was removed just after it was written';
    throw new PercussError(
      'OBJECT_DAMAGED',
      `${identityKey} in ${store.url} is not what percuss writes there (${reason}): if the store is yours, percuss doctor --mend-store writes it anew; if another program uses the place, choose another one with --store`,
      { details: { key: identityKey } },
    );
  }
  known.set(store, found.id);
  return found.id;
}

/** Writes `store.json` with an id, unless there is one; false if there is. */
export function writeIdentity(store: ObjectStore, id: string): Promise<boolean> {
  return store.putIfAbsent(identityKey, Buffer.from(canonicalJson({ format: 'percuss-store', id, version: 1 })));
}

function reasonOf(text: string): string {
  if (text === '') return 'it is empty';
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return 'it is not JSON: truncated, or overwritten';
  }
  if (typeof value !== 'object' || value === null || !Object.values(value).includes('percuss-store')) {
    return 'it is JSON of something else';
  }
  return 'it is of another version, or was altered';
}
