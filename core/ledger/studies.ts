import { largest } from '../extremes.js';
import type { Digest, Ref } from '../digest.js';
import { sha256 } from '../digest.js';
import { isPercussError, PercussError } from '../errors.js';
import type { ResolvedStudy } from '../spec/resolved-study.js';
import type { ObjectInfo, StoreOptions } from '../store/object-store.js';
import { isRecordKey } from './record-kinds.js';
import { failureFolder, ordinalOf, rootKey, studyFolder, submissionKey } from './keys.js';
import {
  encodeRecord,
  encodeStated,
  getFirst,
  getRecord,
  putContent,
  putFirst,
  type RecordContext,
} from './records.js';

/** What `gc` starts from and `list` shows: written before a study lists or writes anything else. */
export interface StudyRoot {
  readonly id: Digest;
  /** The name from the spec: a label, not an identity. */
  readonly study: string;
  /** ISO 8601. */
  readonly created: string;
}

/** A unit that could not be computed. */
export interface FailureRecord {
  /** Of the cell, response or profile. */
  readonly key: Digest;
  readonly code: string;
  readonly message: string;
}

/** Writes the resolved spec, whose hash is the study's identity. */
export async function putStudy(
  context: RecordContext,
  id: Digest,
  study: ResolvedStudy,
  options: StoreOptions,
): Promise<Ref<ResolvedStudy>> {
  const bytes = encodeRecord(study);
  const ref = studyRecord(sha256(bytes));
  if (ref.sha256 !== id) throw new PercussError('BUG', `study ${study.study} has the hash ${ref.sha256}, not ${id}`);
  await putContent(context, ref.key, bytes, options);
  return ref;
}

export function studyRecord(id: Digest): Ref<ResolvedStudy> {
  return { key: `${studyFolder(id)}study.json`, sha256: id };
}

/** `tables/models.parquet` → `studies/<id>/tables/models-<sha256>.parquet`. */
export async function putOutput(
  context: RecordContext,
  study: Digest,
  name: string,
  bytes: Uint8Array,
  options: StoreOptions,
): Promise<Ref<Uint8Array>> {
  const digest = sha256(bytes);
  const dot = name.lastIndexOf('.');
  const key = `${studyFolder(study)}${name.slice(0, dot)}-${digest}${name.slice(dot)}`;
  await putContent(context, key, bytes, options, 'bytes');
  return { key, sha256: digest };
}

/** All tables and reports that were put, ever, by key. */
export async function outputsOf(context: RecordContext, study: Digest, options: StoreOptions): Promise<ObjectInfo[]> {
  const outputs: ObjectInfo[] = [];
  for await (const object of context.store.list(studyFolder(study), undefined, options)) {
    if (/-[0-9a-f]{64}\.[a-z]+$/.test(object.key)) outputs.push(object);
  }
  return outputs;
}

export async function listStudies(context: RecordContext, options: StoreOptions): Promise<StudyRoot[]> {
  const studies: StudyRoot[] = [];
  for await (const { key } of context.store.list('roots/', undefined, options)) {
    const root = await getFirst<StudyRoot>(context, key, options);
    if (root) studies.push(root);
  }
  return studies.sort((a, b) => (a.created < b.created ? -1 : a.created > b.created ? 1 : a.id < b.id ? -1 : 1));
}

/** The root that stands: of studies with equal content, the first one's name and time. */
export function putRoot(context: RecordContext, root: StudyRoot, options: StoreOptions): Promise<StudyRoot> {
  return putFirst(context, rootKey(root.id), root, options);
}

/** Replaces what the latest outputs are. Of two writers at a time, both succeed and one is last. */
export async function putLatestOutputs(
  context: RecordContext,
  study: Digest,
  outputs: unknown,
  options: StoreOptions,
): Promise<void> {
  const { store } = context;
  const earlier = await latestKeys(context, study, options);
  const bytes = encodeStated(outputs);
  let number = largest([0, ...earlier.map(ordinalOf)]) + 1;
  while (!(await store.putIfAbsent(latestKey(study, number), bytes, options))) number++;
  for (const key of earlier) await store.remove(key, options);
}

export async function latestOutputs<T>(
  context: RecordContext,
  study: Digest,
  options: StoreOptions,
): Promise<T | undefined> {
  for (const key of (await latestKeys(context, study, options)).reverse()) {
    const outputs = await getFirst<T>(context, key, options);
    if (outputs !== undefined) return outputs;
  }
  return undefined;
}

const latestFolder = (study: Digest): string => `${studyFolder(study)}latest/`;
const latestKey = (study: Digest, number: number): string =>
  `${latestFolder(study)}${String(number).padStart(9, '0')}.json`;

function latestKeys(context: RecordContext, study: Digest, options: StoreOptions): Promise<string[]> {
  return recordKeys(context, latestFolder(study), options);
}

/** Keys of the records in a folder; others, which percuss doesn't write there, are told and left alone. */
async function recordKeys(context: RecordContext, folder: string, options: StoreOptions): Promise<string[]> {
  const keys: string[] = [];
  for await (const { key } of context.store.list(folder, undefined, options)) {
    if (isRecordKey(key)) keys.push(key);
    else context.onNotice({ kind: 'ignored', key, reason: 'its key is not one that percuss gives' });
  }
  return keys;
}

/** Opens a new submission of a study: failures of earlier ones no longer count, and are tried again. From 1. */
export async function beginSubmission(context: RecordContext, study: Digest, options: StoreOptions): Promise<number> {
  let number = (await currentSubmission(context, study, options)) + 1;
  while (!(await context.store.putIfAbsent(submissionKey(study, number), encodeRecord({ number }), options))) number++;
  return number;
}

/** The last submission's number; 0 before the first. */
export async function currentSubmission(context: RecordContext, study: Digest, options: StoreOptions): Promise<number> {
  const keys = await recordKeys(context, `${studyFolder(study)}submissions/`, options);
  return largest([0, ...keys.map(ordinalOf)]);
}

/** Adds failures to the current submission. */
export async function recordFailures(
  context: RecordContext,
  study: Digest,
  failures: readonly FailureRecord[],
  options: StoreOptions,
): Promise<void> {
  if (failures.length === 0) return;
  const bytes = encodeRecord(failures);
  const folder = failureFolder(study, await currentSubmission(context, study, options));
  await putContent(context, `${folder}${sha256(bytes)}.json`, bytes, options);
}

/** Failures of the current submission, one a unit, by key. */
export async function failuresOf(
  context: RecordContext,
  study: Digest,
  options: StoreOptions,
): Promise<FailureRecord[]> {
  const folder = failureFolder(study, await currentSubmission(context, study, options));
  const failures = new Map<Digest, FailureRecord>();
  for (const key of await recordKeys(context, folder, options)) {
    const digest = key.slice(folder.length, -'.json'.length);
    for (const failure of await soundFailures(context, { key, sha256: digest }, options)) {
      failures.set(failure.key, failure);
    }
  }
  return [...failures.values()].sort((a, b) => (a.key < b.key ? -1 : 1));
}

/** None where the record is damaged, which was told: its units are tried again. */
async function soundFailures(
  context: RecordContext,
  ref: Ref<readonly FailureRecord[]>,
  options: StoreOptions,
): Promise<readonly FailureRecord[]> {
  try {
    return await getRecord(context, ref, options);
  } catch (error) {
    if (isPercussError(error) && error.code === 'OBJECT_DAMAGED') return [];
    throw error;
  }
}
