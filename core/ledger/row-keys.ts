import { sha256 } from '../digest.js';
import { PercussError } from '../errors.js';
import type { CellKey } from '../plan/condition.js';
import { tensor, type Tensor } from '../tensor.js';
import { tensorOf, type Sealed } from './sealed.js';

/** The identity of a set of keys, whatever stands under them: 32 hexadecimal digits. Keys ascend. */
export function identityOf(keys: readonly CellKey[]): string {
  return sha256(keys.join('\n')).slice(0, 32);
}

/** The tensor `key`: 32 bytes a row. @throws PercussError BUG for keys that don't ascend. */
export function keyTensor(keys: readonly CellKey[]): Tensor<'uint8'> {
  const packed = new Uint8Array(keys.length * 32);
  for (const [i, key] of keys.entries()) {
    if (keys[i + 1] === key) throw new PercussError('BUG', `cell ${key} is committed twice in one batch`);
    packed.set(Buffer.from(key, 'hex'), i * 32);
  }
  return tensor('uint8', [keys.length, 32], packed);
}

/** The packed keys of an object that was checked: 32 bytes each, ascending. */
export function packedKeys(object: Sealed): Uint8Array {
  const found = tensorOf(object, 'key', 'uint8', 2);
  if (!found) throw new PercussError('BUG', `${object.key} was used without having been checked`);
  return found.data;
}

/** The keys of an object that was checked, ascending. */
export function rowKeys(object: Sealed): CellKey[] {
  const packed = packedKeys(object);
  const hex = Buffer.from(packed.buffer, packed.byteOffset, packed.byteLength).toString('hex');
  return Array.from({ length: packed.length / 32 }, (_, i) => hex.slice(i * 64, (i + 1) * 64));
}

/** What is wrong with the keys of an object; undefined if nothing is. */
export function keyProblem(object: Sealed): string | undefined {
  const keys = rowKeys(object);
  if (keys.some((key, i) => i > 0 && key <= (keys[i - 1] ?? ''))) return 'its cell keys do not ascend';
  return identityOf(keys) === object.identity ? undefined : 'its cell keys do not have the identity in its name';
}
