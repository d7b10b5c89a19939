import { describe, expect, test } from 'vitest';
import { sha256 } from '../../core/digest.js';
import { Ledger } from '../../core/ledger/ledger.js';
import { outputShelf } from '../../core/ledger/output-object.js';
import { identityOf, keyTensor } from '../../core/ledger/row-keys.js';
import { seal } from '../../core/ledger/sealed.js';
import { SEMANTICS } from '../../core/plan/identity.js';
import type { KeptOutputs, OutputScope } from '../../core/probe/kept-outputs.js';
import { memoryStore } from '../../core/store/memory-store.js';
import type { ObjectStore } from '../../core/store/object-store.js';
import { tensor, type Tensor } from '../../core/tensor.js';
import { openLedger } from '../builders/ledger.js';
import { cellsOf, provenance, scope as cellScope } from './cells-of.js';

const scope: OutputScope = { ...cellScope, images: 4, classes: 3 };
const folder = `outputs/${SEMANTICS}/${scope.model}/reference-float32-cpu/${scope.chunk}/`;

/** Outputs under the keys of `cellsOf`, a function of their numbers alone. */
const outputsOf = (from: number, to: number, values = 3): KeptOutputs[] =>
  cellsOf(from, to).map(({ key }, i) => ({
    key,
    form: 'whole',
    values: Float32Array.from({ length: 4 * values }, (_, j) => (from + i) * 100 + j + 0.5),
  }));

async function readAll(ledger: Ledger, keys?: readonly string[], where = scope): Promise<Map<string, KeptOutputs>> {
  const found = new Map<string, KeptOutputs>();
  for await (const row of ledger.streamOutputs(where, keys)) {
    expect(found.has(row.key)).toBe(false);
    found.set(row.key, row);
  }
  return found;
}

async function keysOf(store: ObjectStore, prefix = ''): Promise<string[]> {
  const keys: string[] = [];
  for await (const { key } of store.list(prefix)) keys.push(key);
  return keys;
}

describe('kept outputs', () => {
  test('lie in a folder of their own, under an identity made of the keys of their cells, in rows by ascending key', async () => {
    const { store, ledger } = openLedger();
    const rows = outputsOf(0, 3);
    await ledger.commitOutputs(scope, rows, provenance);
    const keys = rows.map(({ key }) => key).sort();
    const [object = '', ...more] = await keysOf(store, 'outputs/');
    expect(more).toEqual([]);
    const bytes = (await store.get(object)) as Uint8Array;
    const identity = sha256(keys.join('\n')).slice(0, 32);
    expect(object).toBe(`${folder}${identity}-${sha256(bytes)}.safetensors`);

    // As a reader without percuss: the header, and one range of bytes a row.
    const view = new DataView(bytes.buffer, bytes.byteOffset);
    const length = Number(view.getBigUint64(0, true));
    const header = JSON.parse(new TextDecoder().decode(bytes.subarray(8, 8 + length))) as Record<
      string,
      { dtype: string; shape: number[]; data_offsets: [number, number] }
    >;
    expect(header).toMatchObject({
      __metadata__: {
        format: 'percuss-outputs',
        version: '1',
        form: 'whole',
        semantics: String(SEMANTICS),
        model: scope.model,
        mode: 'reference-float32-cpu',
        chunk: scope.chunk,
        provenance: expect.stringContaining('"engine":"reference"'),
      },
      key: { dtype: 'U8', shape: [3, 32] },
      outputs: { dtype: 'F32', shape: [3, 4, 3] },
    });
    const start = (name: string): number => 8 + length + (header[name]?.data_offsets[0] ?? NaN);
    for (const [i, key] of keys.entries()) {
      expect(Buffer.from(bytes.subarray(start('key') + 32 * i, start('key') + 32 * i + 32)).toString('hex')).toBe(key);
      const slice = (await store.get(object, {
        from: start('outputs') + 48 * i,
        to: start('outputs') + 48 * i + 48,
      })) as Uint8Array;
      const numbers = Array.from({ length: 12 }, (_, j) =>
        new DataView(slice.buffer, slice.byteOffset).getFloat32(4 * j, true),
      );
      expect(numbers).toEqual([...(rows.find((row) => row.key === key)?.values ?? [])]);
    }
  });

  test('come back as they were, all or those asked for, and say under which keys they are', async () => {
    const { store, ledger } = openLedger();
    const rows = outputsOf(0, 4);
    rows[2]?.values.set([NaN, Infinity, -Infinity], 5);
    await ledger.commitOutputs(scope, rows.slice(0, 2), provenance);
    await ledger.commitOutputs(scope, rows.slice(2), provenance);
    const later = new Ledger(store);
    expect(await readAll(later)).toEqual(new Map(rows.map((row) => [row.key, row])));
    const [, , wanted] = rows.map(({ key }) => key) as [string, string, string];
    expect(await readAll(later, [wanted, sha256('never')])).toEqual(new Map([[wanted, rows[2]]]));
    expect(new Set((await later.committedOutputs(scope)).keys())).toEqual(new Set(rows.map(({ key }) => key)));
  });

  test('are no cells, nor cells outputs', async () => {
    const { ledger } = openLedger();
    await ledger.commitOutputs(scope, outputsOf(0, 2), provenance);
    expect((await ledger.committedKeys(scope)).size).toBe(0);
    await ledger.commitCells(scope, cellsOf(5, 6), 4, provenance);
    expect((await ledger.committedOutputs(scope)).size).toBe(2);
    expect((await ledger.committedKeys(scope)).size).toBe(1);
  });

  test('of a large batch are several objects of about 16 MiB, and of one condition one, however large', async () => {
    const { store, ledger } = openLedger();
    const wide = { ...scope, classes: 100_000 };
    const rows = outputsOf(0, 12, 100_000);
    await ledger.commitOutputs(wide, rows, provenance);
    const sizes: number[] = [];
    for await (const { bytes } of store.list(folder)) sizes.push(bytes);
    expect(sizes.length).toBe(2);
    expect(Math.max(...sizes)).toBeLessThan(2 ** 24 + 2000);
    expect((await readAll(new Ledger(store), undefined, wide)).size).toBe(12);
    const huge = { ...scope, classes: 2_000_000 };
    await new Ledger(memoryStore()).commitOutputs(huge, outputsOf(0, 1, 2_000_000), provenance);
  });

  test('are one object when two machines commit the same', async () => {
    const { store, ledger } = openLedger();
    await ledger.commitOutputs(scope, outputsOf(0, 3), provenance);
    await new Ledger(store).commitOutputs(scope, outputsOf(0, 3).reverse(), provenance);
    expect((await keysOf(store, 'outputs/')).length).toBe(1);
  });

  test('that two machines computed differently are told, and the first object by name counts', async () => {
    const { store, ledger } = openLedger();
    const [one] = outputsOf(0, 1) as [KeptOutputs];
    const other = { ...one, values: one.values.map((value, i) => (i === 11 ? -0 : value)) };
    await ledger.commitOutputs(scope, [one], provenance);
    await ledger.commitOutputs(scope, [other], provenance);
    const [first = '', second = ''] = await keysOf(store, 'outputs/');
    const { ledger: reader, notices } = openLedger(store);
    const read = (await readAll(reader)).get(one.key) as KeptOutputs;
    const raw = (await store.get(first)) as Uint8Array;
    expect(Buffer.from(raw).includes(Buffer.from(read.values.buffer, read.values.byteOffset, 48))).toBe(true);
    expect(notices).toEqual([{ kind: 'nondeterminism', identity: one.key, objects: [first, second] }]);
  });

  test('have an index, so that whoever asks which are there opens no object', async () => {
    const { store, ledger } = openLedger();
    await ledger.commitOutputs(scope, outputsOf(0, 3), provenance);
    await ledger.writeOutputIndex(scope);
    const segments = (await keysOf(store)).filter((key) => key.startsWith('index/'));
    expect(segments).toEqual([expect.stringMatching(`^index/${folder}`)]);
    const reads: string[] = [];
    const watched: ObjectStore = {
      ...store,
      get: (key, range, options) => {
        reads.push(key.split('/')[0] ?? '');
        return store.get(key, range, options);
      },
    };
    expect((await new Ledger(watched).committedOutputs(scope)).size).toBe(3);
    expect(reads).toEqual(['index']);
  });

  test('of two forms, or of other lengths, are never in one object', async () => {
    const { ledger } = openLedger();
    const [a, b] = outputsOf(0, 2) as [KeptOutputs, KeptOutputs];
    for (const other of [
      { ...b, form: 'sketch' as const },
      { ...b, values: new Float32Array(8) },
    ])
      await expect(ledger.commitOutputs(scope, [a, other], provenance)).rejects.toMatchObject({ code: 'BUG' });
  });
});

describe('kept outputs that are none, under a name of theirs', () => {
  const keys = outputsOf(0, 2)
    .map(({ key }) => key)
    .sort();
  const outputs = (shape: readonly number[]): Tensor =>
    tensor('float32', shape, new Float32Array(shape.reduce((all, size) => all * size, 1)));
  const lacks = /lacks tensors of outputs, or they have other types or shapes/;
  const cases: readonly (readonly [
    what: string,
    tensors: Readonly<Record<string, Tensor>>,
    form: string,
    reason: RegExp,
  ])[] = [
    ['without outputs', { key: keyTensor(keys) }, 'whole', lacks],
    ['without keys', { outputs: outputs([2, 4, 3]) }, 'whole', lacks],
    ['of two axes', { key: keyTensor(keys), outputs: outputs([2, 12]) }, 'whole', lacks],
    ['of more rows', { key: keyTensor(keys), outputs: outputs([3, 4, 3]) }, 'whole', lacks],
    ['of integers', { key: keyTensor(keys), outputs: tensor('int32', [2, 4, 3], new Int32Array(24)) }, 'whole', lacks],
    [
      'of other images',
      { key: keyTensor(keys), outputs: outputs([2, 5, 3]) },
      'whole',
      /5 images, where the chunk has 4/,
    ],
    [
      'of another network',
      { key: keyTensor(keys), outputs: outputs([2, 4, 10]) },
      'whole',
      /10 numbers an image, where whole outputs have 3/,
    ],
    [
      'sketches of 3',
      { key: keyTensor(keys), outputs: outputs([2, 4, 3]) },
      'sketch',
      /3 numbers an image, where sketch outputs have 16/,
    ],
    ['of no form', { key: keyTensor(keys), outputs: outputs([2, 4, 3]) }, 'other', /form is other/],
    [
      'of keys that fall',
      { key: tensor('uint8', [2, 32], new Uint8Array(64)), outputs: outputs([2, 4, 3]) },
      'whole',
      /do not ascend/,
    ],
  ];

  test.each(cases)('%s are set aside and count as absent', async (_, tensors, form, reason) => {
    const { store, ledger, notices } = openLedger();
    const shelf = outputShelf(store, SEMANTICS, scope, () => undefined);
    const { key } = await seal(shelf, identityOf(keys), new Map(Object.entries(tensors)), { form });
    expect((await ledger.committedOutputs(scope)).size).toBe(0);
    expect(await readAll(ledger)).toEqual(new Map());
    expect(notices).toMatchObject([{ kind: 'set-aside', key, reason: expect.stringMatching(reason) }]);
    expect(await keysOf(store, 'outputs/')).toEqual([]);
    await ledger.commitOutputs(scope, outputsOf(0, 2), provenance);
    expect((await readAll(ledger)).size).toBe(2);
  });

  test('of which one byte changed are set aside, whatever an index says', async () => {
    const { store, ledger } = openLedger();
    await ledger.commitOutputs(scope, outputsOf(0, 2), provenance);
    await ledger.writeOutputIndex(scope);
    const [object = ''] = await keysOf(store, 'outputs/');
    const bytes = ((await store.get(object)) as Uint8Array).slice();
    bytes[bytes.length - 70] = (bytes[bytes.length - 70] as number) ^ 1;
    await store.remove(object);
    await store.putIfAbsent(object, bytes);
    const { ledger: reader, notices } = openLedger(store);
    expect((await reader.committedOutputs(scope)).size).toBe(2);
    expect(await readAll(reader)).toEqual(new Map());
    expect(notices).toMatchObject([{ kind: 'set-aside', key: object, reason: expect.stringMatching(/hash/) }]);
    expect((await reader.committedOutputs(scope)).size).toBe(0);
  });
});
