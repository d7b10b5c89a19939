import { sha256, type Digest } from '../../digest.js';
import { isPercussError, messageOf } from '../../errors.js';
import { cellShelf } from '../../ledger/cell-object.js';
import { isCollectionKey } from '../../ledger/collection.js';
import { indexShelf } from '../../ledger/index-segments.js';
import { Ledger } from '../../ledger/ledger.js';
import type { OnNotice } from '../../ledger/notice.js';
import { passOver } from '../../ledger/quarantine.js';
import { readAhead } from '../../ledger/read-ahead.js';
import { isRecordKey, recordProblem } from '../../ledger/record-kinds.js';
import { statedProblem } from '../../ledger/records.js';
import { resultShelf } from '../../ledger/response-shelf.js';
import { tooLarge, unseal, type Shelf } from '../../ledger/sealed.js';
import { limits } from '../../limits.js';
import { readNumericMode } from '../../numeric-mode.js';
import { silent, type Progress } from '../../progress.js';
import type { ResolvedStudy } from '../../spec/resolved-study.js';
import type { Key, ObjectInfo, ObjectStore } from '../../store/object-store.js';
import { withoutWriting } from '../../store/without-writing.js';
import { storedStudies } from '../explaining/nearest-study.js';

/** An object that is not what its key says. */
export interface DamagedObject {
  readonly key: Key;
  readonly reason: string;
  /** Whether it was set aside; else it stays where it is. */
  readonly setAside: boolean;
  /** Ids of the studies that rest on it, as far as they can be read. */
  readonly studies: readonly Digest[];
}

/** What came of looking at every object of a store. */
export interface Scrub {
  readonly objects: number;
  readonly bytes: number;
  readonly damaged: readonly DamagedObject[];
  /** Keys that percuss does not give: nothing can be said of them. The first are named. */
  readonly foreign: { readonly objects: number; readonly named: readonly Key[] };
  /** Studies that something damaged belongs to, and what each is called. */
  readonly studies: readonly { readonly id: Digest; readonly study: string }[];
}

/** Objects that are read at a time. */
const WIDTH = 4;
/** Foreign keys that are named. */
const NAMED = 20;

type Finding = 'sound' | 'foreign' | { readonly reason: string; readonly setAside: boolean };

/**
 * Reads every object of a store, those of complete studies too, and holds it against its name and its kind. What is damaged is set aside, so
 * that whoever needs it computes or stores it anew.
 */
export async function scrubStore(ledger: Ledger, progress: Progress = silent): Promise<Scrub> {
  const { store } = ledger;
  // Before anything is set aside, and without setting anything aside.
  const looking = new Ledger(withoutWriting(store));
  const roots = await looking.listStudies();
  const studies = await storedStudies(looking, Infinity);
  const infos: ObjectInfo[] = [];
  for await (const info of store.list('')) infos.push(info);
  let [objects, bytes, done] = [0, 0, 0];
  const found: { readonly key: Key; readonly reason: string; readonly setAside: boolean }[] = [];
  const foreign: Key[] = [];
  const looks = readAhead(infos, WIDTH, async (info) => ({ info, finding: await lookAt(store, info) }));
  for await (const { info, finding } of looks) {
    progress({ phase: 'prepare', label: 'reading every object', done: ++done, total: infos.length, unit: 'steps' });
    objects++;
    bytes += info.bytes;
    if (finding === 'foreign') foreign.push(info.key);
    else if (finding !== 'sound') found.push({ key: info.key, ...finding });
  }
  const rests = (key: Key): Digest[] => [
    ...new Set([
      ...studies.filter(({ study }) => restsOn(key, study)).map(({ root }) => root.id),
      ...roots.filter(({ id }) => key.includes(id)).map(({ id }) => id),
    ]),
  ];
  const damaged = found.map((one) => ({ ...one, studies: rests(one.key) }));
  const hit = new Set(damaged.flatMap((one) => one.studies));
  return {
    objects,
    bytes,
    damaged,
    foreign: { objects: foreign.length, named: foreign.slice(0, NAMED) },
    studies: roots.filter(({ id }) => hit.has(id)).map(({ id, study }) => ({ id, study })),
  };
}

/** Whether a study may rest on an object: its networks and images, and all where its cells are. */
function restsOn(key: Key, { models, data }: ResolvedStudy): boolean {
  const blob = /^blobs\/([0-9a-f]{64})$/.exec(key)?.[1];
  if (blob !== undefined) {
    const chunks = data.flatMap((set) => [
      ...set.chunks,
      ...(set.waves ?? []).flat(),
      ...(set.trial ? [set.trial] : []),
    ]);
    return (
      models.some(({ files }) => files.some((file) => file.blob === blob)) ||
      chunks.some(({ digest }) => digest === blob)
    );
  }
  return models.some(({ content }) => key.includes(`/${content}/`));
}

async function lookAt(store: ObjectStore, info: ObjectInfo): Promise<Finding> {
  const { key } = info;
  if (/^(aside\/|claims\/|store\.json$)/.test(key) || isCollectionKey(key)) return 'sound';
  if (info.bytes > limits.storedObject.value)
    return { reason: tooLarge(info.bytes, limits.storedObject.value), setAside: false };
  const shelf = (onNotice: OnNotice): Shelf | undefined => shelfOf(store, key, onNotice);
  if (shelf(() => undefined)) return sealedFinding(shelf, info);
  const problem = await problemOf(store, key);
  if (problem === undefined) return 'sound';
  if (problem === 'foreign') return 'foreign';
  const bytes = await store.get(key);
  if (!bytes) return 'sound';
  let setAside = false;
  await passOver(store, key, bytes, problem, ({ kind }) => (setAside = kind === 'set-aside'));
  return { reason: problem, setAside };
}

/** Cells, outputs, responses, index and news: what they hold is checked as whoever reads them does. */
async function sealedFinding(shelf: (onNotice: OnNotice) => Shelf | undefined, info: ObjectInfo): Promise<Finding> {
  const told: Exclude<Finding, string>[] = [];
  const own = shelf((notice) => {
    if (notice.kind !== 'nondeterminism') told.push({ reason: notice.reason, setAside: notice.kind === 'set-aside' });
  });
  try {
    if (own) await unseal(own, info);
  } catch (error) {
    if (!isPercussError(error) || error.code === 'STORE_UNREACHABLE') throw error;
    return { reason: messageOf(error), setAside: false };
  }
  return told[0] ?? 'sound';
}

/** Where a sealed object belongs; undefined for other keys, and for engines that this version does not know. */
function shelfOf(store: ObjectStore, key: Key, onNotice: OnNotice): Shelf | undefined {
  const match =
    /^((?:index|news)\/)?(cells|outputs|responses)\/(\d{1,6})\/([0-9a-f]{64})\/([^/]+)\/(?:([0-9a-f]{64})\/)?[^/]+$/.exec(
      key,
    );
  const [, sums, kind = '', semantics, model = '', printed = '', chunk] = match ?? [];
  const mode = readNumericMode(printed);
  if (!match || !mode) return undefined;
  const scope = { model, mode };
  if (kind === 'responses')
    return chunk === undefined && !sums ? resultShelf(store, Number(semantics), scope, onNotice) : undefined;
  if (chunk === undefined) return undefined;
  const cells = cellShelf(store, Number(semantics), { ...scope, chunk }, onNotice);
  const plain: Shelf =
    kind === 'cells'
      ? cells
      : {
          ...cells,
          folder: cells.folder.replace(/^cells/, 'outputs'),
          label: { ...cells.label, format: 'percuss-outputs' },
          check: () => undefined,
        };
  if (!sums) return plain;
  const index = indexShelf(plain);
  return sums === 'index/' ? index : { ...index, folder: `news/${plain.folder}` };
}

const namedBy = [
  /^blobs\/([0-9a-f]{64})$/,
  /^(?:plans|analyses)\/([0-9a-f]{64})\.json$/,
  /^failures\/[0-9a-f]{64}\/\d+\/([0-9a-f]{64})\.json$/,
  /^studies\/([0-9a-f]{64})\/study\.json$/,
  /^studies\/[0-9a-f]{64}\/(?:tables\/)?[a-z_]+-([0-9a-f]{64})\.[a-z]+$/,
];

/** What is wrong with bytes and records; `foreign` where their key says nothing of them. */
async function problemOf(store: ObjectStore, key: Key): Promise<string | undefined> {
  const digest = namedBy.map((form) => form.exec(key)?.[1]).find((found) => found !== undefined);
  if (digest === undefined && !isRecordKey(key)) return 'foreign';
  const bytes = await store.get(key);
  if (!bytes) return undefined;
  if (digest !== undefined && sha256(bytes) !== digest) return `its SHA-256 is not ${digest}`;
  if (!isRecordKey(key)) return undefined;
  if (digest === undefined && !key.includes('/submissions/')) return statedProblem(key, bytes);
  try {
    return recordProblem(key, JSON.parse(new TextDecoder().decode(bytes)) as unknown);
  } catch {
    return 'it is not JSON';
  }
}
