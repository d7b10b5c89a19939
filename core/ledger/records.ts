import { canonicalJson, type Json } from '../canonical.js';
import { sha256, type Digest, type Ref } from '../digest.js';
import { PercussError } from '../errors.js';
import { limits, type Limit } from '../limits.js';
import type { Key, ObjectStore, StoreOptions } from '../store/object-store.js';
import { passOver, quarantine } from './quarantine.js';
import type { OnNotice } from './notice.js';
import { recordProblem } from './record-kinds.js';
import { damaged, tooLarge } from './sealed.js';

/** Small things as canonical JSON, and other bytes by the hash of their content. */
export interface RecordContext {
  readonly store: ObjectStore;
  readonly onNotice: OnNotice;
}

/**
 * Writes bytes under a key that follows from their content. An object of another size under that key is set aside; with
 * `compare: 'bytes'`, for what is small, one of any other content.
 */
export async function putContent(
  context: RecordContext,
  key: Key,
  bytes: Uint8Array,
  options: StoreOptions,
  compare: 'size' | 'bytes' = 'size',
): Promise<void> {
  const { store, onNotice } = context;
  while (!(await store.putIfAbsent(key, bytes, options))) {
    const there = await store.head(key, options);
    const sameSize = there?.bytes === bytes.length;
    if (sameSize && compare === 'size') return;
    const found = await store.get(key, undefined, options);
    if (!found) continue;
    if (Buffer.compare(found, bytes) === 0) return;
    const reason = sameSize ? 'its content is damaged' : `it has ${found.length} bytes instead of ${bytes.length}`;
    await quarantine(store, key, found, reason, onNotice, options);
  }
}

/**
 * Reads bytes whose hash is known, if they are at most so many.
 * @throws PercussError NOT_FOUND; OBJECT_DAMAGED, and the object is set aside, so that it can be written anew; LIMIT_EXCEEDED.
 */
export async function getContent(
  context: RecordContext,
  key: Key,
  digest: Digest,
  options: StoreOptions,
  { value: most }: Limit = limits.storedObject,
): Promise<Uint8Array> {
  const { store, onNotice } = context;
  const info = await store.head(key, options);
  if (info && info.bytes > most) {
    throw new PercussError('LIMIT_EXCEEDED', `${key} in ${store.url} is not read: ${tooLarge(info.bytes, most)}`, {
      details: { key },
    });
  }
  const bytes = info && (await store.get(key, undefined, options));
  if (bytes === undefined) {
    throw new PercussError(
      'NOT_FOUND',
      `${key} is not in ${store.url}: was the study submitted to another store? Run it again to write it`,
      {
        details: { key },
      },
    );
  }
  if (sha256(bytes) === digest) return bytes;
  const reason = `its SHA-256 is not ${digest}`;
  await passOver(store, key, bytes, reason, onNotice, options);
  throw damaged(key, reason);
}

/** @throws TypeError for a value that canonical JSON can't hold. */
export function encodeRecord(value: unknown): Uint8Array {
  return new TextEncoder().encode(canonicalJson(value as Json));
}

/**
 * Reads a record whose hash is known.
 * @throws PercussError NOT_FOUND; OBJECT_DAMAGED for other bytes, and for those that are no record of their kind; they are set aside;
 * LIMIT_EXCEEDED.
 */
export async function getRecord<T>(context: RecordContext, ref: Ref<T>, options: StoreOptions): Promise<T> {
  const most = ref.key.startsWith('plans/') ? limits.longRecord : limits.record;
  const bytes = await getContent(context, ref.key, ref.sha256, options, most);
  const read = readJson(ref.key, new TextDecoder().decode(bytes));
  if ('value' in read) return read.value as T;
  await passOver(context.store, ref.key, bytes, read.problem, context.onNotice, options);
  throw damaged(ref.key, read.problem);
}

/** A record of the kind that its key says, or why it is none. */
function readJson(key: Key, text: string): { readonly value: unknown } | { readonly problem: string } {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return { problem: 'it is not JSON' };
  }
  const problem = recordProblem(key, value);
  return problem === undefined ? { value } : { problem };
}

/** Canonical JSON that states its own hash, for keys that can't. */
export function encodeStated(value: unknown): Uint8Array {
  const text = canonicalJson(value as Json);
  return new TextEncoder().encode(canonicalJson({ sha256: sha256(text), value: value as Json }));
}

/** Times that a record is written where another one, which is no good, is met and set aside. */
const ATTEMPTS = 20;

/** Decides something once: the first to write decides, and everybody gets what is written. */
export async function putFirst<T>(context: RecordContext, key: Key, value: T, options: StoreOptions): Promise<T> {
  const bytes = encodeStated(value);
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const known = await getFirst<T>(context, key, options);
    if (known !== undefined) return known;
    await context.store.putIfAbsent(key, bytes, options);
  }
  throw new PercussError(
    'OBJECT_DAMAGED',
    `${key} in ${context.store.url} is no record of percuss, and cannot be set aside: remove it, then run the study again`,
    { details: { key } },
  );
}

/** The largest record that states its own hash: all that is decided of a study. */
const mostStated = limits.record.value;

/**
 * What was decided; undefined if nothing was, or if what is there is damaged or no record of its kind, which sets it aside.
 */
export async function getFirst<T>(context: RecordContext, key: Key, options: StoreOptions): Promise<T | undefined> {
  const bytes = await context.store.get(key, { from: 0, to: mostStated + 1 }, options);
  if (bytes === undefined) return undefined;
  if (bytes.length > mostStated) {
    // To set it aside would take as much memory as it has bytes.
    context.onNotice({ kind: 'ignored', key, reason: `it has more than ${mostStated} bytes (docs/limits.md)` });
    return undefined;
  }
  const read = readStated(key, bytes);
  if ('value' in read) return read.value as T;
  await passOver(context.store, key, bytes, read.problem, context.onNotice, options);
  return undefined;
}

function readStated(key: Key, bytes: Uint8Array): { readonly value: unknown } | { readonly problem: string } {
  const text = new TextDecoder().decode(bytes);
  const match = /^\{"sha256":"([0-9a-f]{64})","value":(.*)\}$/s.exec(text);
  if (match?.[2] === undefined || sha256(match[2]) !== match[1]) {
    return { problem: 'it does not have the hash that it states' };
  }
  return readJson(key, match[2]);
}

/** What is wrong with a record that states its own hash; undefined if nothing is. */
export function statedProblem(key: Key, bytes: Uint8Array): string | undefined {
  const read = readStated(key, bytes);
  return 'value' in read ? undefined : read.problem;
}
