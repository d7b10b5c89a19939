import { Ledger } from '../../core/ledger/ledger.js';
import type { LedgerNotice } from '../../core/ledger/notice.js';
import { memoryStore } from '../../core/store/memory-store.js';
import type { ObjectStore } from '../../core/store/object-store.js';

/** A ledger with what it tells, on a store of its own in memory where none is given. */
export function openLedger(store: ObjectStore = memoryStore()): {
  readonly store: ObjectStore;
  readonly ledger: Ledger;
  readonly notices: LedgerNotice[];
} {
  const notices: LedgerNotice[] = [];
  return { store, ledger: new Ledger(store, { onNotice: (notice) => notices.push(notice) }), notices };
}
