import { beforeAll, describe, expect, test } from 'vitest';
import { Ledger } from '../../../core/ledger/ledger.js';
import { memoryStore } from '../../../core/store/memory-store.js';
import type { ObjectStore } from '../../../core/store/object-store.js';
import { scrubStore } from '../../../core/study/collecting/scrub.js';
import { explainStored } from '../../../core/study/explaining/explain-study.js';
import { ablation, smallStudy } from '../../builders/small-study.js';
import { runSpec } from '../../builders/studies.js';

const study = smallStudy({
  study: 'scrubbed',
  data: smallStudy().data.map((set) => ({ ...set, images: set.name === 'test' ? 12 : 8 })),
  models: smallStudy().models.map((model) => ({ ...model, expect: undefined })),
  ablations: [
    ablation('layers', { unit: 'layer' }),
    ablation('pairs', { mode: 'pairs', pairs: { within: ['any'], budget: 4 } }),
  ],
  impulses: [],
});

const origin = memoryStore();
let id = '';
beforeAll(async () => {
  const ledger = new Ledger(origin);
  await ledger.identity();
  id = (await runSpec(ledger, study)).ref.id;
});

async function copyOf(store: ObjectStore): Promise<ObjectStore> {
  const copy = memoryStore();
  for await (const { key } of store.list('')) await copy.putIfAbsent(key, (await store.get(key)) as Uint8Array);
  return copy;
}

/** Flips a bit in the middle of an object. */
async function bend(store: ObjectStore, key: string): Promise<void> {
  const bytes = (await store.get(key)) as Uint8Array;
  const at = bytes.length >> 1;
  bytes[at] = (bytes[at] as number) ^ 1;
  await store.remove(key);
  await store.putIfAbsent(key, bytes);
}

async function kinds(store: ObjectStore): Promise<ReadonlyMap<string, string>> {
  const found = new Map<string, string>();
  for await (const { key } of store.list('')) {
    const kind = key.replace(/[0-9a-f]{12,}|\d{6,}/g, '#').replace(/\/\d+\//, '/');
    if (key !== 'store.json') found.set(kind, key);
  }
  return found;
}

describe('reading every object of a store', () => {
  test('what a study left is what its keys say, of every kind', async () => {
    const store = await copyOf(origin);
    const found = await scrubStore(new Ledger(store));
    expect(found).toMatchObject({ damaged: [], foreign: { objects: 0 }, studies: [] });
    expect(found.objects).toBeGreaterThan(20);
  });

  test('a flipped bit in any kind of object is found and set aside, and the study of it is named', async () => {
    const all = await kinds(origin);
    expect(all.size).toBeGreaterThan(15);
    for (const [kind, key] of all) {
      const store = await copyOf(origin);
      await bend(store, key);
      const found = await scrubStore(new Ledger(store));
      expect(found.damaged, kind).toMatchObject([{ key, setAside: true }]);
      expect(await store.head(key), kind).toBeUndefined();
      // Plans, analyses and the tables behind them do not say whose they are; a root that is damaged names nobody.
      if (!/^(plans|analyses|machines|roots)\//.test(key) && !(await isTable(key)))
        expect(found.studies, kind).toEqual([{ id, study: 'scrubbed' }]);
      expect(await scrubStore(new Ledger(store)), kind).toMatchObject({ damaged: [] });
    }
  });

  test('running the study again mends what was set aside, and computes nothing else', async () => {
    const store = await copyOf(origin);
    const cells: string[] = [];
    for await (const { key } of store.list('cells/')) cells.push(key);
    await bend(store, cells[0] as string);
    await scrubStore(new Ledger(store));
    expect((await explainStored(new Ledger(store), id)).missing.length).toBeGreaterThan(0);
    const { result } = await runSpec(new Ledger(store), study);
    expect(result.computed).toBeGreaterThan(0);
    expect(result.computed).toBeLessThan(result.computed + result.reused);
    expect(await explainStored(new Ledger(store), id)).toMatchObject({ missing: [] });
  });

  test('objects of others are counted, named and left alone', async () => {
    const store = await copyOf(origin);
    await store.putIfAbsent('theirs/notes.txt', new Uint8Array(3));
    expect(await scrubStore(new Ledger(store))).toMatchObject({
      damaged: [],
      foreign: { objects: 1, named: ['theirs/notes.txt'] },
    });
    expect(await store.head('theirs/notes.txt')).toBeDefined();
  });
});

/** Whether a blob is neither a network nor images of the study. */
async function isTable(key: string): Promise<boolean> {
  const blob = /^blobs\/(.+)$/.exec(key)?.[1];
  if (blob === undefined) return false;
  return !JSON.stringify(await new Ledger(origin).getStudy(id)).includes(blob);
}
