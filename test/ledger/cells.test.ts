import { mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { sha256 } from '../../core/digest.js';
import { Ledger } from '../../core/ledger/ledger.js';
import { decodeSafetensors } from '../../core/safetensors.js';
import { fileStore } from '../../core/store/file-store.js';
import { memoryStore } from '../../core/store/memory-store.js';
import type { ObjectStore } from '../../core/store/object-store.js';
import { cellsOf, provenance, scope } from './cells-of.js';
import { openLedger } from '../builders/ledger.js';

const root = mkdtempSync(path.join(tmpdir(), 'percuss-ledger-'));
afterAll(() => rmSync(root, { recursive: true }));

async function keysBelow(store: ObjectStore, prefix: string): Promise<string[]> {
  const keys: string[] = [];
  for await (const { key } of store.list(prefix)) keys.push(key);
  return keys;
}

/** Counts the objects that are read whole. */
function counted(store: ObjectStore): { readonly store: ObjectStore; readonly reads: string[] } {
  const reads: string[] = [];
  const get: ObjectStore['get'] = (key, range, options) => {
    reads.push(key);
    return store.get(key, range, options);
  };
  return { store: { ...store, get }, reads };
}

describe('committed cells', () => {
  test('come back bit by bit, in another process too', async () => {
    const store = memoryStore();
    const cells = cellsOf(0, 20);
    cells[3]?.loss.set([NaN, -0, Infinity, 1e-40]);
    await new Ledger(store).commitCells(scope, cells, 4, provenance);
    const { ledger } = openLedger(store);
    expect(new Set((await ledger.committedKeys(scope)).keys())).toEqual(new Set(cells.map(({ key }) => key)));
    const read = await ledger.readCells(scope);
    expect(read.size).toBe(20);
    for (const cell of cells) expect(read.get(cell.key)).toEqual(cell);
    const some = await ledger.readCells(scope, [cells[1]?.key ?? '', sha256('never computed')]);
    expect([...some.keys()]).toEqual([cells[1]?.key]);
  });

  test('of other networks, modes, chunks and semantics are not mixed up', async () => {
    const { ledger } = openLedger(memoryStore());
    await ledger.commitCells(scope, cellsOf(0, 2), 4, provenance);
    for (const other of [
      { ...scope, model: sha256('another') },
      { ...scope, chunk: sha256('another') },
      { ...scope, mode: { ...scope.mode, device: 'cuda' as const } },
      { ...scope, semantics: 999 },
    ]) {
      expect((await ledger.committedKeys(other)).size).toBe(0);
    }
  });

  test('are one object whose bytes and name depend on cells and provenance alone', async () => {
    const store = memoryStore();
    const { ledger } = openLedger(store);
    const recorded = { ...scope, semantics: 1 };
    const ref = await ledger.commitCells(recorded, cellsOf(0, 5), 4, provenance);
    const again = await ledger.commitCells(recorded, cellsOf(0, 5).reverse(), 4, provenance);
    expect(again).toEqual(ref);
    expect(await keysBelow(store, 'cells/')).toEqual([ref.key]);
    // Recorded: changing it makes every stored cell unreadable, so it must come with a new format version.
    expect(ref.key).toMatchInlineSnapshot(
      `"cells/1/2f782beca6c497e09ee1b67bd6a1202048f19e97f7e1364a58d415ce7b3ecd9e/reference-float32-cpu/abbe7862de7660b333d1862141746d1d6d0e23c8cf49227bbd0d16add97bc71e/6ea2df0ff2941d2835d853a35758b7c8-9ded59be8d61f999f60c29a3ca31be46c053bd22831af7adf91e705014a61fa9.safetensors"`,
    );
    const { tensors, metadata } = decodeSafetensors((await store.get(ref.key)) ?? new Uint8Array());
    expect([...tensors].map(([name, { dtype, shape }]) => `${name} ${dtype} [${shape.join()}]`)).toEqual([
      'effect float64 [5]',
      'kl float32 [5,4]',
      'loss float32 [5,4]',
      'predicted uint16 [5,4]',
      'key uint8 [5,32]',
      'state uint8 [5]',
    ]);
    expect(metadata).toMatchObject({ format: 'percuss-cells', version: '1', semantics: '1', model: scope.model });
  });

  test('that stand in two objects are taken from the first, and a difference is told', async () => {
    const { ledger, notices } = openLedger(memoryStore());
    const [first, second] = [cellsOf(0, 3), cellsOf(2, 4)];
    const a = await ledger.commitCells(scope, first, 4, provenance);
    const b = await ledger.commitCells(scope, second, 4, provenance);
    expect((await ledger.readCells(scope)).size).toBe(4);
    expect(notices).toEqual([]);
    const changed = cellsOf(2, 3);
    changed[0]?.kl.fill(9);
    const c = await ledger.commitCells(scope, changed, 4, provenance);
    const inOrder = [a.key, b.key, c.key].sort();
    const read = (await ledger.readCells(scope)).get(first[2]?.key ?? '');
    expect(read?.kl[0]).toBe(inOrder[0] === c.key ? 9 : first[2]?.kl[0]);
    expect((await ledger.committedKeys(scope)).get(first[2]?.key ?? '')).toBe(inOrder[0]);
    expect(notices.length).toBeGreaterThan(0);
    for (const notice of notices) {
      expect(notice).toMatchObject({ kind: 'nondeterminism', identity: first[2]?.key });
    }
  });

  test('cannot be committed twice in a batch, or with arrays of another length', async () => {
    const { ledger } = openLedger(memoryStore());
    await expect(ledger.commitCells(scope, [...cellsOf(0, 2), ...cellsOf(1, 2)], 4, provenance)).rejects.toMatchObject({
      code: 'BUG',
      message: expect.stringMatching(/twice/),
    });
    await expect(ledger.commitCells(scope, cellsOf(0, 1), 5, provenance)).rejects.toMatchObject({
      code: 'BUG',
      message: expect.stringMatching(/4 entries of predicted for 5/),
    });
  });
});

describe('objects that are not what their name says', () => {
  const cases: [string, (file: string, other: string) => void, RegExp][] = [
    [
      'damaged',
      (file) =>
        writeFileSync(
          file,
          readFileSync(file).map((byte, i) => (i === 900 ? byte ^ 1 : byte)),
        ),
      /hash in its name/,
    ],
    ['truncated', (file) => truncateSync(file, 700), /hash in its name/],
    ['emptied', (file) => truncateSync(file, 0), /hash in its name/],
    [
      'foreign, of another chunk',
      (file, other) => writeFileSync(path.join(path.dirname(file), path.basename(other)), readFileSync(other)),
      /its chunk is/,
    ],
    [
      'foreign, of another program',
      (file) => writeFileSync(path.join(path.dirname(file), 'notes.txt'), 'hello'),
      /its name is not of the form/,
    ],
  ];
  test.each(cases)('%s: named, set aside, and computed again', async (name, spoil, reason) => {
    const folder = path.join(root, name.replaceAll(/\W/g, '-'));
    const first = new Ledger(fileStore(folder));
    const kept = await first.commitCells(scope, cellsOf(0, 3), 4, provenance);
    const spoilt = await first.commitCells(scope, cellsOf(3, 6), 4, provenance);
    const elsewhere = await first.commitCells({ ...scope, chunk: sha256('elsewhere') }, cellsOf(6, 9), 4, provenance);
    spoil(path.join(folder, spoilt.key), path.join(folder, elsewhere.key));

    const { ledger, notices } = openLedger(fileStore(folder));
    const committed = await ledger.committedKeys(scope);
    const lost = name.startsWith('foreign') ? [] : cellsOf(3, 6);
    expect(committed.size).toBe(6 - lost.length);
    expect([...committed.values()]).toContain(kept.key);
    expect(notices).toHaveLength(1);
    const notice = notices[0];
    if (notice?.kind !== 'set-aside') return expect.unreachable();
    expect(notice.reason).toMatch(reason);
    expect(notice.key.startsWith(path.dirname(spoilt.key))).toBe(true);
    expect(await ledger.store.get(notice.key)).toBeUndefined();
    expect(await ledger.store.get(notice.aside)).toBeDefined();
    const [record] = (await keysBelow(ledger.store, path.posix.dirname(notice.aside))).filter((key) =>
      key.includes('reason'),
    );
    expect(new TextDecoder().decode(await ledger.store.get(record ?? ''))).toContain(notice.key);

    await ledger.commitCells(scope, cellsOf(3, 6), 4, provenance);
    const read = await ledger.readCells(scope);
    for (const cell of cellsOf(0, 6)) expect(read.get(cell.key)).toEqual(cell);
    expect(notices).toHaveLength(1);
  });

  test('do not stand in the way of a sound one that is committed under their name', async () => {
    const store = memoryStore();
    const { key } = await new Ledger(store).commitCells(scope, cellsOf(0, 3), 4, provenance);
    const bytes = (await store.get(key)) ?? new Uint8Array();
    await store.remove(key);
    bytes[bytes.length - 1] = 77;
    await store.putIfAbsent(key, bytes);
    const { ledger, notices } = openLedger(store);
    await ledger.commitCells(scope, cellsOf(0, 3), 4, provenance);
    expect(notices).toMatchObject([{ kind: 'set-aside', key, reason: expect.stringMatching(/hash in its name/) }]);
    expect((await ledger.readCells(scope)).size).toBe(3);
  });

  test('are found behind an index segment when they are read, and by their size before', async () => {
    const folder = path.join(root, 'segment');
    const first = new Ledger(fileStore(folder));
    const { key } = await first.commitCells(scope, cellsOf(0, 3), 4, provenance);
    await first.writeIndexSegment(scope);
    truncateSync(path.join(folder, key), 700);
    const { ledger, notices } = openLedger(fileStore(folder));
    expect((await ledger.committedKeys(scope)).size).toBe(0);
    expect(notices).toMatchObject([{ kind: 'set-aside', key }]);
  });
});

describe('the index', () => {
  test('spares reading the objects that it covers, and no others', async () => {
    const store = memoryStore();
    const writer = new Ledger(store);
    for (let i = 0; i < 10; i++) await writer.commitCells(scope, cellsOf(10 * i, 10 * i + 10), 4, provenance);
    await writer.writeIndexSegment(scope);
    const late = await writer.commitCells(scope, cellsOf(95, 105), 4, provenance);
    const { store: watched, reads } = counted(store);
    const committed = await new Ledger(watched).committedKeys(scope);
    expect(committed.size).toBe(105);
    expect(reads.filter((key) => key.startsWith('cells/'))).toEqual([late.key]);
    for (const { key } of cellsOf(0, 105)) expect(committed.has(key)).toBe(true);
    expect(committed.has(sha256('another'))).toBe(false);
  });

  test('is one segment however often it is written, and is written anew when lost', async () => {
    const store = memoryStore();
    const writer = new Ledger(store);
    for (let i = 0; i < 3; i++) {
      await writer.commitCells(scope, cellsOf(i, i + 2), 4, provenance);
      await writer.writeIndexSegment(scope);
    }
    const [segment, ...others] = await keysBelow(store, 'index/');
    expect(others).toEqual([]);
    await store.remove(segment ?? '');
    await store.putIfAbsent(segment ?? '', new Uint8Array(10));
    const { ledger, notices } = openLedger(store);
    expect((await ledger.committedKeys(scope)).size).toBe(4);
    expect(notices).toMatchObject([{ kind: 'set-aside', key: segment }]);
    await ledger.writeIndexSegment(scope);
    expect(await keysBelow(store, 'index/')).toEqual([segment]);
  });

  test('is called by the objects that it covers and by its bytes', async () => {
    const store = memoryStore();
    const writer = new Ledger(store);
    const recorded = { ...scope, semantics: 1 };
    await writer.commitCells(recorded, cellsOf(0, 2), 4, provenance);
    await writer.commitCells(recorded, cellsOf(2, 4), 4, provenance);
    await writer.writeIndexSegment(recorded);
    const [key = ''] = await keysBelow(store, 'index/');
    // Recorded: another name or content leaves every index that is stored unread.
    expect(key.split('/').at(-1)).toMatchInlineSnapshot(
      `"6ca1ae80b62aa5508af74e9d31f25754-24f7c8b9ae77110f805ed37980af27b2d417730fd9c1d3a1dde92d5d9d5a226f.safetensors"`,
    );
    const { metadata } = decodeSafetensors((await store.get(key)) ?? new Uint8Array());
    expect(metadata).toMatchObject({ format: 'percuss-index', version: '1', chunk: scope.chunk });
  });

  test('still knows a cell whose first object is gone, from its second', async () => {
    const store = memoryStore();
    const writer = new Ledger(store);
    const refs = [
      await writer.commitCells(scope, cellsOf(0, 2), 4, provenance),
      await writer.commitCells(scope, cellsOf(1, 3), 4, provenance),
    ];
    await writer.writeIndexSegment(scope);
    const shared = cellsOf(1, 2)[0]?.key ?? '';
    const [smaller = '', larger] = refs.map(({ key }) => key).sort();
    expect((await new Ledger(store).committedKeys(scope)).get(shared)).toBe(smaller);
    await store.remove(smaller);
    expect((await new Ledger(store).committedKeys(scope)).get(shared)).toBe(larger);
    expect((await writer.committedKeys(scope)).get(shared)).toBe(larger);
  });

  test('holds a hundred thousand cells, each object read once', async () => {
    const store = memoryStore();
    const writer = new Ledger(store);
    const images = 2;
    for (let i = 0; i < 100; i++)
      await writer.commitCells(scope, cellsOf(1000 * i, 1000 * i + 1000, images), images, provenance);
    await writer.writeIndexSegment(scope);
    const { store: watched, reads } = counted(store);
    const ledger = new Ledger(watched);
    const committed = await ledger.committedKeys(scope);
    expect(committed.size).toBe(100_000);
    expect(reads).toHaveLength(1);
    expect((await ledger.readCells(scope)).size).toBe(100_000);
    expect(reads).toHaveLength(101);
    const keys = [...committed.keys()];
    expect(keys).toEqual([...keys].sort());
    expect(keys.every((key) => committed.has(key))).toBe(true);
  });
});

test('the builds and machines that computed cells are counted from the headers', async () => {
  const { ledger } = openLedger(memoryStore());
  await ledger.commitCells(scope, cellsOf(0, 3), 4, provenance);
  await ledger.commitCells(scope, cellsOf(3, 5), 4, { ...provenance, processor: 'avx2' });
  await ledger.commitCells({ ...scope, chunk: sha256('another') }, cellsOf(5, 9), 4, provenance);
  expect(await ledger.provenanceOf(scope)).toEqual([
    { text: 'reference 1 on cpu (any), percuss 0.1.0', cells: 7 },
    { text: 'reference 1 on cpu (avx2), percuss 0.1.0', cells: 2 },
  ]);
});
