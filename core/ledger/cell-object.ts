import { PercussError } from '../errors.js';
import { printNumericMode } from '../numeric-mode.js';
import { cellKeyOf } from '../plan/identity.js';
import type { Cell, CellScope, CellState } from '../probe/cell.js';
import { tensor, type Tensor } from '../tensor.js';
import type { ObjectStore } from '../store/object-store.js';
import type { RowForm } from './keyed-shelf.js';
import { cellFolder } from './keys.js';
import type { OnNotice } from './notice.js';
import { keyProblem, rowKeys } from './row-keys.js';
import { tensorOf, type Sealed, type Shelf } from './sealed.js';

/** A cell as it is written, with the edits of its condition as its key is made of them (`printEdits`). */
export interface CellRow extends Cell {
  readonly edits?: string;
}

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
    check: (object) => checkCells(object, scope.images) ?? checkEdits(object, scope, semantics),
  };
}

/** @throws PercussError BUG for a cell that is not of so many images. */
export function checkImages(cells: readonly Cell[], images: number): void {
  for (const cell of cells) {
    for (const name of ['predicted', 'loss', 'kl'] as const) {
      if (cell[name].length === images) continue;
      const message = `cell ${cell.key} has ${cell[name].length} entries of ${name} for ${images} images`;
      throw new PercussError('BUG', message);
    }
  }
}

/**
 * Cells as tensors: equal cells give equal tensors, whatever their order. `edits` says what each is a cell of, a line of JSON a cell in
 * the order of the keys; objects of earlier builds lack it.
 */
export const cellForm: RowForm<CellRow> = {
  pack(cells) {
    const count = cells.length;
    const images = cells[0]?.predicted.length ?? 0;
    const state = new Uint8Array(count);
    const effect = new Float64Array(count);
    const predicted = new Uint16Array(count * images);
    const loss = new Float32Array(count * images);
    const kl = new Float32Array(count * images);
    for (const [i, cell] of cells.entries()) {
      state[i] = states.indexOf(cell.state);
      effect[i] = cell.effect;
      predicted.set(cell.predicted, i * images);
      loss.set(cell.loss, i * images);
      kl.set(cell.kl, i * images);
    }
    const tensors = new Map<string, Tensor>([
      ['state', tensor('uint8', [count], state)],
      ['effect', tensor('float64', [count], effect)],
      ['predicted', tensor('uint16', [count, images], predicted)],
      ['loss', tensor('float32', [count, images], loss)],
      ['kl', tensor('float32', [count, images], kl)],
    ]);
    const edits = cells.flatMap((cell) => cell.edits ?? []);
    if (count > 0 && edits.length === count) {
      const text = new TextEncoder().encode(edits.join('\n'));
      tensors.set('edits', tensor('uint8', [text.length], text));
    }
    return { tensors };
  },
  unpack(object) {
    const { state, effect, predicted, loss, kl } = columns(object) ?? missingColumns(object);
    const images = predicted.shape[1] ?? 0;
    return rowKeys(object).map((key, i) => ({
      key,
      state: states[state.data[i] ?? 0] ?? 'ok',
      effect: effect.data[i] ?? 0,
      predicted: predicted.data.subarray(i * images, (i + 1) * images),
      loss: loss.data.subarray(i * images, (i + 1) * images),
      kl: kl.data.subarray(i * images, (i + 1) * images),
    }));
  },
  bytesOf: ({ state, effect, predicted, loss, kl }) => [
    Float64Array.of(states.indexOf(state), effect),
    predicted,
    loss,
    kl,
  ],
};

function checkCells(object: Sealed, images: number | undefined): string | undefined {
  const found = columns(object);
  if (found === undefined) return 'it lacks tensors of cells, or they have other types or shapes';
  const [, held] = found.predicted.shape;
  if (images !== undefined && held !== images) return `its cells are of ${held} images, where the chunk has ${images}`;
  const problem = keyProblem(object);
  if (problem !== undefined) return problem;
  if (found.state.data.some((state) => states[state] === undefined)) return 'it holds a state that is not known';
  // KL and loss of networks that are not numbers are NaN, but no distance is negative.
  return found.effect.data.some((effect) => effect < 0) ? 'it holds a negative effect' : undefined;
}

/** Whether the edits that an object lists are those that its keys are made of. */
function checkEdits(object: Sealed, scope: CellScope, semantics: number): string | undefined {
  if (!object.tensors.has('edits')) return undefined;
  const text = tensorOf(object, 'edits', 'uint8', 1);
  if (!text) return 'it lists edits of another type or shape';
  const lines = Buffer.from(text.data.buffer, text.data.byteOffset, text.data.byteLength).toString('utf8').split('\n');
  const keys = rowKeys(object);
  const same =
    lines.length === keys.length &&
    keys.every((key, i) => key === cellKeyOf(scope, scope.chunk, lines[i] ?? '', semantics));
  return same ? undefined : 'the edits that it lists are not those of its cell keys';
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
