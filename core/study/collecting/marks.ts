import type { Digest } from '../../digest.js';
import { DigestSet } from '../../digest-set.js';
import { isPercussError } from '../../errors.js';
import { CellIndex } from '../../ledger/cell-index.js';
import { cellFolder, outputFolder, parseObjectKey, responseFolder } from '../../ledger/keys.js';
import { Ledger } from '../../ledger/ledger.js';
import type { NumericMode } from '../../numeric-mode.js';
import { SEMANTICS } from '../../plan/identity.js';
import { chunksOf, keepsOutputsOf, unitKey, type ModelOutline } from '../../plan/outline.js';
import { stageGroups, unitIndices } from '../../plan/planner.js';
import type { ResolvedData, ResolvedModel, ResolvedStudy } from '../../spec/resolved-study.js';
import type { Key } from '../../store/object-store.js';
import { withoutWriting } from '../../store/without-writing.js';
import { Catalog } from '../catalog.js';
import { nextStage } from '../planning/plan-stage.js';
import { outputScope } from '../reading/committed.js';

/** What the studies of a store rest on. */
export class Marks {
  readonly #keys = new Set<Key>();
  readonly #prefixes = new Set<string>();
  readonly #blobs = new Set<Digest>();
  /** Studies that may be at work: what lies where they commit is kept whole, and plans and analyses are. */
  readonly open: string[] = [];
  /** Roots and submissions, by which it shows whether a study came meanwhile. */
  fingerprint = '';

  keepKey(key: Key): void {
    this.#keys.add(key);
  }

  /** All below a folder. */
  keepFolder(folder: string): void {
    this.#prefixes.add(folder);
  }

  keepBlob(digest: Digest): void {
    this.#blobs.add(digest);
  }

  /** Whether something rests on an object. */
  has(key: Key): boolean {
    if (this.#keys.has(key)) return true;
    const blob = /^blobs\/([0-9a-f]{64})$/.exec(key)?.[1];
    if (blob !== undefined) return this.#blobs.has(blob);
    for (let end = key.indexOf('/'); end >= 0; end = key.indexOf('/', end + 1))
      if (this.#prefixes.has(key.slice(0, end + 1))) return true;
    return false;
  }
}

/** A study that can't be read, so that nobody knows what it rests on. */
export interface UnreadStudy {
  readonly id: Digest;
  readonly reason: string;
}

export interface MarkOptions {
  /** What is younger, in milliseconds, may belong to what is still being written. */
  readonly grace: number;
  readonly now: number;
}

/** What all roots of a store reach; or the studies that can't be read, of which nothing may be said. Writes nothing. */
export async function markedFrom(
  stored: Ledger,
  { grace, now }: MarkOptions,
): Promise<{ readonly marks: Marks; readonly unread: readonly UnreadStudy[] }> {
  const marks = new Marks();
  const unread: UnreadStudy[] = [];
  const { store } = stored;
  marks.fingerprint = await fingerprintOf(stored);
  for await (const { key, written } of store.list('roots/')) {
    const id = /^roots\/([0-9a-f]{64})\.json$/.exec(key)?.[1];
    if (id === undefined) continue;
    marks.keepKey(key);
    for (const folder of [`studies/${id}/`, `stages/${id}/`, `failures/${id}/`]) marks.keepFolder(folder);
    try {
      await markStudy(marks, new Ledger(withoutWriting(store)), id, now - grace);
    } catch (error) {
      if (!isPercussError(error) || !['NOT_FOUND', 'OBJECT_DAMAGED', 'LIMIT_EXCEEDED'].includes(error.code))
        throw error;
      // A root of long ago without a study was never stored whole.
      if (error.code === 'NOT_FOUND' && written < now - grace && !(await submittedSince(stored, id, now - grace)))
        continue;
      unread.push({ id, reason: error.message });
    }
  }
  if (marks.open.length > 0) await markAnalyses(marks, stored);
  return { marks, unread };
}

/** Roots and submissions of a store: another text where a study came, went, or was submitted again. */
export async function fingerprintOf({ store }: Ledger): Promise<string> {
  const roots: Key[] = [];
  for await (const { key } of store.list('roots/')) roots.push(key);
  const submissions: Key[] = [];
  for (const root of roots) {
    const id = root.slice('roots/'.length, -'.json'.length);
    for await (const { key } of store.list(`studies/${id}/submissions/`)) submissions.push(key);
  }
  return [...roots, ...submissions].join('\n');
}

async function markStudy(marks: Marks, ledger: Ledger, id: Digest, cutoff: number): Promise<void> {
  const study = await ledger.getStudy(id);
  for (const { files } of study.models) for (const { blob } of files) marks.keepBlob(blob);
  for (const data of study.data) for (const { digest } of allChunks(data)) marks.keepBlob(digest);
  for await (const { key } of ledger.store.list(`studies/${id}/decisions/preview-`)) {
    const name = key.slice(`studies/${id}/decisions/`.length, -'.json'.length);
    const preview = await ledger.getDecision<Readonly<Record<string, Digest>>>(id, name);
    for (const blob of Object.values(preview ?? {})) marks.keepBlob(blob);
  }
  const mode = await ledger.getDecision<NumericMode>(id, 'mode');
  const lately = await submittedSince(ledger, id, cutoff);
  const whole = mode && !lately && study.semantics === SEMANTICS ? await wholeOutlines(ledger, id, mode) : undefined;
  if (whole) return markUnits(marks, ledger, study, whole);
  marks.open.push(study.study);
  for (const model of study.models) keepPlaces(marks, study, model, mode);
}

const allChunks = ({ chunks, waves = [], trial }: ResolvedData) => [
  ...chunks,
  ...waves.flat(),
  ...(trial ? [trial] : []),
];

async function submittedSince({ store }: Ledger, id: Digest, cutoff: number): Promise<boolean> {
  for await (const { written } of store.list(`studies/${id}/submissions/`)) if (written > cutoff) return true;
  return false;
}

/** The networks of a study of which nothing is missing and that has left its report; undefined for any other. */
async function wholeOutlines(
  ledger: Ledger,
  id: Digest,
  mode: NumericMode,
): Promise<readonly ModelOutline[] | undefined> {
  if ((await ledger.latestOutputs(id)) === undefined) return undefined;
  const ref = { id, study: ledger.studyRef(id), mode, batchSeconds: 10 };
  const catalog = new Catalog((digest) => ledger.getBlob(digest));
  const { stage, models } = await nextStage(ledger, catalog, ref, { expectations: false });
  return stage ? undefined : models;
}

/** Everything where a study may commit. */
function keepPlaces(marks: Marks, study: ResolvedStudy, model: ResolvedModel, mode: NumericMode | undefined): void {
  const { semantics } = study;
  if (!mode) {
    for (const kind of ['cells', 'outputs', 'responses']) keepBoth(marks, `${kind}/${semantics}/${model.content}/`);
    return;
  }
  const scope = { model: model.content, mode };
  keepBoth(marks, responseFolder(semantics, scope));
  const data = study.data.find(({ name }) => name === model.data);
  for (const { digest: chunk } of data ? allChunks(data) : []) {
    keepBoth(marks, cellFolder(semantics, { ...scope, chunk }));
    keepBoth(marks, outputFolder(semantics, { ...scope, chunk }));
  }
}

/** A folder, and what is told and summed up of it. */
function keepBoth(marks: Marks, folder: string): void {
  marks.keepFolder(folder);
  keepSums(marks, folder);
}

function keepSums(marks: Marks, folder: string): void {
  marks.keepFolder(`index/${folder}`);
  marks.keepFolder(`news/${folder}`);
  marks.keepFolder(`claims/${folder}`);
}

/** The objects that hold a unit of a study, and no others. */
async function markUnits(
  marks: Marks,
  ledger: Ledger,
  { seed }: ResolvedStudy,
  models: readonly ModelOutline[],
): Promise<void> {
  const units = new DigestSet();
  for (const group of stageGroups(models).flat()) {
    const outline = models.find(({ model }) => model.name === group.model) as ModelOutline;
    for (const index of unitIndices(group)) units.add(unitKey(outline, seed, group, index));
  }
  for (const outline of models) {
    const { scope } = outline;
    const keeps = keepsOutputsOf(outline, { kind: 'baseline', name: '' });
    for (const chunk of chunksOf(outline)) {
      const place = { ...scope, chunk: chunk.digest, semantics: SEMANTICS };
      markObjects(marks, cellFolder(SEMANTICS, place), await ledger.committedKeys(place), units);
      if (!keeps) continue;
      const outputs = await ledger.committedOutputs(outputScope(outline, chunk));
      markObjects(marks, outputFolder(SEMANTICS, place), outputs, units);
    }
    const folder = responseFolder(SEMANTICS, scope);
    for await (const { key } of ledger.store.list(folder)) {
      const name = parseObjectKey(folder, key);
      if (name && units.has(name.identity)) marks.keepKey(key);
    }
  }
}

function markObjects(marks: Marks, folder: string, index: ReadonlyMap<Digest, Key>, units: DigestSet): void {
  const held: Digest[] = [];
  for (const key of index.keys()) if (units.has(key)) held.push(key);
  // Of a cell that two objects hold differently both are kept.
  const objects = index instanceof CellIndex ? index.objectsOf(held) : held.map((key) => index.get(key) as Key);
  for (const object of objects) marks.keepKey(object);
  if (held.length > 0) keepSums(marks, folder);
}

/** Between its analysis and its tables a study rests on records that do not say whose they are. */
async function markAnalyses(marks: Marks, { store }: Ledger): Promise<void> {
  marks.keepFolder('plans/');
  marks.keepFolder('analyses/');
  const ledger = new Ledger(withoutWriting(store));
  for await (const { key } of store.list('analyses/')) {
    const sha256 = /^analyses\/([0-9a-f]{64})\.json$/.exec(key)?.[1];
    if (sha256 === undefined) continue;
    try {
      const { tables } = await ledger.getRecord<{
        readonly tables: Readonly<Record<string, { readonly sha256: Digest }>>;
      }>({ key, sha256 });
      for (const table of Object.values(tables)) marks.keepBlob(table.sha256);
    } catch (error) {
      // A damaged one names nothing that could be read.
      if (!isPercussError(error) || !['NOT_FOUND', 'OBJECT_DAMAGED', 'LIMIT_EXCEEDED'].includes(error.code))
        throw error;
    }
  }
}
