import type { Digest } from '../../digest.js';
import { PercussError } from '../../errors.js';
import { beginCollection, wallClock, type Clock } from '../../ledger/collection.js';
import { rootKey, studyFolder } from '../../ledger/keys.js';
import type { Ledger } from '../../ledger/ledger.js';

/** Who computes a study commits every few seconds; so long after the last submission or commit it is taken for ended. */
const QUIET_MS = 2 * 60_000;

/** What was removed of a study. */
export interface RemovedStudy {
  readonly objects: number;
  readonly bytes: number;
}

/**
 * Removes a study's root and records: submissions, decisions, orders, failures, report and tables. Cells, networks and images stay until they
 * are collected, so that another study may still use them. Where nothing says whether it runs, one that is not complete and was submitted, or had
 * something committed where it commits, within two minutes is taken for one that runs.
 *
 * @param force although it may run
 * @throws PercussError USAGE for one that may run, and while another process removes.
 */
export async function removeStudy(
  ledger: Ledger,
  id: Digest,
  { force = false, clock = wallClock }: { readonly force?: boolean; readonly clock?: Clock } = {},
): Promise<RemovedStudy> {
  const { store } = ledger;
  const collection = await beginCollection(store, clock);
  try {
    if (!force) await refuseActive(ledger, id, collection.began);
    let [objects, bytes] = [0, 0];
    const root = await store.head(rootKey(id));
    // The root first: what is left of a removal that was interrupted is collected.
    await store.remove(rootKey(id));
    if (root) [objects, bytes] = [1, root.bytes];
    for (const folder of [studyFolder(id), `stages/${id}/`, `failures/${id}/`]) {
      for await (const { key, bytes: size } of store.list(folder)) {
        if (!collection.holds()) return { objects, bytes };
        await store.remove(key);
        objects++;
        bytes += size;
      }
    }
    return { objects, bytes };
  } finally {
    await collection.end();
  }
}

async function refuseActive(ledger: Ledger, id: Digest, now: number): Promise<void> {
  if ((await ledger.latestOutputs(id)) !== undefined) return;
  const last = await lastSign(ledger, id);
  if (now - last >= QUIET_MS) return;
  throw new PercussError(
    'USAGE',
    `study ${id.slice(0, 12)} is not complete, and something was written where it commits ${Math.max(0, Math.round((now - last) / 1000))} s ago, so that it may be running: stop it first (Ctrl-C, or percuss cancel), wait ${QUIET_MS / 60_000} minutes, or say --force`,
  );
}

/** When something was last written that a running study writes. */
async function lastSign(ledger: Ledger, id: Digest): Promise<number> {
  const { store } = ledger;
  let last = 0;
  const look = async (prefix: string): Promise<void> => {
    for await (const { written } of store.list(prefix)) last = Math.max(last, written);
  };
  await look(studyFolder(id));
  await look(`failures/${id}/`);
  const study = await ledger.getStudy(id).catch(() => undefined);
  // News tell of everything that is committed; responses have none.
  for (const { content } of study?.models ?? []) {
    await look(`news/cells/${study?.semantics ?? 0}/${content}/`);
    for (const kind of ['cells', 'responses']) await look(`claims/${kind}/${study?.semantics ?? 0}/${content}/`);
    await look(`responses/${study?.semantics ?? 0}/${content}/`);
  }
  return last;
}
