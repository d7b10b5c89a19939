import { sha256, type Digest, type Ref } from '../digest.js';
import type { CellKey } from '../plan/condition.js';
import { SEMANTICS, type Scope } from '../plan/identity.js';
import type { Cell, CellScope, Provenance } from '../probe/cell.js';
import type { KeptOutputs, OutputScope } from '../probe/kept-outputs.js';
import type { ResolvedStudy } from '../spec/resolved-study.js';
import { storeIdentity } from '../store/identity.js';
import type { Key, ObjectInfo, ObjectStore, StoreOptions } from '../store/object-store.js';
import type { Tensor } from '../tensor.js';
import type { Claims } from './claims.js';
import { checkImages, type CellRow } from './cell-object.js';
import { blobKey, decisionKey, machineKey, planKey, responseFolder, stageKey } from './keys.js';
import { onceEach, type OnNotice } from './notice.js';
import { provenanceBelow, type ProvenanceLine } from './provenance.js';
import { encodeRecord, getContent, getFirst, getRecord, putContent, putFirst, type RecordContext } from './records.js';
import * as results from './response-shelf.js';
import type { ReadResultOptions, StoredResult } from './response-shelf.js';
import { Shelves, type Versioned } from './shelves.js';
import * as studies from './studies.js';
import type { FailureRecord, StudyRoot } from './studies.js';

export interface LedgerOptions {
  /** Told what was set aside and what two objects disagree about. */
  readonly onNotice?: OnNotice;
  /** Milliseconds since 1970: the clock by which studies and news are called. */
  readonly now?: () => number;
}

/**
 * Typed records over an object store; the only place that knows keys. Objects are written once under names that hold
 * their hash, and checked on reading: what is damaged or foreign is set aside and counts as absent. Methods throw
 * STORE_UNREACHABLE when the store can't be reached.
 */
export class Ledger {
  readonly store: ObjectStore;
  readonly #context: RecordContext;
  readonly #shelves: Shelves;
  readonly #now: () => number;

  constructor(store: ObjectStore, options: LedgerOptions = {}) {
    this.store = store;
    this.#context = { store, onNotice: onceEach(options.onNotice ?? (() => undefined)) };
    this.#now = options.now ?? Date.now;
    this.#shelves = new Shelves(this.#context, this.#now);
  }

  /** By which another process opens the same store. */
  get url(): string {
    return this.store.url;
  }

  /** The store's id. */
  identity(): Promise<string> {
    return storeIdentity(this.store);
  }

  async putBlob(bytes: Uint8Array, options: StoreOptions = {}): Promise<Digest> {
    const digest = sha256(bytes);
    await putContent(this.#context, blobKey(digest), bytes, options);
    return digest;
  }

  /** @throws PercussError NOT_FOUND; OBJECT_DAMAGED; LIMIT_EXCEEDED. */
  getBlob(digest: Digest, options: StoreOptions = {}): Promise<Uint8Array> {
    return getContent(this.#context, blobKey(digest), digest, options);
  }

  /** Stages to be run, and analyses, by the hash of their canonical JSON. */
  async putRecord<T>(kind: 'plans' | 'analyses', value: T, options: StoreOptions = {}): Promise<Ref<T>> {
    const bytes = encodeRecord(value);
    const digest = sha256(bytes);
    const key = kind === 'plans' ? planKey(digest) : `analyses/${digest}.json`;
    await putContent(this.#context, key, bytes, options);
    return { key, sha256: digest };
  }

  /** @throws PercussError NOT_FOUND; OBJECT_DAMAGED; LIMIT_EXCEEDED. */
  getRecord<T>(ref: Ref<T>, options: StoreOptions = {}): Promise<T> {
    return getRecord(this.#context, ref, options);
  }

  /** Bytes of an output by its reference. @throws PercussError NOT_FOUND; OBJECT_DAMAGED; LIMIT_EXCEEDED. */
  getOutput(ref: Ref<Uint8Array>, options: StoreOptions = {}): Promise<Uint8Array> {
    return getContent(this.#context, ref.key, ref.sha256, options);
  }

  /** Commits a batch as one object. An equal batch that is there counts as this one. */
  async commitCells(
    scope: Versioned<CellScope>,
    cells: readonly CellRow[],
    images: number,
    provenance: Provenance,
    options: StoreOptions = {},
  ): Promise<Ref<readonly Cell[]>> {
    checkImages(cells, images);
    const [ref] = await this.#shelves.cells(scope).commit(cells, provenance, options);
    return ref as Ref<readonly Cell[]>;
  }

  /** Which cells are committed, and in which object. */
  committedKeys(scope: Versioned<CellScope>, options: StoreOptions = {}): Promise<ReadonlyMap<CellKey, Key>> {
    return this.#shelves.cells(scope).committed(options);
  }

  /** Which of these cells are committed by now, see `KeyedShelf.committedOf`. */
  committedCellsOf(
    scope: Versioned<CellScope>,
    keys: readonly CellKey[],
    options: StoreOptions = {},
  ): Promise<ReadonlySet<CellKey>> {
    return this.#shelves.cells(scope).committedOf(keys, options);
  }

  /** The cells of a scope, all or those asked for. What is absent, or was set aside, is not in the map. */
  readCells(
    scope: Versioned<CellScope>,
    keys?: Iterable<CellKey>,
    options: StoreOptions = {},
  ): Promise<ReadonlyMap<CellKey, Cell>> {
    return this.#shelves.cells(scope).read(keys, options);
  }

  /** Cells object by object, all or those asked for, each once: in memory are some objects. What is absent, or was set aside, does not come. */
  streamCells(scope: Versioned<CellScope>, keys?: Iterable<CellKey>, options: StoreOptions = {}): AsyncGenerator<Cell> {
    return this.#shelves.cells(scope).stream(keys, options);
  }

  /** Sums up the keys of all objects of a scope, so that later readers need not open them. */
  writeIndexSegment(scope: Versioned<CellScope>, options: StoreOptions = {}): Promise<void> {
    return this.#shelves.cells(scope).writeIndex(options);
  }

  /** Commits what is kept of a batch's outputs, as one object or several. Outputs that are there already count as these. */
  async commitOutputs(
    scope: Versioned<OutputScope>,
    rows: readonly KeptOutputs[],
    provenance: Provenance,
    options: StoreOptions = {},
  ): Promise<void> {
    if (rows.length > 0) await this.#shelves.outputs(scope).commit(rows, provenance, options);
  }

  /** Of which cells outputs are kept, and in which object. */
  committedOutputs(scope: Versioned<OutputScope>, options: StoreOptions = {}): Promise<ReadonlyMap<CellKey, Key>> {
    return this.#shelves.outputs(scope).committed(options);
  }

  /** Of which of these cells outputs are kept by now, see `KeyedShelf.committedOf`. */
  committedOutputsOf(
    scope: Versioned<OutputScope>,
    keys: readonly CellKey[],
    options: StoreOptions = {},
  ): Promise<ReadonlySet<CellKey>> {
    return this.#shelves.outputs(scope).committedOf(keys, options);
  }

  /** Kept outputs, all or those asked for, object by object: in memory are some objects of 16 MiB. What is absent does not come. */
  streamOutputs(
    scope: Versioned<OutputScope>,
    keys?: Iterable<CellKey>,
    options: StoreOptions = {},
  ): AsyncGenerator<KeptOutputs> {
    return this.#shelves.outputs(scope).stream(keys, options);
  }

  writeOutputIndex(scope: Versioned<OutputScope>, options: StoreOptions = {}): Promise<void> {
    return this.#shelves.outputs(scope).writeIndex(options);
  }

  /** Commits responses, a profile or moments, under their key of `core/plan/identity.ts`. */
  commitResult(
    scope: Versioned<Scope>,
    identity: Digest,
    tensors: ReadonlyMap<string, Tensor>,
    metadata: Readonly<Record<string, string>>,
    provenance: Provenance,
    options: StoreOptions = {},
  ): Promise<Ref<StoredResult>> {
    return results.commitResult(this.#shelves.results(scope), identity, tensors, metadata, provenance, options);
  }

  committedResults(scope: Versioned<Scope>, options: StoreOptions = {}): Promise<ReadonlyMap<Digest, Key>> {
    return results.committedResults(this.#shelves.results(scope), options);
  }

  readResult(
    scope: Versioned<Scope>,
    identity: Digest,
    options: ReadResultOptions = {},
  ): Promise<StoredResult | undefined> {
    return results.readResult(this.#shelves.results(scope), identity, options);
  }

  /** Who has units in hand: cells on a chunk, or results where no chunk is given. */
  claims(scope: Versioned<Scope> & { readonly chunk?: Digest }): Claims {
    return this.#shelves.claims(scope);
  }

  /** Builds and machines that computed a network's cells. */
  provenanceOf(scope: Versioned<Scope>, options: StoreOptions = {}): Promise<readonly ProvenanceLine[]> {
    const folder = responseFolder(scope.semantics ?? SEMANTICS, scope).replace(/^responses/, 'cells');
    return provenanceBelow(this.store, folder, options);
  }

  /** Writes the resolved spec, whose hash the id is. @throws PercussError BUG if it isn't. */
  putStudy(id: Digest, study: ResolvedStudy, options: StoreOptions = {}): Promise<Ref<ResolvedStudy>> {
    return studies.putStudy(this.#context, id, study, options);
  }

  /** @throws PercussError NOT_FOUND; OBJECT_DAMAGED; LIMIT_EXCEEDED. */
  getStudy(id: Digest, options: StoreOptions = {}): Promise<ResolvedStudy> {
    return getRecord(this.#context, studies.studyRecord(id), options);
  }

  /** Where the resolved spec of a study is. */
  studyRef(id: Digest): Ref<ResolvedStudy> {
    return studies.studyRecord(id);
  }

  /** The first to write a stage decides; everybody gets what is written. */
  putStage<T>(study: Digest, index: number, stage: T, options: StoreOptions = {}): Promise<T> {
    return putFirst(this.#context, stageKey(study, index), stage, options);
  }

  getStage<T>(study: Digest, index: number, options: StoreOptions = {}): Promise<T | undefined> {
    return getFirst(this.#context, stageKey(study, index), options);
  }

  /** Decides something of a study once, by name: the first to write decides, everybody gets what is written. */
  putDecision<T>(study: Digest, name: string, value: T, options: StoreOptions = {}): Promise<T> {
    return putFirst(this.#context, decisionKey(study, name), value, options);
  }

  getDecision<T>(study: Digest, name: string, options: StoreOptions = {}): Promise<T | undefined> {
    return getFirst(this.#context, decisionKey(study, name), options);
  }

  /** Decides something for all studies of machines that are alike, by what the machine is called: the first to write decides. */
  putMachine<T extends { readonly machine: string }>(value: T, options: StoreOptions = {}): Promise<T> {
    return putFirst(this.#context, machineKey(sha256(value.machine)), value, options);
  }

  getMachine<T extends { readonly machine: string }>(
    machine: string,
    options: StoreOptions = {},
  ): Promise<T | undefined> {
    return getFirst(this.#context, machineKey(sha256(machine)), options);
  }

  /** A table or report: `tables/models.parquet` goes to `studies/<id>/tables/models-<sha256>.parquet`. */
  putOutput(study: Digest, name: string, bytes: Uint8Array, options: StoreOptions = {}): Promise<Ref<Uint8Array>> {
    return studies.putOutput(this.#context, study, name, bytes, options);
  }

  outputsOf(study: Digest, options: StoreOptions = {}): Promise<readonly ObjectInfo[]> {
    return studies.outputsOf(this.#context, study, options);
  }

  /** Registers a study, before it writes anything else; the first name and time stand. */
  putRoot(study: Digest, root: Omit<StudyRoot, 'id' | 'created'>, options: StoreOptions = {}): Promise<StudyRoot> {
    return studies.putRoot(
      this.#context,
      { ...root, id: study, created: new Date(this.#now()).toISOString() },
      options,
    );
  }

  /** All studies, the oldest first. */
  listStudies(options: StoreOptions = {}): Promise<readonly StudyRoot[]> {
    return studies.listStudies(this.#context, options);
  }

  /** Says which outputs are the latest. */
  putLatestOutputs(study: Digest, outputs: unknown, options: StoreOptions = {}): Promise<void> {
    return studies.putLatestOutputs(this.#context, study, outputs, options);
  }

  /** What was last put as such; undefined before the first analysis. */
  latestOutputs<T>(study: Digest, options: StoreOptions = {}): Promise<T | undefined> {
    return studies.latestOutputs(this.#context, study, options);
  }

  /** A new submission, whose number is given: units that failed in earlier ones are tried again. */
  beginSubmission(study: Digest, options: StoreOptions = {}): Promise<number> {
    return studies.beginSubmission(this.#context, study, options);
  }

  recordFailures(study: Digest, failures: readonly FailureRecord[], options: StoreOptions = {}): Promise<void> {
    return studies.recordFailures(this.#context, study, failures, options);
  }

  /** Failures of the current submission. */
  failuresOf(study: Digest, options: StoreOptions = {}): Promise<readonly FailureRecord[]> {
    return studies.failuresOf(this.#context, study, options);
  }

  close(): Promise<void> {
    return this.store.close();
  }
}
