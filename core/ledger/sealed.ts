import { sha256 } from '../digest.js';
import { PercussError, isPercussError } from '../errors.js';
import { limits } from '../limits.js';
import { decodeSafetensors, encodeSafetensors, type Safetensors } from '../safetensors.js';
import type { Tensor } from '../tensor.js';
import type { Key, ObjectInfo, ObjectStore, StoreOptions } from '../store/object-store.js';
import { passOver, quarantine } from './quarantine.js';
import { objectKey, parseObjectKey } from './keys.js';
import type { OnNotice } from './notice.js';

/** A safetensors object whose name holds the hash of its bytes, and what it says about itself. */
export interface Sealed extends Safetensors {
  readonly key: Key;
  readonly identity: string;
}

/** An object, and how large it is. */
export type NamedSize = Pick<ObjectInfo, 'key' | 'bytes'>;

/** Where sealed objects lie, and what such an object must say about itself to belong there. */
export interface Shelf {
  readonly store: ObjectStore;
  readonly folder: string;
  /** Metadata that stand in every object of this shelf: format, version, semantics, scope. */
  readonly label: Readonly<Record<string, string>>;
  readonly onNotice: OnNotice;
  /** What is wrong with the content of an object whose bytes and label are right; undefined if nothing is. */
  check(object: Sealed): string | undefined;
}

/**
 * Writes an object once. An equal one that is there already counts as this one; a damaged one of its name is set aside.
 */
export async function seal(
  shelf: Shelf,
  identity: string,
  tensors: ReadonlyMap<string, Tensor>,
  metadata: Readonly<Record<string, string>>,
  options: StoreOptions = {},
): Promise<{ readonly key: Key; readonly sha256: string; readonly bytes: number }> {
  const bytes = encodeSafetensors(tensors, { ...metadata, ...shelf.label });
  const digest = sha256(bytes);
  const key = objectKey(shelf.folder, { identity, sha256: digest });
  while (!(await shelf.store.putIfAbsent(key, bytes, options))) {
    const there = await shelf.store.get(key, undefined, options);
    if (there === undefined) continue;
    if (sha256(there) === digest) break;
    await quarantine(shelf.store, key, there, 'its bytes do not have the hash in its name', shelf.onNotice, options);
  }
  return { key, sha256: digest, bytes: bytes.length };
}

/**
 * Reads an object and checks all that can be checked: bytes against the name, the label against the shelf, content
 * against the identity. What fails is set aside.
 *
 * @returns undefined if the object is gone, or was set aside.
 */
export async function unseal(shelf: Shelf, info: NamedSize, options: StoreOptions = {}): Promise<Sealed | undefined> {
  if (isTooLarge(shelf, info)) return undefined;
  const { key } = info;
  const bytes = await shelf.store.get(key, undefined, options);
  if (bytes === undefined) return undefined;
  const found = open(shelf, key, bytes);
  if (typeof found !== 'string') return found;
  await passOver(shelf.store, key, bytes, found, shelf.onNotice, options);
  return undefined;
}

/** Whether an object has more bytes than percuss reads; it is told, and left where it is: to copy it would take as much memory. */
export function isTooLarge({ onNotice }: Pick<Shelf, 'onNotice'>, { key, bytes }: NamedSize): boolean {
  const most = limits.storedObject.value;
  if (bytes <= most) return false;
  onNotice({ kind: 'ignored', key, reason: tooLarge(bytes, most) });
  return true;
}

/** That an object is above a limit. */
export function tooLarge(bytes: number, most: number): string {
  return `it has ${bytes} bytes, above the limit of ${most} (docs/limits.md)`;
}

function open(shelf: Shelf, key: Key, bytes: Uint8Array): Sealed | string {
  const name = parseObjectKey(shelf.folder, key);
  if (name === undefined) return 'its name is not of the form <identity>-<sha256>.safetensors';
  if (sha256(bytes) !== name.sha256) return 'its bytes do not have the hash in its name';
  try {
    const sealed = { key, identity: name.identity, ...decodeSafetensors(bytes, key) };
    for (const [member, expected] of Object.entries(shelf.label)) {
      const actual = sealed.metadata[member];
      if (actual !== expected) return `its ${member} is ${actual ?? 'missing'}, where ${expected} belongs`;
    }
    return shelf.check(sealed) ?? sealed;
  } catch (error) {
    if (isPercussError(error) && error.code === 'OBJECT_DAMAGED') return error.message;
    throw error;
  }
}

/** A tensor of an object, by name, type and number of axes. */
export function tensorOf<D extends Tensor['dtype']>(
  object: Safetensors,
  name: string,
  dtype: D,
  rank: number,
): Tensor<D> | undefined {
  const found = object.tensors.get(name);
  return found?.dtype === dtype && found.shape.length === rank ? (found as Tensor<D>) : undefined;
}

/** @throws PercussError OBJECT_DAMAGED. */
export function damaged(key: Key, reason: string): PercussError {
  return new PercussError('OBJECT_DAMAGED', `${key} can't be used: ${reason}; run the study again to compute it anew`, {
    details: { key },
  });
}
