import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { Ledger } from '../../core/ledger/ledger.js';
import type { Key, ObjectStore } from '../../core/store/object-store.js';
import { decodeSafetensors } from '../../core/safetensors.js';
import type { Edit } from '../../core/plan/condition.js';
import type { Tensor } from '../../core/tensor.js';
import { memoryStore } from '../../core/store/memory-store.js';
import { loadOutlines } from '../../core/study/reading/outlines.js';
import { Catalog } from '../../core/study/catalog.js';
import { outputScope } from '../../core/study/reading/committed.js';
import { readStudy } from '../../core/study/preparing/prepare-study.js';
import { planOf } from '../../core/study/planning/plan-report.js';
import { conditionList, unitKey } from '../../core/plan/outline.js';
import type { KeptOutputs } from '../../core/probe/kept-outputs.js';
import { runFile, type Ran } from '../builders/studies.js';
import { images, labels, logitsOf, network, pixels } from './planted-pairs.js';
import { writeStudy } from './yaml-study.js';

const mode = { engine: 'reference', precision: 'float32', device: 'cpu' } as const;
const folder = mkdtempSync(path.join(tmpdir(), 'percuss-kept-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const fileOf = (ablations: string): string =>
  writeStudy(folder, {
    network: network(),
    pixels,
    shape: [3, 2, 2],
    labels,
    rest: `ablations:\n${ablations}\nrun: { engine: reference }\n`,
  });
const run = (ledger: Ledger, ablations: string): Promise<Ran> =>
  runFile(ledger, fileOf(ablations), { mode, batchSeconds: 1 });

async function keysOf(store: ObjectStore, prefix: string): Promise<Key[]> {
  const keys: Key[] = [];
  for await (const { key } of store.list(prefix)) keys.push(key);
  return keys;
}

/** All kept outputs of a study, by what is removed: `conv1[2] conv2[0]`, `` for the intact network. */
async function outputsOf(ledger: Ledger, { ref }: Ran): Promise<Map<string, Float32Array>> {
  const { study, models } = await loadOutlines(ledger, new Catalog((digest) => ledger.getBlob(digest)), ref, {
    scores: {},
  });
  const [outline] = models;
  if (!outline) throw new Error('no network');
  const chunk = outline.chunks[0]!;
  const found = new Map<string, KeptOutputs>();
  for await (const row of ledger.streamOutputs(outputScope(outline, chunk))) found.set(row.key, row);
  const named = new Map<string, Float32Array>();
  const take = (name: string, key: string): void => {
    const row = found.get(key);
    if (row) named.set(name, row.values);
  };
  take('', unitKey(outline, study.seed, { kind: 'baseline', model: outline.model.name, name: '', chunk: 0 }, 0));
  for (const { spec, list } of outline.ablations) {
    for (let i = 0; i < (list?.length ?? 0); i++) {
      const { targets } = conditionList(outline, spec.name).at(i);
      const name = targets.map(({ group, channel }) => `${group}[${channel}]`).join(' ');
      take(
        name,
        unitKey(outline, study.seed, { kind: 'cells', model: outline.model.name, name: spec.name, chunk: 0 }, i),
      );
    }
  }
  expect(named.size).toBe(found.size);
  return named;
}

const kernels = 12;
const pairs = (kernels * (kernels - 1)) / 2;

test('every object of cells of a study lists its conditions by site, channels and fill', async () => {
  const store = memoryStore();
  await run(new Ledger(store), '  one: { mode: each, fill: [zero, mean] }');
  const listed: string[] = [];
  for (const key of await keysOf(store, 'cells/')) {
    const text = decodeSafetensors((await store.get(key)) as Uint8Array).tensors.get('edits') as Tensor<'uint8'>;
    for (const line of Buffer.from(text.data).toString('utf8').split('\n')) {
      const edits = JSON.parse(line) as Edit[];
      listed.push(edits.map(({ site, channels, fill }) => `${site}[${channels.join()}] ${fill.kind}`).join(' '));
    }
  }
  const all = [7, 5].flatMap((count, layer) =>
    Array.from({ length: count }, (_, k) => ['zero', 'mean'].map((fill) => `conv${layer + 1}[${k}] ${fill}`)).flat(),
  );
  expect(listed.sort()).toEqual(['', ...all].sort());
});

describe('a study that keeps outputs', () => {
  test('keeps what the weights say, of the intact network and of every condition, image by image', async () => {
    const ledger = new Ledger(memoryStore());
    const ran = await run(ledger, '  two: { mode: pairs }');
    const outputs = await outputsOf(ledger, ran);
    expect(outputs.size).toBe(1 + kernels + pairs);
    // The order of the chunk is a seeded one of the images: found by the intact outputs, which differ.
    const intact = outputs.get('')!;
    const order = Array.from({ length: images }, (_, i) => {
      const own = intact.subarray(4 * i, 4 * i + 4);
      return Array.from({ length: images }, (__, j) => j).find((j) =>
        logitsOf(j, []).every((z, c) => Math.abs(z - own[c]!) < 1e-5),
      )!;
    });
    expect(new Set(order).size).toBe(images);
    for (const [name, values] of outputs) {
      const removed = name === '' ? [] : name.split(' ');
      for (const [i, image] of order.entries())
        for (const [c, z] of logitsOf(image, removed).entries()) expect(values[4 * i + c]).toBeCloseTo(z, 4);
    }
  });

  test('and the same that keeps none have the same cells, object by object', async () => {
    const [keeping, plain] = [memoryStore(), memoryStore()];
    await run(new Ledger(keeping), '  one: { mode: each, keep: logits }');
    await run(new Ledger(plain), '  one: { mode: each }');
    expect(await keysOf(keeping, 'cells/')).toEqual(await keysOf(plain, 'cells/'));
    expect(await keysOf(plain, 'outputs/')).toEqual([]);
    expect(await keysOf(plain, 'index/outputs/')).toEqual([]);
    expect((await keysOf(keeping, 'outputs/')).length).toBeGreaterThan(0);
  });

  test('that newly asks for them runs its units again, and commits the outputs alone', async () => {
    const store = memoryStore();
    const ledger = new Ledger(store);
    await run(ledger, '  two: { mode: pairs, keep: cells }');
    const cells = await keysOf(store, 'cells/');
    expect(await keysOf(store, 'outputs/')).toEqual([]);
    const keeping = await run(ledger, '  two: { mode: pairs }');
    expect(keeping.result).toMatchObject({ computed: 1 + kernels + pairs, reused: 1 });
    expect(await keysOf(store, 'cells/')).toEqual(cells);
    expect((await outputsOf(ledger, keeping)).size).toBe(1 + kernels + pairs);
    const again = await run(new Ledger(store), '  two: { mode: pairs }');
    expect(again.result.computed).toBe(0);
  });

  test('whose outputs are gone, or whose cells, computes the units of either, and commits only what is gone', async () => {
    const store = memoryStore();
    const whole = await run(new Ledger(store), '  two: { mode: pairs }');
    const [cells, outputs] = [await keysOf(store, 'cells/'), await keysOf(store, 'outputs/')];
    for (const key of outputs) await store.remove(key);
    expect((await run(new Ledger(store), '  two: { mode: pairs }')).result.computed).toBe(1 + kernels + pairs);
    expect(await keysOf(store, 'cells/')).toEqual(cells);
    const remade = await keysOf(store, 'outputs/');
    for (const key of cells) await store.remove(key);
    expect((await run(new Ledger(store), '  two: { mode: pairs }')).result.computed).toBe(1 + kernels + pairs);
    expect(await keysOf(store, 'outputs/')).toEqual(remade);
    const ledger = new Ledger(store);
    expect((await outputsOf(ledger, whole)).size).toBe(1 + kernels + pairs);
    expect(await whole.tables()).toEqual(
      await (await run(new Ledger(memoryStore()), '  two: { mode: pairs }')).tables(),
    );
  });

  test('leaves no cell and no outputs in two objects, however what is missing lay in batches before', async () => {
    const store = memoryStore();
    const twice = async (folder: string): Promise<number> => {
      const keys: string[] = [];
      for (const object of await keysOf(store, folder)) {
        const packed = decodeSafetensors((await store.get(object)) as Uint8Array).tensors.get('key') as Tensor<'uint8'>;
        for (let i = 0; i < packed.data.length; i += 32)
          keys.push(Buffer.from(packed.data.subarray(i, i + 32)).toString('hex'));
      }
      return keys.length - new Set(keys).size;
    };
    // Cells of single kernels lie in an object of their own, and are run again for their outputs with the pairs.
    await run(new Ledger(store), '  one: { mode: each }');
    await run(new Ledger(store), '  two: { mode: pairs, layers: [conv1] }');
    expect([await twice('cells/'), await twice('outputs/')]).toEqual([0, 0]);
    // Outputs of conv1 are there, cells are gone: the whole study is one batch now, and keeps those of conv2 alone.
    for (const key of await keysOf(store, 'cells/')) await store.remove(key);
    await run(new Ledger(store), '  two: { mode: pairs }');
    expect([await twice('cells/'), await twice('outputs/')]).toEqual([0, 0]);
  });

  test.each([
    ['behind one that keeps none', '  a: { mode: each }\n  b: { mode: each, keep: logits }'],
    ['before it', '  a: { mode: each, keep: logits }\n  b: { mode: each }'],
  ])('%s computes each unit once', async (_, ablations) => {
    const ledger = new Ledger(memoryStore());
    const { result } = await run(ledger, ablations);
    // Profile, baseline, what gradients say, and the kernels.
    expect(result.computed).toBe(3 + kernels);
    expect((await run(ledger, ablations)).result.computed).toBe(0);
  });

  test('sets a damaged object aside while it is analysed, and computes its units again', async () => {
    const store = memoryStore();
    const ran = await run(new Ledger(store), '  two: { mode: pairs }');
    const [key = ''] = await keysOf(store, 'outputs/');
    const bytes = ((await store.get(key)) as Uint8Array).slice();
    bytes[bytes.length - 40] = (bytes[bytes.length - 40] as number) ^ 4;
    await store.remove(key);
    await store.putIfAbsent(key, bytes);
    await expect(ran.tables()).rejects.toMatchObject({ code: 'OBJECT_DAMAGED' });
    const again = await run(new Ledger(store), '  two: { mode: pairs }');
    expect(again.result.computed).toBeGreaterThan(0);
    expect((await keysOf(store, 'aside/')).length).toBeGreaterThan(0);
  });

  test('is told in its plan how many bytes that takes', async () => {
    const store = memoryStore();
    const ledger = new Ledger(store);
    const bytesOf = async (ablations: string): Promise<number> => {
      const { resolved } = await readStudy(fileOf(ablations));
      const catalog = new Catalog(async (digest) => resolved.blobs.get(digest) as Uint8Array);
      return (await planOf(ledger, catalog, resolved, mode, { batchSeconds: 1, workers: 1 })).bytes;
    };
    const ablations = '  two: { mode: pairs }';
    const more = (await bytesOf(ablations)) - (await bytesOf('  two: { mode: pairs, keep: cells }'));
    const { counts } = await readStudy(fileOf(ablations));
    const { counts: fewer } = await readStudy(fileOf('  two: { mode: pairs, keep: cells }'));
    const total = (all: typeof counts): number => all.reduce((sum, { bytes }) => sum + bytes, 0);
    expect(total(counts) - total(fewer)).toBeGreaterThanOrEqual(more);
    await run(ledger, ablations);
    let stored = 0;
    for await (const { bytes } of store.list('outputs/')) stored += bytes;
    const objects = (await keysOf(store, 'outputs/')).length;
    expect(more).toBe((1 + kernels + pairs) * (4 * images * 4 + 32));
    expect(stored - more).toBeGreaterThan(0);
    expect(stored - more).toBeLessThan(1500 * objects);
  });
});
