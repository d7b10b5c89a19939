import { canonicalJson } from '../canonical.js';
import { sha256 } from '../digest.js';
import { PercussError } from '../errors.js';
import { printNumericMode } from '../numeric-mode.js';
import type { CellKey } from '../plan/condition.js';
import type { Cell, CellScope, CellState, Provenance } from '../probe/cell.js';
import { tensor, type Tensor } from '../tensor.js';
import type { ObjectStore } from '../store/object-store.js';
import { cellFolder } from './keys.js';
import type { OnNotice } from './notice.js';
import { tensorOf, type Sealed, type Shelf } from './sealed.js';

/** States by their number in the object. */
const states: readonly CellState[] = ['ok', 'no-op'];

/** The folder of a scope, and what its objects say about themselves. */
export function cellShelf(store: ObjectStore, semantics: number, scope: CellScope, onNotice: OnNotice): Shelf {
  return {
    store,
    folder: cellFolder(semantics, scope),
    label: {
      format: 'percuss-cells',
      version: '1',
      semantics: String(semantics),
      model: scope.model,
      mode: printNumericMode(scope.mode),
      chunk: scope.chunk,
    },
    onNotice,
    check: (object) => checkCells(object, scope.images),
  };
}

/** The identity of a set of cells, whatever their values: 32 hexadecimal digits. Keys ascend. */
export function identityOf(keys: readonly CellKey[]): string {
  return sha256(keys.join('\n')).slice(0, 32);
}

/** Cells as tensors, rows by ascending key: equal cells give equal tensors, whatever their order. */
export function packCells(
  cells: readonly Cell[],
  images: number,
): { readonly keys: readonly CellKey[]; readonly tensors: ReadonlyMap<string, Tensor> } {
  const sorted = [...cells].sort((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0));
  const count = sorted.length;
  const keys = new Uint8Array(count * 32);
  const state = new Uint8Array(count);
  const effect = new Float64Array(count);
  const predicted = new Uint16Array(count * images);
  const loss = new Float32Array(count * images);
  const kl = new Float32Array(count * images);
  for (const [i, cell] of sorted.entries()) {
    if (sorted[i + 1]?.key === cell.key)
      throw new PercussError('BUG', `cell ${cell.key} is committed twice in one batch`);
    for (const name of ['predicted', 'loss', 'kl'] as const) {
      if (cell[name].length !== images) {
        throw new PercussError(
          'BUG',
          `cell ${cell.key} has ${cell[name].length} entries of ${name} for ${images} images`,
        );
      }
    }
    keys.set(Buffer.from(cell.key, 'hex'), i * 32);
    state[i] = states.indexOf(cell.state);
    effect[i] = cell.effect;
    predicted.set(cell.predicted, i * images);
    loss.set(cell.loss, i * images);
    kl.set(cell.kl, i * images);
  }
  const tensors = new Map<string, Tensor>([
    ['key', tensor('uint8', [count, 32], keys)],
    ['state', tensor('uint8', [count], state)],
    ['effect', tensor('float64', [count], effect)],
    ['predicted', tensor('uint16', [count, images], predicted)],
    ['loss', tensor('float32', [count, images], loss)],
    ['kl', tensor('float32', [count, images], kl)],
  ]);
  return { keys: sorted.map((cell) => cell.key), tensors };
}

export function printProvenance(provenance: Provenance): string {
  return canonicalJson({ ...provenance });
}

/** The cells of an object that was checked; arrays share the object's memory. */
export function unpackCells(object: Sealed): Cell[] {
  const { keys, state, effect, predicted, loss, kl } = columns(object) ?? missingColumns(object);
  const images = predicted.shape[1] ?? 0;
  return rowKeys(keys.data).map((key, i) => ({
    key,
    state: states[state.data[i] ?? 0] ?? 'ok',
    effect: effect.data[i] ?? 0,
    predicted: predicted.data.subarray(i * images, (i + 1) * images),
    loss: loss.data.subarray(i * images, (i + 1) * images),
    kl: kl.data.subarray(i * images, (i + 1) * images),
  }));
}

/** The packed keys of an object that was checked: 32 bytes each, ascending. */
export function keysOf(object: Sealed): Uint8Array {
  return (columns(object) ?? missingColumns(object)).keys.data;
}

function rowKeys(packed: Uint8Array): CellKey[] {
  const hex = Buffer.from(packed.buffer, packed.byteOffset, packed.byteLength).toString('hex');
  return Array.from({ length: packed.length / 32 }, (_, i) => hex.slice(i * 64, (i + 1) * 64));
}

function checkCells(object: Sealed, images: number | undefined): string | undefined {
  const found = columns(object);
  if (found === undefined) return 'it lacks tensors of cells, or they have other types or shapes';
  const [, held] = found.predicted.shape;
  if (images !== undefined && held !== images) return `its cells are of ${held} images, where the chunk has ${images}`;
  const keys = rowKeys(found.keys.data);
  if (keys.some((key, i) => i > 0 && key <= (keys[i - 1] ?? ''))) return 'its cell keys do not ascend';
  if (found.state.data.some((state) => states[state] === undefined)) return 'it holds a state that is not known';
  // KL and loss of networks that are not numbers are NaN, but no distance is negative.
  if (found.effect.data.some((effect) => effect < 0)) return 'it holds a negative effect';
  return identityOf(keys) === object.identity ? undefined : 'its cell keys do not have the identity in its name';
}

function columns(object: Sealed) {
  const keys = tensorOf(object, 'key', 'uint8', 2);
  const state = tensorOf(object, 'state', 'uint8', 1);
  const effect = tensorOf(object, 'effect', 'float64', 1);
  const predicted = tensorOf(object, 'predicted', 'uint16', 2);
  const loss = tensorOf(object, 'loss', 'float32', 2);
  const kl = tensorOf(object, 'kl', 'float32', 2);
  if (!keys || !state || !effect || !predicted || !loss || !kl || keys.shape[1] !== 32) return undefined;
  const [count, images] = predicted.shape;
  const same =
    [keys, state, effect, loss, kl].every(({ shape }) => shape[0] === count) &&
    [loss, kl].every(({ shape }) => shape[1] === images);
  return same ? { keys, state, effect, predicted, loss, kl } : undefined;
}

function missingColumns(object: Sealed): never {
  throw new PercussError('BUG', `${object.key} was used as cells without having been checked`);
}
