import { describe, expect, test } from 'vitest';
import { Ledger } from '../../core/ledger/ledger.js';
import type { Cell } from '../../core/probe/cell.js';
import { memoryStore } from '../../core/store/memory-store.js';
import type { ObjectStore } from '../../core/store/object-store.js';
import { cellsOf, provenance, scope } from './cells-of.js';
import { openLedger } from '../builders/ledger.js';

const elsewhere = { ...provenance, processor: 'avx2' };

describe('a cell that two machines computed', () => {
  const cellWith = (change: (cell: Cell) => Partial<Cell>): Cell => {
    const [cell] = cellsOf(1, 2) as [Cell];
    return { ...cell, effect: 0, ...change(cell) };
  };
  const sound = () => cellWith(() => ({}));
  const altered = <T extends Uint16Array | Float32Array>(values: T, value: number): T => {
    const copy = values.slice() as T;
    copy[copy.length - 1] = value;
    return copy;
  };

  test.each<readonly [what: string, cell: Cell, told: number]>([
    ['alike', sound(), 0],
    ['with another state', cellWith(() => ({ state: 'no-op' })), 1],
    ['with an effect of −0', cellWith(() => ({ effect: -0 })), 1],
    ['with another prediction', cellWith(({ predicted }) => ({ predicted: altered(predicted, 11) })), 1],
    ['with another loss', cellWith(({ loss }) => ({ loss: altered(loss, 9) })), 1],
    ['with another KL', cellWith(({ kl }) => ({ kl: altered(kl, 9) })), 1],
    ['with a KL that is no number', cellWith(({ kl }) => ({ kl: altered(kl, NaN) })), 1],
  ])('%s', async (_, other, told) => {
    const { ledger, notices } = openLedger();
    const refs = [
      await ledger.commitCells(scope, [sound()], 4, provenance),
      await ledger.commitCells(scope, [other], 4, elsewhere),
    ];
    const [first = '', second = ''] = refs.map(({ key }) => key).sort();
    const read = (await ledger.readCells(scope)).get(other.key);
    expect(read).toEqual(refs[0]?.key === first ? sound() : other);
    const notice = { kind: 'nondeterminism', identity: other.key, objects: [first, second] };
    expect(notices).toEqual(Array(told).fill(notice));
  });

  test('is equal to itself also where it is no number', async () => {
    const { ledger, notices } = openLedger();
    const broken = cellWith(({ kl }) => ({ effect: NaN, kl: altered(kl, NaN) }));
    await ledger.commitCells(scope, [broken], 4, provenance);
    await ledger.commitCells(scope, [broken], 4, elsewhere);
    expect((await ledger.readCells(scope)).get(broken.key)).toEqual(broken);
    expect(notices).toEqual([]);
  });
});

describe('an index', () => {
  /** Notes what is written and removed below `index/`. */
  function watched() {
    const store = memoryStore();
    const changes: string[] = [];
    const note = (what: string, key: string): void => void (key.startsWith('index/') && changes.push(what));
    const watching: ObjectStore = {
      ...store,
      putIfAbsent: (key, content, options) => {
        note('put', key);
        return store.putIfAbsent(key, content, options);
      },
      remove: (key, options) => {
        note('remove', key);
        return store.remove(key, options);
      },
    };
    return { store, ledger: new Ledger(watching), changes };
  }

  test('is written once for the same objects, and anew for more of them', async () => {
    const { ledger, changes } = watched();
    await ledger.writeIndexSegment(scope);
    expect(changes).toEqual([]);
    await ledger.commitCells(scope, cellsOf(0, 2), 4, provenance);
    await ledger.writeIndexSegment(scope);
    await ledger.writeIndexSegment(scope);
    expect(changes).toEqual(['put']);
    await ledger.commitCells(scope, cellsOf(2, 4), 4, provenance);
    await ledger.writeIndexSegment(scope);
    expect(changes).toEqual(['put', 'put', 'remove']);
  });

  test('takes the place of two that cover the same objects', async () => {
    const { store, ledger } = watched();
    await ledger.commitCells(scope, cellsOf(0, 2), 4, provenance);
    await ledger.writeIndexSegment(scope);
    const [first] = await keysBelow(store, 'index/');
    const bytes = await store.get(first ?? '');
    await ledger.commitCells(scope, cellsOf(2, 4), 4, provenance);
    await ledger.writeIndexSegment(scope);
    await store.putIfAbsent(first ?? '', bytes ?? new Uint8Array());
    await new Ledger(store).writeIndexSegment(scope);
    expect((await keysBelow(store, 'index/')).length).toBe(1);
    expect(await keysBelow(store, 'index/')).not.toEqual([first]);
  });

  test('is asked anew by who knows only some of the objects', async () => {
    const { store } = watched();
    const reader = new Ledger(store);
    const writer = new Ledger(store);
    await writer.commitCells(scope, cellsOf(0, 2), 4, provenance);
    expect((await reader.committedKeys(scope)).size).toBe(2);
    await writer.commitCells(scope, cellsOf(2, 4), 4, provenance);
    await writer.writeIndexSegment(scope);
    const reads: string[] = [];
    const get: ObjectStore['get'] = (key, range, options) => {
      reads.push(key.split('/')[0] ?? '');
      return store.get(key, range, options);
    };
    const watching = new Ledger({ ...store, get });
    expect((await watching.committedKeys(scope)).size).toBe(4);
    expect(reads).toEqual(['index']);
    expect((await reader.committedKeys(scope)).size).toBe(4);
  });
});

async function keysBelow(store: ObjectStore, prefix: string): Promise<string[]> {
  const keys: string[] = [];
  for await (const { key } of store.list(prefix)) keys.push(key);
  return keys;
}

test('an object that is gone when it is read, or cells that were removed, count as absent', async () => {
  const { store, ledger } = openLedger();
  const kept = await ledger.commitCells(scope, cellsOf(0, 2), 4, provenance);
  const gone = await ledger.commitCells(scope, cellsOf(2, 4), 4, provenance);
  expect((await ledger.committedKeys(scope)).size).toBe(4);
  await store.remove(gone.key);
  expect([...(await ledger.committedKeys(scope)).values()]).toEqual([kept.key, kept.key]);
  // Gone between the list and the read.
  const fleeting: ObjectStore = {
    ...store,
    get: async (key, range, options) => (key === kept.key ? undefined : store.get(key, range, options)),
  };
  expect(await new Ledger(fleeting).readCells(scope)).toEqual(new Map());
  await ledger.commitCells(scope, cellsOf(4, 6), 4, provenance);
  expect((await ledger.committedKeys(scope)).size).toBe(4);
  let reads = 0;
  const later: ObjectStore = {
    ...store,
    get: async (key, range, options) => (key === kept.key && ++reads > 1 ? undefined : store.get(key, range, options)),
  };
  expect((await new Ledger(later).readCells(scope)).size).toBe(2);
});
