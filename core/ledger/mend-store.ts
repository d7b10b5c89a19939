import { randomUUID } from 'node:crypto';
import { PercussError } from '../errors.js';
import { identityKey, lookIdentity, storeIdentity, writeIdentity } from '../store/identity.js';
import type { ObjectStore } from '../store/object-store.js';
import { quarantine } from './quarantine.js';
import type { OnNotice } from './notice.js';

/** What became of a store's id. */
export interface MendedStore {
  readonly id: string;
  /** `sound`: nothing was to be mended; `kept`: the id was still to be read; `new`: it was lost, and another one drawn. */
  readonly what: 'sound' | 'kept' | 'new';
}

/**
 * Writes a damaged `store.json` anew; what was there is set aside. A lost id is of no consequence for what is stored. But it stands
 * in the names of queues: with a new one, studies that were submitted before, and their workers, no longer meet.
 *
 * @throws PercussError OBJECT_DAMAGED if another program goes on writing there.
 */
export async function mendStore(store: ObjectStore, onNotice: OnNotice): Promise<MendedStore> {
  const found = await lookIdentity(store);
  if (found.state !== 'damaged') return { id: await storeIdentity(store), what: 'sound' };
  const bytes = (await store.get(identityKey)) ?? found.bytes;
  await quarantine(store, identityKey, bytes, found.reason, onNotice);
  const id = found.id ?? randomUUID().replaceAll('-', '');
  if (!(await writeIdentity(store, id))) {
    throw new PercussError(
      'OBJECT_DAMAGED',
      `${identityKey} in ${store.url} was written by somebody else meanwhile: run percuss doctor to see what stands there`,
    );
  }
  return { id: await storeIdentity(store), what: found.id === undefined ? 'new' : 'kept' };
}
