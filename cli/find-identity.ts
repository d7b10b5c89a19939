import { mendStore } from '../core/ledger/mend-store.js';
import { lookIdentity } from '../core/store/identity.js';
import type { ObjectStore } from '../core/store/object-store.js';

/** The store and its id; draws none. @throws Error that says what is wrong with `store.json`. */
export async function findIdentity(store: ObjectStore, mend: boolean, say: (line: string) => void): Promise<string> {
  if (mend) {
    const { id, what } = await mendStore(store, () => say('the damaged store.json was set aside, below aside/'));
    const told = {
      sound: 'nothing was to be mended',
      kept: 'written anew with the id that it had',
      new: 'written anew; the old id was lost, so stop workers of this store and submit unfinished studies again',
    }[what];
    return `${store.url} (id ${id}; ${told})`;
  }
  const found = await lookIdentity(store);
  if (found.state === 'none') return `${store.url} (no id yet: the first run or worker draws one)`;
  if (found.state === 'sound') return `${store.url} (id ${found.id})`;
  const lost = found.id === undefined ? 'its id is lost' : `its id, ${found.id}, can still be read`;
  throw new Error(
    `${store.url}: store.json is damaged (${found.reason}; ${lost}). What is stored can be listed, reported and queried; percuss doctor --mend-store writes it anew`,
  );
}
