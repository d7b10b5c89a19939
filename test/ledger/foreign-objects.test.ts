import { describe, expect, test } from 'vitest';
import { sha256 } from '../../core/digest.js';
import { cellForm, cellShelf } from '../../core/ledger/cell-object.js';
import { indexShelf } from '../../core/ledger/index-segments.js';
import { Ledger } from '../../core/ledger/ledger.js';
import { identityOf, keyTensor, packedKeys } from '../../core/ledger/row-keys.js';
import { seal, type Shelf } from '../../core/ledger/sealed.js';
import { SEMANTICS } from '../../core/plan/identity.js';
import { memoryStore } from '../../core/store/memory-store.js';
import type { ObjectStore } from '../../core/store/object-store.js';
import { tensor, type Tensor } from '../../core/tensor.js';
import { cellsOf, provenance, scope } from './cells-of.js';
import { openLedger } from '../builders/ledger.js';

/** Objects whose name has the hash of their bytes, as whoever knows the format can write them. */
const shelfIn = (store: ObjectStore): Shelf => cellShelf(store, SEMANTICS, scope, () => undefined);

const cells = cellsOf(0, 3).sort((a, b) => (a.key < b.key ? -1 : 1));
const keys = cells.map(({ key }) => key);
const sound = { tensors: new Map<string, Tensor>([['key', keyTensor(keys)], ...cellForm.pack(cells).tensors]) };
const identity = identityOf(keys);
const withTensor = (name: string, value: Tensor): Map<string, Tensor> => new Map(sound.tensors).set(name, value);
const without = (name: string): Map<string, Tensor> => new Map([...sound.tensors].filter(([other]) => other !== name));
const dataOf = <T>(name: string): T => (sound.tensors.get(name) as Tensor).data as T;
/** The rows of the keys in another order. */
const keysInOrder = (...order: readonly number[]): Tensor => {
  const packed = dataOf<Uint8Array>('key');
  return tensor(
    'uint8',
    [3, 32],
    Uint8Array.from(order.flatMap((row) => [...packed.subarray(32 * row, 32 * row + 32)])),
  );
};

async function readOf(
  put: (store: ObjectStore) => Promise<unknown>,
  read: (ledger: Ledger) => Promise<{ readonly size: number }>,
) {
  const store = memoryStore();
  await put(store);
  const { ledger, notices } = openLedger(store);
  return { found: (await read(ledger)).size, notices };
}

describe('cells that are no cells, under a name of theirs', () => {
  const lacks = /lacks tensors of cells, or they have other types or shapes/;
  const cases: readonly (readonly [what: string, tensors: ReadonlyMap<string, Tensor>, reason: RegExp])[] = [
    ...[...sound.tensors.keys()].map((name) => [`without ${name}`, without(name), lacks] as const),
    ...[...sound.tensors].map(([name, { shape }]) => {
      const integers = new Int32Array(shape.reduce((total, size) => total * size, 1));
      return [`with integers for ${name}`, withTensor(name, tensor('int32', shape, integers)), lacks] as const;
    }),
    ['keys of one axis', withTensor('key', tensor('uint8', [96], dataOf('key'))), lacks],
    ['keys of 31 bytes', withTensor('key', tensor('uint8', [3, 31], dataOf<Uint8Array>('key').subarray(3))), lacks],
    ['fewer keys', withTensor('key', tensor('uint8', [2, 32], dataOf<Uint8Array>('key').subarray(32))), lacks],
    ['fewer states', withTensor('state', tensor('uint8', [2], new Uint8Array(2))), lacks],
    ['more effects', withTensor('effect', tensor('float64', [4], new Float64Array(4))), lacks],
    ['predictions of fewer cells', withTensor('predicted', tensor('uint16', [2, 4], new Uint16Array(8))), lacks],
    ['losses of fewer cells', withTensor('loss', tensor('float32', [2, 4], new Float32Array(8))), lacks],
    ['losses of other images', withTensor('loss', tensor('float32', [3, 5], new Float32Array(15))), lacks],
    ['KL of fewer cells', withTensor('kl', tensor('float32', [2, 4], new Float32Array(8))), lacks],
    ['KL of other images', withTensor('kl', tensor('float32', [3, 3], new Float32Array(9))), lacks],
    ['keys that fall', withTensor('key', keysInOrder(0, 2, 1)), /do not ascend/],
    ['a key twice', withTensor('key', keysInOrder(0, 1, 1)), /do not ascend/],
    ['a state of none', withTensor('state', tensor('uint8', [3], Uint8Array.of(0, 2, 1))), /state that is not known/],
    [
      'one negative effect',
      withTensor('effect', tensor('float64', [3], Float64Array.of(1, 0, -1e-9))),
      /negative effect/,
    ],
  ];

  test.each(cases)('(%s) are set aside with the reason', async (_, tensors, reason) => {
    const { found, notices } = await readOf(
      (store) => seal(shelfIn(store), identity, tensors, {}),
      (ledger) => ledger.committedKeys(scope),
    );
    expect(found).toBe(0);
    expect(notices).toMatchObject([{ kind: 'set-aside', reason: expect.stringMatching(reason) }]);
  });

  test('do not include those that are right', async () => {
    const { found, notices } = await readOf(
      (store) => seal(shelfIn(store), identity, sound.tensors, {}),
      (ledger) => ledger.committedKeys(scope),
    );
    expect([found, notices]).toEqual([3, []]);
  });

  test('(others than those of its name) are set aside', async () => {
    const { found, notices } = await readOf(
      (store) => seal(shelfIn(store), identityOf(keys.slice(1)), sound.tensors, {}),
      (ledger) => ledger.committedKeys(scope),
    );
    expect(found).toBe(0);
    expect(notices).toMatchObject([{ kind: 'set-aside', reason: expect.stringMatching(/not have the identity/) }]);
  });

  test('(bytes that are no tensors, with their own hash) are set aside', async () => {
    const bytes = Buffer.from('no tensors');
    const { found, notices } = await readOf(
      (store) => store.putIfAbsent(`${shelfIn(store).folder}ab-${sha256(bytes)}.safetensors`, bytes),
      (ledger) => ledger.committedKeys(scope),
    );
    expect(found).toBe(0);
    expect(notices).toMatchObject([{ kind: 'set-aside', reason: expect.stringMatching(/header claims/) }]);
  });

  test.each([
    ['a-stranger-', ''],
    ['', '.bak'],
  ])('(under a name with "%s" before and "%s" behind) are set aside', async (before, behind) => {
    const store = memoryStore();
    const { key } = await seal(shelfIn(store), identity, sound.tensors, {});
    const { folder } = shelfIn(store);
    const other = `${folder}${before}${key.slice(folder.length)}${behind}`;
    await store.putIfAbsent(other, (await store.get(key)) ?? new Uint8Array());
    const { ledger, notices } = openLedger(store);
    expect((await ledger.committedKeys(scope)).size).toBe(3);
    expect(notices).toMatchObject([{ kind: 'set-aside', key: other, reason: expect.stringMatching(/its name/) }]);
  });

  test('(used without a check) are our mistake', () => {
    const object = { key: 'cells/x', identity, tensors: without('kl'), metadata: {} };
    expect(() => cellForm.unpack(object)).toThrow(/cells\/x was used as cells without having been checked/);
    expect(() => packedKeys({ ...object, tensors: without('key') })).toThrow(expect.objectContaining({ code: 'BUG' }));
  });
});

describe('index segments that are none, under a name of theirs', () => {
  const text = new TextEncoder().encode('an-object');
  const segment: ReadonlyMap<string, Tensor> = new Map<string, Tensor>([
    ['key', tensor('uint8', [1, 32], new Uint8Array(32))],
    ['place', tensor('int32', [1], new Int32Array(1))],
    ['objects', tensor('uint8', [text.length], text)],
    ['bytes', tensor('float64', [1], new Float64Array(1))],
  ]);
  const changed = (name: string, value: Tensor) => new Map(segment).set(name, value);
  const cases: readonly (readonly [what: string, tensors: ReadonlyMap<string, Tensor>])[] = [
    ...[...segment.keys()].map(
      (name) => [`without ${name}`, new Map([...segment].filter(([other]) => other !== name))] as const,
    ),
    ['with keys of 31 bytes', changed('key', tensor('uint8', [1, 31], new Uint8Array(31)))],
    ['with a key without a place', changed('key', tensor('uint8', [2, 32], new Uint8Array(64)))],
    ['with places of another type', changed('place', tensor('uint8', [1], new Uint8Array(1)))],
    ['with sizes of two axes', changed('bytes', tensor('float64', [1, 1], new Float64Array(1)))],
  ];

  test.each(cases)('(%s) are set aside, and objects are read instead', async (_, tensors) => {
    const { found, notices } = await readOf(
      async (store) => {
        await new Ledger(store).commitCells(scope, cellsOf(0, 3), 4, provenance);
        await seal(indexShelf(shelfIn(store)), 'ab', tensors, {});
      },
      (ledger) => ledger.committedKeys(scope),
    );
    expect(found).toBe(3);
    expect(notices).toMatchObject([{ kind: 'set-aside', reason: expect.stringMatching(/lacks tensors of an index/) }]);
  });

  test.each([
    ['cells', (shelf: Shelf) => ({ ...indexShelf(shelf), label: shelf.label })],
    ['another network', (shelf: Shelf) => indexShelf({ ...shelf, label: { ...shelf.label, model: sha256('other') } })],
  ])('(of %s) are set aside', async (_, label) => {
    const { found, notices } = await readOf(
      async (store) => {
        await new Ledger(store).commitCells(scope, cellsOf(0, 3), 4, provenance);
        await seal(label(shelfIn(store)), 'ab', segment, {});
      },
      (ledger) => ledger.committedKeys(scope),
    );
    expect(found).toBe(3);
    expect(notices).toMatchObject([{ kind: 'set-aside', reason: expect.stringMatching(/its (format|model) is/) }]);
  });
});

describe('responses that are others', () => {
  const key = sha256('a response');
  const plant = (metadata: Readonly<Record<string, string>>, own: Readonly<Record<string, string>> = {}) => {
    return async (store: ObjectStore) => {
      const ledger = new Ledger(store);
      const { key: right } = await ledger.commitResult(scope, key, new Map(), {}, provenance);
      await store.remove(right);
      const shelf = shelfIn(store);
      const label = { format: 'percuss-response', version: '1', semantics: String(SEMANTICS), ...own };
      const folder = right.slice(0, right.lastIndexOf('/') + 1);
      const { model, mode } = shelf.label;
      await seal(
        { ...shelf, folder, label: { model: model ?? '', mode: mode ?? '', ...label } },
        key,
        new Map(),
        metadata,
      );
    };
  };
  const read = async (ledger: Ledger) => ({ size: (await ledger.readResult(scope, key)) === undefined ? 0 : 1 });

  test('do not include the right ones', async () => {
    const { found, notices } = await readOf(plant({ identity: key }), read);
    expect([found, notices]).toEqual([1, []]);
  });

  test.each([
    ['of no identity', plant({}), /its identity is missing/],
    ['of another identity', plant({ identity: sha256('x') }), new RegExp(`its identity is ${sha256('x')}`)],
    ['of another format', plant({ identity: key }, { format: 'percuss-cells' }), /its format is percuss-cells/],
    ['of another version', plant({ identity: key }, { version: '2' }), /its version is 2, where 1 belongs/],
    ['of other semantics', plant({ identity: key }, { semantics: '1' }), /its semantics is 1/],
  ])('(%s) are set aside with the reason', async (_, put, reason) => {
    const { found, notices } = await readOf(put, read);
    expect(found).toBe(0);
    expect(notices).toMatchObject([{ kind: 'set-aside', reason: expect.stringMatching(reason) }]);
  });
});
