import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Ledger } from '../../../core/ledger/ledger.js';
import type { NumericMode } from '../../../core/numeric-mode.js';
import { memoryStore } from '../../../core/store/memory-store.js';
import type { ObjectStore } from '../../../core/store/object-store.js';
import type { StudySpec } from '../../../core/spec/study-spec.js';
import { collectGarbage, type Collected } from '../../../core/study/collecting/collect.js';
import { removeStudy } from '../../../core/study/collecting/remove-study.js';
import { readStudyInputs, resolveStudy, storeStudy } from '../../../core/study/preparing/resolve-study.js';
import { Catalog } from '../../../core/study/catalog.js';
import { nextStage } from '../../../core/study/planning/plan-stage.js';
import { explainStored } from '../../../core/study/explaining/explain-study.js';
import { ablation, smallStudy } from '../../builders/small-study.js';
import { runSpec, storeSpec } from '../../builders/studies.js';

const usualMode: NumericMode = { engine: 'onnxruntime', precision: 'float32', device: 'cpu' };
const HOUR = 3_600_000;
const grace = 24 * HOUR;

/** A clock that stands until it is moved on; never behind that of the processes that store studies. */
class HandClock {
  time = Date.now() + HOUR;
  readonly now = (): number => this.time;
  readonly sleep = async (ms: number): Promise<void> => {
    this.time += ms;
    await new Promise(setImmediate);
  };
}

const few = (more: Partial<StudySpec>): StudySpec =>
  smallStudy({
    data: smallStudy().data.map((set) => ({ ...set, images: set.name === 'test' ? 12 : 8 })),
    impulses: [],
    models: smallStudy().models.map((model) => ({ ...model, expect: undefined })),
    ...more,
  });
const layers = ablation('layers', { unit: 'layer', fill: ['zero', 'mean'] });
const first = few({ study: 'first', ablations: [layers, ablation('some', { layers: ['Conv_0'] })] });
/** Shares networks, images and some cells with the first. */
const second = few({ study: 'second', ablations: [layers, ablation('others', { layers: ['Conv_2'] })] });

async function keysOf(store: ObjectStore, prefix = ''): Promise<string[]> {
  const keys: string[] = [];
  for await (const { key } of store.list(prefix)) keys.push(key);
  return keys;
}

/** A store in which the first study ran three days ago. */
async function afterFirst(clock: HandClock): Promise<{ readonly ledger: Ledger; readonly id: string }> {
  const ledger = new Ledger(memoryStore(clock.now));
  const { ref } = await runSpec(ledger, first);
  clock.time += 3 * grace;
  return { ledger, id: ref.id };
}

const collect = (ledger: Ledger, clock: HandClock, remove = true): Promise<Collected> =>
  collectGarbage(ledger, { grace, remove, clock });

describe('collecting what no study rests on', () => {
  test('nothing of a complete study goes, and it computes nothing when it runs again', async () => {
    const clock = new HandClock();
    const { ledger, id } = await afterFirst(clock);
    // Plans and analyses are of use while a study runs.
    expect((await collect(ledger, clock)).kinds.map(({ kind }) => kind)).toEqual(
      expect.arrayContaining(['analyses', 'plans']),
    );
    expect(await collect(ledger, clock)).toMatchObject({ objects: 0 });
    expect(await explainStored(ledger, id)).toMatchObject({ missing: [] });
    const again = await runSpec(ledger, first);
    expect(again.result.computed).toBe(0);
  });

  test('a dry run says what a real one removes, and removes nothing', async () => {
    const clock = new HandClock();
    const { ledger, id } = await afterFirst(clock);
    await removeStudy(ledger, id, { clock });
    const before = await keysOf(ledger.store);
    const dry = await collect(ledger, clock, false);
    expect(await keysOf(ledger.store)).toEqual(before);
    expect(dry).toMatchObject({ removed: false });
    expect(await collect(ledger, clock)).toEqual({ ...dry, removed: true });
    expect(dry.kinds.map(({ kind }) => kind)).toEqual(expect.arrayContaining(['blobs', 'cells', 'responses']));
  });

  test('of a study that was removed everything goes but the store’s own, and before the grace period is over nothing', async () => {
    const clock = new HandClock();
    const ledger = new Ledger(memoryStore(clock.now));
    const { ref } = await runSpec(ledger, first);
    await ledger.identity();
    clock.time += grace / 2;
    await removeStudy(ledger, ref.id, { clock });
    expect(await collect(ledger, clock)).toMatchObject({ objects: 0 });
    clock.time += grace;
    await collect(ledger, clock);
    expect(await keysOf(ledger.store)).toEqual(['store.json']);
  });

  test('what two studies share stays with the other; what only the removed one asked for goes', async () => {
    const clock = new HandClock();
    const { ledger, id } = await afterFirst(clock);
    const { ref } = await runSpec(ledger, second);
    clock.time += 3 * grace;
    const cells = (await keysOf(ledger.store, 'cells/')).length;
    await removeStudy(ledger, id, { clock });
    await collect(ledger, clock);
    expect((await keysOf(ledger.store, 'cells/')).length).toBeLessThan(cells);
    expect(await explainStored(ledger, ref.id)).toMatchObject({ missing: [] });
    expect((await runSpec(ledger, second)).result.computed).toBe(0);
  });

  test('a study that is not complete keeps all where it commits', async () => {
    const clock = new HandClock();
    const { ledger, id } = await afterFirst(clock);
    await storeSpec(ledger, second);
    clock.time += 3 * grace;
    await removeStudy(ledger, id, { clock });
    expect(await collect(ledger, clock)).toMatchObject({ open: ['second'], objects: 0 });
  });

  test('a study that cannot be read stops it; keys of others stay', async () => {
    const clock = new HandClock();
    const { ledger, id } = await afterFirst(clock);
    await ledger.store.putIfAbsent('theirs/notes.txt', new Uint8Array(3));
    const record = `studies/${id}/study.json`;
    const sound = (await ledger.store.get(record)) as Uint8Array;
    await ledger.store.remove(record);
    await ledger.store.putIfAbsent(record, new TextEncoder().encode('{}'));
    const before = await keysOf(ledger.store);
    await expect(collect(ledger, clock)).rejects.toMatchObject({ code: 'OBJECT_DAMAGED' });
    expect(await keysOf(ledger.store)).toEqual(before);
    await ledger.store.remove(record);
    await ledger.store.putIfAbsent(record, sound);
    expect(await collect(ledger, clock)).toMatchObject({ foreign: 1 });
    expect(await keysOf(ledger.store)).toContain('theirs/notes.txt');
  });

  test('two do not remove at once; the flag of one that was killed expires', async () => {
    const clock = new HandClock();
    const { ledger, id } = await afterFirst(clock);
    await ledger.store.putIfAbsent('collection.json', new Uint8Array(1));
    await expect(collect(ledger, clock)).rejects.toMatchObject({ code: 'USAGE' });
    await expect(removeStudy(ledger, id, { clock })).rejects.toThrow(/another process removes objects/);
    clock.time += HOUR;
    expect((await collect(ledger, clock)).objects).toBeGreaterThan(0);
    expect(await keysOf(ledger.store)).not.toContain('collection.json');
  });
});

describe('removing a study', () => {
  test('its root and records go, cells, networks and images stay, and run again it computes nothing', async () => {
    const clock = new HandClock();
    const { ledger, id } = await afterFirst(clock);
    const { objects } = await removeStudy(ledger, id, { clock });
    expect(objects).toBeGreaterThan(3);
    expect((await keysOf(ledger.store)).filter((key) => key.includes(id))).toEqual([]);
    expect(await ledger.listStudies()).toEqual([]);
    const again = await runSpec(ledger, first);
    expect([again.result.computed, again.ref.id]).toEqual([0, id]);
  });

  test('one that may be running is refused, unless it is forced', async () => {
    const clock = new HandClock();
    const ledger = new Ledger(memoryStore(clock.now));
    const { id } = await storeSpec(ledger, second);
    clock.time += 1_000;
    await expect(removeStudy(ledger, id, { clock })).rejects.toThrow(/1 s ago, so that it may be running/);
    expect((await ledger.listStudies()).length).toBe(1);
    await removeStudy(ledger, id, { clock, force: true });
    expect(await ledger.listStudies()).toEqual([]);
  });
});

/** The same store, to one of several who use it at once: each of its calls comes when chance lets it, and lists come bit by bit. */
function atRandom(store: ObjectStore, draw: () => number): ObjectStore {
  const turn = async (): Promise<void> => {
    for (let wait = Math.floor(draw() * 4); wait > 0; wait--) await new Promise(setImmediate);
  };
  return {
    url: store.url,
    get: async (...args) => (await turn(), store.get(...args)),
    putIfAbsent: async (...args) => (await turn(), store.putIfAbsent(...args)),
    head: async (...args) => (await turn(), store.head(...args)),
    remove: async (...args) => (await turn(), store.remove(...args)),
    async *list(...args) {
      await turn();
      for await (const info of store.list(...args)) {
        if (draw() < 0.2) await turn();
        yield info;
      }
    },
    close: () => store.close(),
  };
}

/** Numbers that follow from a seed (mulberry32). */
function numbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

test('beside a study that is stored and planned on what is about to be collected, nothing is removed that it counts on', async () => {
  const origin = new HandClock();
  const { ledger: prepared, id } = await afterFirst(origin);
  await removeStudy(prepared, id, { clock: origin });
  const objects: (readonly [string, Uint8Array])[] = [];
  for (const key of await keysOf(prepared.store)) objects.push([key, (await prepared.store.get(key)) as Uint8Array]);
  // Read beforehand, so that it is stored just while objects are removed.
  const inputs = resolveStudy(await readStudyInputs(second));
  const outcomes = new Set<string>();
  await fc.assert(
    fc.asyncProperty(fc.integer(), fc.integer({ min: 0, max: 60 }), async (seed, delay) => {
      const clock = new HandClock();
      const store = memoryStore(clock.now);
      for (const [key, bytes] of objects) await store.putIfAbsent(key, bytes);
      clock.time += 3 * grace;
      const draw = numbers(seed);
      let stored = -1;
      let ended = false;
      const storing = async (): Promise<void> => {
        for (let wait = delay; wait > 0; wait--) await new Promise(setImmediate);
        const ledger = new Ledger(atRandom(store, draw));
        const ref = await storeStudy(ledger, inputs, { mode: usualMode, yaml: '', batchSeconds: 0.05 });
        const catalog = new Catalog((digest) => ledger.getBlob(digest));
        stored = (await nextStage(ledger, catalog, ref, { expectations: false })).tally.stored;
        ended = true;
      };
      const collecting = async (): Promise<void> => {
        while (!ended) {
          const collected = collect(new Ledger(atRandom(store, draw)), clock);
          // While the study is only half stored, nothing is removed.
          const removed = await collected.then(
            ({ objects }) => objects,
            (error: { code?: string }) => {
              if (error.code !== 'OBJECT_DAMAGED') throw error;
              return -1;
            },
          );
          outcomes.add(removed < 0 ? 'refused' : removed > 0 ? 'removed' : 'nothing');
        }
      };
      await Promise.all([storing(), collecting()]);
      const after = new Ledger(store);
      for (const digest of inputs.blobs.keys()) expect(await after.getBlob(digest)).toBeDefined();
      expect((await explainStored(after, inputs.id)).units.stored).toBe(stored);
      outcomes.add(stored > 0 ? 'found cells' : 'found none');
    }),
    // Without the flag, or without a second look at roots and submissions, 2 and 8 runs found what was missed.
    { numRuns: 24 },
  );
  // Or else it was never tried: sometimes objects go before the study comes, sometimes it comes first.
  expect([...outcomes]).toEqual(expect.arrayContaining(['removed', 'refused']));
}, 120_000);
