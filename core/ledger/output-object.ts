import { PercussError } from '../errors.js';
import { printNumericMode } from '../numeric-mode.js';
import { keptValues, type OutputForm } from '../plan/kept-outputs.js';
import type { KeptOutputs, OutputScope } from '../probe/kept-outputs.js';
import { tensor, type Tensor } from '../tensor.js';
import type { ObjectStore } from '../store/object-store.js';
import type { RowForm } from './keyed-shelf.js';
import { outputFolder } from './keys.js';
import type { OnNotice } from './notice.js';
import { keyProblem, rowKeys } from './row-keys.js';
import { tensorOf, type Sealed, type Shelf } from './sealed.js';

/** Bytes of outputs in one object, about: whoever reads several at a time holds so much of each. */
const OBJECT_BYTES = 2 ** 24;

/** The folder of a scope, and what its objects say about themselves. */
export function outputShelf(store: ObjectStore, semantics: number, scope: OutputScope, onNotice: OnNotice): Shelf {
  return {
    store,
    folder: outputFolder(semantics, scope),
    label: {
      format: 'percuss-outputs',
      version: '1',
      semantics: String(semantics),
      model: scope.model,
      mode: printNumericMode(scope.mode),
      chunk: scope.chunk,
    },
    onNotice,
    check: (object) => checkOutputs(object, scope),
  };
}

/** Kept outputs of so many images as tensors, row by row, so that one row is one range of bytes. */
export const outputRows = (images: number): RowForm<KeptOutputs> => ({
  pack(rows) {
    const [first] = rows;
    const form: OutputForm = first?.form ?? 'whole';
    const values = (first?.values.length ?? 0) / images;
    const outputs = new Float32Array(rows.length * images * values);
    for (const [i, row] of rows.entries()) {
      if (row.form !== form || row.values.length !== images * values) {
        const message = `outputs ${row.key} are ${row.form} and ${row.values.length} numbers, beside ${form} ones of ${images} × ${values}`;
        throw new PercussError('BUG', message);
      }
      outputs.set(row.values, i * images * values);
    }
    const tensors = new Map<string, Tensor>([['outputs', tensor('float32', [rows.length, images, values], outputs)]]);
    return { tensors, metadata: { form } };
  },
  *unpack(object) {
    const { data, shape } = valuesOf(object) ?? unchecked(object);
    const size = (shape[1] as number) * (shape[2] as number);
    const form = formOf(object) ?? unchecked(object);
    for (const [i, key] of rowKeys(object).entries()) {
      yield { key, form, values: data.subarray(i * size, (i + 1) * size) };
    }
  },
  bytesOf: ({ form, values }) => [Uint8Array.of(form.length), values],
  rowsOfObject: ([first]) => Math.floor(OBJECT_BYTES / Math.max(1, first?.values.byteLength ?? 1)),
});

const valuesOf = (object: Sealed): Tensor<'float32'> | undefined => tensorOf(object, 'outputs', 'float32', 3);

function formOf({ metadata }: Sealed): OutputForm | undefined {
  const { form } = metadata;
  return form === 'whole' || form === 'sketch' ? form : undefined;
}

function checkOutputs(object: Sealed, { images, classes }: OutputScope): string | undefined {
  const keys = tensorOf(object, 'key', 'uint8', 2);
  const outputs = valuesOf(object);
  if (!keys || !outputs || keys.shape[1] !== 32 || keys.shape[0] !== outputs.shape[0])
    return 'it lacks tensors of outputs, or they have other types or shapes';
  const form = formOf(object);
  if (form === undefined) return `its form is ${object.metadata['form'] ?? 'missing'}, where whole or sketch belongs`;
  const [, held, values] = outputs.shape;
  if (held !== images) return `its outputs are of ${held} images, where the chunk has ${images}`;
  const expected = keptValues(form, classes);
  if (values !== expected) return `it holds ${values} numbers an image, where ${form} outputs have ${expected}`;
  return keyProblem(object);
}

function unchecked(object: Sealed): never {
  throw new PercussError('BUG', `${object.key} was used as outputs without having been checked`);
}
