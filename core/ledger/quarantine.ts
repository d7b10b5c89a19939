import { canonicalJson } from '../canonical.js';
import { sha256 } from '../digest.js';
import { isPercussError } from '../errors.js';
import type { Key, ObjectStore, StoreOptions } from '../store/object-store.js';
import type { OnNotice } from './notice.js';

/**
 * Takes a damaged or foreign object out of the way: copies it below `aside/`, with the reason beside it, then removes
 * it, unless it is no longer the object that was read.
 */
export async function quarantine(
  store: ObjectStore,
  key: Key,
  bytes: Uint8Array,
  reason: string,
  onNotice: OnNotice,
  options: StoreOptions = {},
): Promise<void> {
  const digest = sha256(bytes);
  const name = (key.split('/').at(-1) ?? '').slice(0, 100);
  const folder = `aside/${sha256(key).slice(0, 32)}/${digest.slice(0, 32)}/`;
  await store.putIfAbsent(`${folder}object-${name}`, bytes, options);
  const record = canonicalJson({ key, reason, sha256: digest, bytes: bytes.length });
  await store.putIfAbsent(`${folder}reason-${sha256(record).slice(0, 32)}.json`, Buffer.from(record), options);
  // Another process may have set it aside and somebody may have written a good object since.
  const now = await store.get(key, undefined, options);
  if (now === undefined || sha256(now) !== digest) return;
  await store.remove(key, options);
  onNotice({ kind: 'set-aside', key, reason, aside: `${folder}object-${name}` });
}

/**
 * As `quarantine`, for whoever only reads: where the store can't be written to, the object is told, and stays where it is. Either way it
 * counts as absent.
 */
export async function passOver(
  store: ObjectStore,
  key: Key,
  bytes: Uint8Array,
  reason: string,
  onNotice: OnNotice,
  options: StoreOptions = {},
): Promise<void> {
  try {
    await quarantine(store, key, bytes, reason, onNotice, options);
  } catch (error) {
    if (!isPercussError(error) || error.code !== 'STORE_UNREACHABLE') throw error;
    onNotice({ kind: 'ignored', key, reason: `${reason}; it stays where it is (${error.message})` });
  }
}
