import { PercussError } from '../errors.js';
import type { Key } from './object-store.js';

const part = /^[A-Za-z0-9_-][A-Za-z0-9._-]{0,199}$/;

/** Whether a name can be one part of a key. */
export function isKeyPart(name: string): boolean {
  return part.test(name);
}

/** Whether a string is a key by the definition of `Key`. */
export function isKey(key: string): boolean {
  return key.length <= 900 && key.split('/').every(isKeyPart);
}

/** @throws PercussError BUG for anything but a key: a path that leaves the store can't be written as one. */
export function checkKey(key: Key): void {
  if (!isKey(key))
    throw new PercussError('BUG', `${JSON.stringify(key.slice(0, 200))} is not a key of an object store`);
}

/** @throws PercussError BUG for what no key starts with. */
export function checkPrefix(prefix: string): void {
  const parts = prefix.split('/');
  const last = parts.pop() ?? '';
  if (prefix.length > 900 || !parts.every(isKeyPart) || !(last === '' || isKeyPart(last))) {
    throw new PercussError('BUG', `${JSON.stringify(prefix.slice(0, 200))} is not a prefix of keys of an object store`);
  }
}

/** @throws PercussError CANCELLED if the signal has fired. */
export function checkSignal(signal: AbortSignal | undefined): void {
  if (signal?.aborted) throw new PercussError('CANCELLED', 'access to the store was cancelled');
}
