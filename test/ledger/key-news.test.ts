import fc from 'fast-check';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { sha256 } from '../../core/digest.js';
import { KeyRuns } from '../../core/ledger/key-runs.js';
import { Ledger } from '../../core/ledger/ledger.js';
import { memoryStore } from '../../core/store/memory-store.js';
import type { ObjectStore } from '../../core/store/object-store.js';
import { cellsOf, provenance, scope } from './cells-of.js';

afterEach(() => void vi.useRealTimers());

/** A store that notes what is listed and read. */
function watched() {
  const store = memoryStore();
  const [lists, reads]: [string[], string[]] = [[], []];
  const watching: ObjectStore = {
    ...store,
    list: (prefix, after, options) => {
      lists.push(prefix);
      return store.list(prefix, after, options);
    },
    get: (key, range, options) => {
      reads.push(key);
      return store.get(key, range, options);
    },
  };
  return { store, watching, lists, reads };
}

async function keysBelow(store: ObjectStore, prefix: string): Promise<string[]> {
  const keys: string[] = [];
  for await (const { key } of store.list(prefix)) keys.push(key);
  return keys;
}

const keysOf = (from: number, to: number): string[] => cellsOf(from, to).map(({ key }) => key);
const commit = (ledger: Ledger, from: number, to: number) =>
  ledger.commitCells(scope, cellsOf(from, to), 4, provenance);

describe('what was committed since the last look', () => {
  test('is found without a list of the cells, and nothing is read but what is new', async () => {
    const { store, watching, lists, reads } = watched();
    const [writer, reader] = [new Ledger(store), new Ledger(watching)];
    for (let i = 0; i < 20; i++) await commit(writer, 5 * i, 5 * i + 5);
    expect(await reader.committedCellsOf(scope, keysOf(1000, 1010))).toEqual(new Set());
    reads.length = 0;
    await commit(writer, 200, 205);
    expect(await reader.committedCellsOf(scope, keysOf(203, 208))).toEqual(new Set(keysOf(203, 205)));
    expect(reads.map((key) => key.split('/')[0])).toEqual(['news', 'cells']);
    expect(lists.filter((prefix) => prefix.startsWith('cells/'))).toEqual([]);
    // What it has read once is known.
    reads.length = 0;
    expect(await reader.committedCellsOf(scope, keysOf(200, 205))).toEqual(new Set(keysOf(200, 205)));
    expect(reads).toEqual([]);
  });

  test('counts only where the object that is named holds it', async () => {
    const { store } = watched();
    const writer = new Ledger(store);
    const { key } = await commit(writer, 0, 5);
    await store.remove(key);
    expect(await new Ledger(store).committedCellsOf(scope, keysOf(0, 5))).toEqual(new Set());
    const again = await commit(new Ledger(store), 0, 5);
    expect(again.key).toBe(key);
    expect(await new Ledger(store).committedCellsOf(scope, keysOf(0, 5))).toEqual(new Set(keysOf(0, 5)));
    const bytes = (await store.get(key)) ?? new Uint8Array();
    await store.remove(key);
    bytes[bytes.length - 1] = (bytes.at(-1) ?? 0) ^ 1;
    await store.putIfAbsent(key, bytes);
    expect(await new Ledger(store).committedCellsOf(scope, keysOf(0, 5))).toEqual(new Set());
  });

  test('stays few objects however many are committed, and tells of all', async () => {
    const { store } = watched();
    const writer = new Ledger(store);
    for (let i = 0; i < 400; i++) await commit(writer, i, i + 1);
    expect((await keysBelow(store, 'news/')).length).toBeLessThanOrEqual(64);
    expect(await new Ledger(store).committedCellsOf(scope, keysOf(0, 401))).toEqual(new Set(keysOf(0, 400)));
  });

  test('is swept once the index has it for a while, and is found there', async () => {
    vi.useFakeTimers({ toFake: ['Date'] });
    const { store } = watched();
    const writer = new Ledger(store);
    await commit(writer, 0, 5);
    await writer.writeIndexSegment(scope);
    expect(await keysBelow(store, 'news/')).toHaveLength(1);
    vi.setSystemTime(Date.now() + 6 * 60_000);
    await commit(writer, 5, 10);
    await writer.writeIndexSegment(scope);
    expect(await keysBelow(store, 'news/')).toHaveLength(1);
    expect(await new Ledger(store).committedCellsOf(scope, keysOf(0, 12))).toEqual(new Set(keysOf(0, 10)));
  });
});

test('runs of keys give the objects of each, whatever order they came in and however they were merged', () => {
  const run = fc.uniqueArray(fc.nat(60), { minLength: 1, maxLength: 20 });
  fc.assert(
    fc.property(fc.array(run, { maxLength: 30 }), (runs) => {
      const merged = new KeyRuns();
      const plain = new Map<string, Set<string>>();
      for (const [i, numbers] of runs.entries()) {
        const keys = numbers.map((number) => sha256(String(number))).sort();
        for (const key of keys) plain.set(key, (plain.get(key) ?? new Set()).add(`object ${i % 7}`));
        merged.add({ keys: Buffer.from(keys.join(''), 'hex'), objectOf: () => `object ${i % 7}` });
      }
      for (let number = 0; number <= 60; number++) {
        const key = sha256(String(number));
        expect(merged.objectsOf(key)).toEqual(plain.get(key) ?? new Set());
      }
    }),
    { numRuns: 60 },
  );
});
