import { describe, expect, test } from 'vitest';
import { sha256 } from '../../core/digest.js';
import { PercussError } from '../../core/errors.js';
import { Ledger } from '../../core/ledger/ledger.js';
import { limits } from '../../core/limits.js';
import { memoryStore } from '../../core/store/memory-store.js';
import type { ObjectStore } from '../../core/store/object-store.js';
import { withoutWriting } from '../../core/store/without-writing.js';
import { cellsOf, provenance, scope } from './cells-of.js';
import { plant, resolvedStudy } from './hostile-store.js';
import { openLedger } from '../builders/ledger.js';

const id = sha256('a study');
const other = sha256('another study');
const created = '2026-11-30T08:00:00.000Z';

/** As a folder on a read-only file system, or a bucket without the right to put. */
function unwritable(store: ObjectStore): ObjectStore {
  const refuse = (): Promise<never> =>
    Promise.reject(new PercussError('STORE_UNREACHABLE', 'the store failed (read-only file system)'));
  return { ...store, putIfAbsent: refuse, remove: refuse };
}

const leftAlone = (key: string) => ({
  kind: 'ignored',
  key,
  reason: expect.stringMatching(/stays where it is.*read-only/),
});

describe('what is bad in a store that can only be read is told, stays, and stops nobody who reads:', () => {
  test('a root among others, once, however often the studies are listed', async () => {
    const store = memoryStore();
    await plant(store, `roots/${id}.json`, { id, study: 'good', created });
    await plant(store, `roots/${other}.json`, { id: other, study: '../x', created });
    const { ledger, notices } = openLedger(unwritable(store));
    for (const _ of [1, 2]) expect((await ledger.listStudies()).map(({ study }) => study)).toEqual(['good']);
    expect(notices).toEqual([leftAlone(`roots/${other}.json`)]);
    expect(await store.head(`roots/${other}.json`)).toBeDefined();
  });

  test('the latest outputs, for which earlier ones stand', async () => {
    const store = memoryStore();
    const earlier = { state: 'complete', percuss: '0', failed: 0, outputs: {} };
    const ref = { key: `studies/${id}/report-${id}.html`, sha256: id };
    const outputs = { report: ref, summary: ref, tables: {} };
    await plant(store, `studies/${id}/latest/000000001.json`, { ...earlier, outputs });
    await plant(store, `studies/${id}/latest/000000002.json`, null, '{');
    const { ledger, notices } = openLedger(unwritable(store));
    expect(await ledger.latestOutputs(id)).toEqual({ ...earlier, outputs });
    expect(notices).toEqual([leftAlone(`studies/${id}/latest/000000002.json`)]);
  });

  test('a blob and a study, which are damaged for whoever asks', async () => {
    const store = memoryStore();
    await store.putIfAbsent(`blobs/${id}`, Buffer.from('imagen'));
    await store.putIfAbsent(`studies/${id}/study.json`, Buffer.from('{}'));
    const text = '{"no":"study"}';
    await store.putIfAbsent(`studies/${sha256(text)}/study.json`, Buffer.from(text));
    const { ledger, notices } = openLedger(unwritable(store));
    await expect(ledger.getBlob(id)).rejects.toMatchObject({ code: 'OBJECT_DAMAGED' });
    await expect(ledger.getStudy(id)).rejects.toMatchObject({ code: 'OBJECT_DAMAGED' });
    await expect(ledger.getStudy(sha256(text))).rejects.toMatchObject({ code: 'OBJECT_DAMAGED' });
    expect(notices.map(({ kind }) => kind)).toEqual(['ignored', 'ignored', 'ignored']);
  });

  test('cells, which count as absent', async () => {
    const store = memoryStore();
    const { key } = await new Ledger(store).commitCells(scope, cellsOf(0, 2), 4, provenance);
    await store.remove(key);
    await store.putIfAbsent(key, Buffer.from('no cells'));
    const { ledger, notices } = openLedger(unwritable(store));
    expect(await ledger.readCells(scope)).toEqual(new Map());
    expect(notices).toEqual([leftAlone(key)]);
  });

  test('but whoever must write is refused, and does not try for ever', async () => {
    const store = memoryStore();
    const { key } = await new Ledger(store).commitCells(scope, cellsOf(0, 2), 4, provenance);
    await store.remove(key);
    await store.putIfAbsent(key, Buffer.from('no cells'));
    await store.putIfAbsent(`blobs/${sha256('images')}`, Buffer.from('ima'));
    const taken: ObjectStore = { ...unwritable(store), putIfAbsent: async () => false };
    const { ledger } = openLedger(taken);
    await expect(ledger.commitCells(scope, cellsOf(0, 2), 4, provenance)).rejects.toMatchObject({
      code: 'STORE_UNREACHABLE',
    });
    await expect(ledger.putBlob(Buffer.from('images'))).rejects.toMatchObject({ code: 'STORE_UNREACHABLE' });
  });

  test('other failures than those of the store are not taken for it', async () => {
    const store = memoryStore();
    await plant(store, `roots/${id}.json`, null, '{');
    const broken: ObjectStore = { ...store, putIfAbsent: () => Promise.reject(new TypeError('ours')) };
    await expect(openLedger(broken).ledger.listStudies()).rejects.toThrow(TypeError);
  });
});

test('a plan is made over a bad decision as if it were not there, and the store stays as it is', async () => {
  const store = memoryStore();
  const key = `studies/${id}/decisions/yaml.json`;
  await plant(store, key, 7);
  const looking = withoutWriting(store);
  const { ledger, notices } = openLedger(looking);
  expect(await ledger.putDecision(id, 'yaml', 'study: x')).toBe('study: x');
  expect(await ledger.getDecision(id, 'yaml')).toBe('study: x');
  expect(notices).toMatchObject([{ kind: 'set-aside', key }]);
  const listed: string[] = [];
  for await (const info of looking.list('studies/')) listed.push(info.key);
  expect(listed).toEqual([key]);
  expect(await store.get(key)).toEqual(await (await plantedBytes(key, 7)).get(key));
  await looking.remove(key);
  expect([await looking.get(key), await looking.head(key)]).toEqual([undefined, undefined]);
});

async function plantedBytes(key: string, value: number): Promise<ObjectStore> {
  const store = memoryStore();
  await plant(store, key, value);
  return store;
}

describe('an object above its limit is told by its size, and not read:', () => {
  /** Says that everything has so many bytes, and notes what is read whole. */
  function swollen(store: ObjectStore, bytes: number): { readonly store: ObjectStore; readonly read: string[] } {
    const read: string[] = [];
    const lying: ObjectStore = {
      ...store,
      get: (key, range, options) => {
        if (range === undefined) read.push(key);
        return store.get(key, range, options);
      },
      head: async (key, options) => {
        const info = await store.head(key, options);
        return info && { ...info, bytes };
      },
      async *list(prefix, after, options) {
        for await (const info of store.list(prefix, after, options)) yield { ...info, bytes };
      },
    };
    return { store: lying, read };
  }
  const most = limits.storedObject.value;

  test.each([
    ['a blob', most, async (ledger: Ledger) => ledger.getBlob(await ledger.putBlob(Buffer.from('images')))],
    [
      'a report',
      most,
      async (ledger: Ledger) => ledger.getOutput(await ledger.putOutput(id, 'report.html', Buffer.from('<p>'))),
    ],
    [
      'a planned stage',
      limits.longRecord.value,
      async (ledger: Ledger) => ledger.getRecord(await ledger.putRecord('plans', { index: 1, groups: [], scores: {} })),
    ],
    [
      'a study',
      limits.record.value,
      async (ledger: Ledger) => {
        const study = resolvedStudy('x');
        const bytes = JSON.parse(JSON.stringify(study)) as typeof study;
        const digest = await studyDigest(bytes);
        await ledger.putStudy(digest, bytes);
        return ledger.getStudy(digest);
      },
    ],
  ])('%s', async (_, limit, read) => {
    await read(new Ledger(swollen(memoryStore(), limit).store));
    const large = swollen(memoryStore(), limit + 1);
    await expect(read(new Ledger(large.store))).rejects.toMatchObject({
      code: 'LIMIT_EXCEEDED',
      message: expect.stringContaining(`it has ${limit + 1} bytes, above the limit of ${limit}`),
    });
    expect(large.read).toEqual([]);
  });

  test('cells and responses, which count as absent', async () => {
    const store = memoryStore();
    const writer = new Ledger(store);
    const cells = await writer.commitCells(scope, cellsOf(0, 2), 4, provenance);
    const result = await writer.commitResult(scope, id, new Map(), {}, provenance);
    const there = openLedger(swollen(store, most).store);
    expect((await there.ledger.committedKeys(scope)).size).toBe(2);
    expect((await there.ledger.committedResults(scope)).size).toBe(1);
    const large = swollen(store, most + 1);
    const { ledger, notices } = openLedger(large.store);
    expect((await ledger.committedKeys(scope)).size).toBe(0);
    expect((await ledger.readCells(scope)).size).toBe(0);
    expect((await ledger.committedResults(scope)).size).toBe(0);
    expect(await ledger.readResult(scope, id)).toBeUndefined();
    expect(large.read).toEqual([]);
    expect(notices).toMatchObject([
      { kind: 'ignored', key: cells.key },
      { kind: 'ignored', key: result.key },
    ]);
  });
});

async function studyDigest(study: unknown): Promise<string> {
  const { canonicalJson } = await import('../../core/canonical.js');
  return sha256(canonicalJson(study as never));
}
