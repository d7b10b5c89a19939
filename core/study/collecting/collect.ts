import { PercussError } from '../../errors.js';
import { beginCollection, isCollectionKey, wallClock, type Clock } from '../../ledger/collection.js';
import type { Ledger } from '../../ledger/ledger.js';
import { silent, type Progress } from '../../progress.js';
import type { Key } from '../../store/object-store.js';
import { fingerprintOf, markedFrom, type Marks } from './marks.js';

export interface CollectOptions {
  /** Objects that are younger are never removed, in milliseconds. */
  readonly grace: number;
  /** Remove; else it is only said what would be removed. */
  readonly remove: boolean;
  /** What was set aside, too. */
  readonly aside?: boolean;
  readonly progress?: Progress;
  readonly clock?: Clock;
}

/** Objects of one kind, by the first part of their keys. */
export interface CollectedKind {
  readonly kind: string;
  readonly objects: number;
  readonly bytes: number;
}

export interface Collected {
  /** What nothing rests on, or what was removed of it. */
  readonly kinds: readonly CollectedKind[];
  readonly objects: number;
  readonly bytes: number;
  readonly removed: boolean;
  /** Nothing rests on these, but they are too young. */
  readonly young: number;
  /** Of no kind that percuss writes: never removed. */
  readonly foreign: number;
  /** Studies that may be at work, by name: all where they commit is kept. */
  readonly open: readonly string[];
}

/** Kinds of objects that go once nothing rests on them. */
const kinds: ReadonlySet<string> = new Set([
  'analyses',
  'blobs',
  'cells',
  'claims',
  'failures',
  'index',
  'news',
  'outputs',
  'plans',
  'responses',
  'stages',
  'studies',
]);
/** Kinds that stay: they belong to the store, or are roots. */
const staying: ReadonlySet<string> = new Set(['machines', 'roots', 'store.json', 'aside']);

/** How often studies may come while the store is looked through. */
const ROUNDS = 10;

interface Condemned {
  readonly key: Key;
  readonly bytes: number;
  readonly written: number;
}

const kindOf = (key: Key): string => key.split('/', 1)[0] as string;

/** Folders in which work goes on as a whole: as long as anything in one is young, nothing of it goes. */
const folderOf = (key: Key): string | undefined =>
  /^(?:(?:claims|index|news)\/)?(?:cells|outputs|responses)\//.test(key)
    ? key.slice(0, key.lastIndexOf('/') + 1).replace(/^(?:claims|index|news)\//, '')
    : undefined;

/**
 * Removes what no study rests on: marks from the roots, lists the rest, raises a flag that whoever stores a study waits for, makes sure that no
 * study came meanwhile, and then removes. Objects that are younger than the grace period stay, and so does everything where a study that is
 * not complete commits.
 *
 * @throws PercussError USAGE while another process removes; OBJECT_DAMAGED for a study that can't be read, so that nobody knows what it rests on.
 */
export async function collectGarbage(ledger: Ledger, options: CollectOptions): Promise<Collected> {
  const { clock = wallClock, remove, grace, progress = silent } = options;
  const removed: Condemned[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    progress({ phase: 'prepare', label: 'reading studies', done: round, total: ROUNDS, unit: 'steps' });
    const { marks, unread } = await markedFrom(ledger, { grace, now: clock.now() });
    const [first] = unread;
    if (first) {
      throw new PercussError(
        'OBJECT_DAMAGED',
        `study ${first.id.slice(0, 12)} can't be read, so that nobody knows what it rests on (${first.reason}); nothing was removed. If it is being stored now, wait; else run its spec again, or remove it: percuss rm ${first.id.slice(0, 12)}`,
      );
    }
    const found = await condemnedOf(ledger, marks, clock.now() - grace, options.aside === true);
    const told = { young: found.young, foreign: found.foreign, open: marks.open };
    if (!remove) return { ...summed(found.condemned), removed: false, ...told };
    const whole = await removeAll(ledger, marks, found.condemned, removed, options, clock);
    if (whole) return { ...summed(removed), removed: true, ...told };
  }
  throw new PercussError(
    'USAGE',
    `studies are being stored in ${ledger.url} all the time; nothing more was removed: try again later`,
  );
}

async function condemnedOf(
  { store }: Ledger,
  marks: Marks,
  cutoff: number,
  aside: boolean,
): Promise<{ readonly condemned: readonly Condemned[]; readonly young: number; readonly foreign: number }> {
  const unmarked: Condemned[] = [];
  let foreign = 0;
  const youngest = new Map<string, number>();
  for await (const { key, bytes, written } of store.list('')) {
    const kind = kindOf(key);
    const folder = folderOf(key);
    if (folder !== undefined) youngest.set(folder, Math.max(youngest.get(folder) ?? 0, written));
    if (isCollectionKey(key) || (staying.has(kind) && !(aside && kind === 'aside'))) continue;
    if (!kinds.has(kind) && kind !== 'aside') foreign++;
    else if (!marks.has(key)) unmarked.push({ key, bytes, written });
  }
  const isYoung = ({ key, written }: Condemned): boolean => {
    const folder = folderOf(key);
    // Folders that a complete study has part of are worked in by nobody else that has no root.
    return written > cutoff || (folder !== undefined && (youngest.get(folder) ?? 0) > cutoff);
  };
  const condemned = unmarked.filter((one) => !isYoung(one));
  return { condemned, young: unmarked.length - condemned.length, foreign };
}

/** Removes, and takes down what; false where a study came meanwhile, so that all must be looked through again. */
async function removeAll(
  ledger: Ledger,
  marks: Marks,
  condemned: readonly Condemned[],
  removed: Condemned[],
  { progress = silent }: CollectOptions,
  clock: Clock,
): Promise<boolean> {
  const { store } = ledger;
  for (let next = 0; next < condemned.length;) {
    const collection = await beginCollection(store, clock);
    try {
      if ((await fingerprintOf(ledger)) !== marks.fingerprint) return false;
      for (; next < condemned.length && collection.holds(); next++) {
        const one = condemned[next] as Condemned;
        // It may have been removed and written anew since it was listed; servers round the time of either to seconds.
        const now = await store.head(one.key);
        if (!now || now.written >= one.written + 1_000 || now.bytes !== one.bytes) continue;
        await store.remove(one.key);
        removed.push(one);
        const label = 'removing what nothing rests on';
        progress({ phase: 'prepare', label, done: next + 1, total: condemned.length, unit: 'steps' });
      }
    } finally {
      await collection.end();
    }
  }
  return true;
}

function summed(objects: readonly Condemned[]): Pick<Collected, 'kinds' | 'objects' | 'bytes'> {
  const found = new Map<string, CollectedKind>();
  for (const { key, bytes } of objects) {
    const kind = kindOf(key);
    const before = found.get(kind) ?? { kind, objects: 0, bytes: 0 };
    found.set(kind, { kind, objects: before.objects + 1, bytes: before.bytes + bytes });
  }
  return {
    kinds: [...found.values()].sort((a, b) => (a.kind < b.kind ? -1 : 1)),
    objects: objects.length,
    bytes: objects.reduce((sum, { bytes }) => sum + bytes, 0),
  };
}
