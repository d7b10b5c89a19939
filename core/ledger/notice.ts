import type { Digest } from '../digest.js';
import type { Key } from '../store/object-store.js';

/** What the ledger came across and dealt with: for logs, reports and provenance. */
export type LedgerNotice =
  /** A damaged or foreign object was copied to `aside` and removed: what it held is computed again. */
  | { readonly kind: 'set-aside'; readonly key: Key; readonly reason: string; readonly aside: Key }
  /** What lies under a key is none of ours, too large, or damaged in a store that can't be written to: it stays where it is, and counts as absent. */
  | { readonly kind: 'ignored'; readonly key: Key; readonly reason: string }
  /** Two objects hold different values of one cell or response; that of the first object is used. */
  | { readonly kind: 'nondeterminism'; readonly identity: Digest; readonly objects: readonly [Key, Key] };

export type OnNotice = (notice: LedgerNotice) => void;

/** What stays where it is is met again and again, and told once. */
export function onceEach(onNotice: OnNotice): OnNotice {
  const told = new Set<string>();
  return (notice) => {
    if (notice.kind === 'ignored') {
      const what = `${notice.key} ${notice.reason}`;
      if (told.has(what)) return;
      told.add(what);
    }
    onNotice(notice);
  };
}
