import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { resolutionLines } from '../../cli/resolved.js';
import { PercussError } from '../../core/errors.js';
import { Ledger } from '../../core/ledger/ledger.js';
import type { ObjectStore } from '../../core/store/object-store.js';
import { memoryStore } from '../../core/store/memory-store.js';
import { Catalog } from '../../core/study/catalog.js';
import { planLines, planOf } from '../../core/study/planning/plan-report.js';
import { knownExtents } from '../../core/study/planning/waves.js';
import { readStudy } from '../../core/study/preparing/prepare-study.js';
import type { Compute } from '../../core/study/running/compute.js';
import { tableNames } from '../../core/tables/columns.js';
import type { Tables } from '../../core/tables/schema.js';
import { runFile, type Ran, type RunOptions } from '../builders/studies.js';
import { resolveStudy } from './planted-resolve.js';

const mode = { engine: 'reference', precision: 'float32', device: 'cpu' } as const;
const amplitudes = 'amplitudes: [0.5, -0.5]';
const wish = 'r2: 0.002, sr: 0.002';
const resolved = `base: { images: 4 }, ${amplitudes}, resolve: { ${wish}, budget: { images: 24 } }`;

describe('impulses with resolve', () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'percuss-resolve-'));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  const spec = (impulses: string): string => resolveStudy(folder, 'study', impulses);
  const run = (store: ObjectStore, impulses: string, options: RunOptions = {}): Promise<Ran> =>
    runFile(new Ledger(store), spec(impulses), { mode, batchSeconds: 1, ...options });
  const rows = ({ resolutions }: Tables): readonly unknown[][] =>
    resolutions.map(({ model, state, images, positions }) => [model, state, images, positions]);

  const store = memoryStore();
  let ran: Ran;
  let tables: Tables;
  beforeAll(async () => {
    ran = await run(store, resolved);
    tables = await ran.tables();
  }, 60_000);

  test('end after the first wave where brackets are narrow at once, and with the budget where they never are', () => {
    expect(rows(tables)).toEqual([
      ['copies', 'resolved', 4, 1],
      ['unlike', 'budget', 24, 1],
    ]);
    const [copies, unlike] = tables.resolutions;
    expect(copies?.r2_far_low).toBeGreaterThan(0.98);
    expect(copies?.sr).toBeCloseTo(1, 6);
    expect(copies?.sr_plugin).toBeCloseTo(1, 6);
    expect((unlike?.r2_far_high ?? 0) - (unlike?.r2_far_low ?? 0)).toBeGreaterThan(0.002);
    for (const row of tables.resolutions)
      expect(row).toMatchObject({ most_images: 24, most_positions: 1, r2_wish: 0.002, sr_wish: 0.002 });
  });

  test('give their nulls the base images that the network took, and no null before that is settled', () => {
    const coverage = tables.coverage.filter(({ kind }) => kind === 'responses' || kind === 'nulls');
    expect(coverage.map(({ model, kind, planned, committed }) => [model, kind, planned, committed])).toEqual([
      ['copies', 'responses', 4, 4],
      ['copies', 'nulls', 3, 3],
      ['unlike', 'responses', 24, 24],
      ['unlike', 'nulls', 3, 3],
    ]);
    // Both networks' responses and nulls, a profile and a chunk each: no null was run that was not kept.
    expect(ran.result.computed).toBe(4 + 24 + 2 * 3 + 2 * 2);
  });

  test('leave the rows that as many base images give that were asked for outright', async () => {
    const outright = async (images: number, model: string): Promise<Partial<Tables>> => {
      const all = await (
        await run(memoryStore(), `models: ${model}, base: { images: ${images} }, ${amplitudes}`)
      ).tables();
      return Object.fromEntries(
        tableNames.map((name) => [
          name,
          (all[name] as readonly { model?: string }[]).filter((row) => row.model === model),
        ]),
      );
    };
    for (const [model, images] of [
      ['copies', 4],
      ['unlike', 24],
    ] as const) {
      const expected = await outright(images, model);
      for (const name of tableNames) {
        if (name === 'resolutions') continue;
        const own = (tables[name] as readonly { model?: string }[]).filter((row) => row.model === model);
        expect([name, own]).toEqual([name, expected[name]]);
      }
    }
    // Not because there are none.
    expect(tables.models.find(({ model }) => model === 'unlike')?.sr_null).toBeGreaterThan(-1);
  }, 60_000);

  test('are compared between networks on the base images that both took', async () => {
    const four = await (await run(memoryStore(), `base: { images: 4 }, ${amplitudes}`)).tables();
    expect(tables.between.length).toBeGreaterThan(0);
    expect(tables.between.every(({ r2_low }) => r2_low !== null)).toBe(true);
    expect(tables.between.map(({ r2_low, r2_high }) => [r2_low, r2_high])).toEqual(
      four.between.map(({ r2_low, r2_high }) => [r2_low, r2_high]),
    );
  }, 60_000);

  test('go on where they were left, to the same bytes, whatever the batches', async () => {
    const names = ['resolutions', 'models', 'kernels', 'similarity', 'learning', 'nulls', 'coverage'] as const;
    const bytes = async (own: ObjectStore, { result }: Ran): Promise<unknown> =>
      Promise.all(names.map((name) => new Ledger(own).getOutput(result.tables[name]!)));
    const plain = memoryStore();
    const whole = await run(plain, resolved, { tables: names });
    const cut = memoryStore();
    let runs = 0;
    let ended: Ran | undefined;
    while (!ended) {
      let left = 5;
      const dying = (compute: Compute): Compute => ({
        ...compute,
        run: (task, options) =>
          left-- > 0 ? compute.run(task, options) : Promise.reject(new PercussError('CANCELLED', 'interrupted')),
      });
      runs++;
      ended = await run(cut, resolved, { tables: names, batchSeconds: 1e-6, window: 3, wrap: dying }).catch(
        () => undefined,
      );
    }
    expect(runs).toBeGreaterThan(4);
    expect(await bytes(cut, ended)).toEqual(await bytes(plain, whole));
  }, 60_000);

  test('compute nothing again when they run again, ask for more, or wish for less', async () => {
    const again = await run(store, resolved);
    expect(again.result.computed).toBe(0);
    const larger = await run(store, resolved.replace('images: 24', 'images: 32'));
    expect(rows(await larger.tables())).toEqual([
      ['copies', 'resolved', 4, 1],
      ['unlike', 'budget', 32, 1],
    ]);
    // 8 more base images, and the nulls of one network on all of its own.
    expect(larger.result.computed).toBe(8 + 3);
    const wider = await run(store, resolved.replace(wish, 'sr: 100'));
    expect(rows(await wider.tables())).toEqual([
      ['copies', 'resolved', 4, 1],
      ['unlike', 'resolved', 4, 1],
    ]);
    expect(wider.result.computed).toBe(3);
  }, 60_000);

  test('add positions once there are no more base images', async () => {
    const more = await run(store, resolved.replace('images: 24', 'images: 24, positions: 3'));
    const found = await more.tables();
    expect(rows(found)).toEqual([
      ['copies', 'resolved', 4, 1],
      ['unlike', 'budget', 24, 3],
    ]);
    // Two more positions on 24 base images, for the network and each null.
    expect(more.result.computed).toBe(2 * 24 + 2 * 3);
    const outright = `models: unlike, base: { images: 24 }, positions: { phases: 3 }, ${amplitudes}`;
    const plain = await run(store, outright);
    expect(plain.result.computed).toBe(0);
    expect((await plain.tables()).models.filter(({ model }) => model === 'unlike')).toEqual(
      found.models.filter(({ model }) => model === 'unlike'),
    );
  }, 60_000);

  test('are left undecided by a response that failed, without nulls, and go on when it is tried again', async () => {
    const broken = memoryStore();
    const failing = (compute: Compute): Compute => ({
      ...compute,
      run: (task, options) =>
        task.stage.index === 3 && task.from === 5
          ? Promise.reject(new PercussError('COMPUTE_CRASHED', 'the process ended'))
          : compute.run(task, options),
    });
    const first = await run(broken, resolved, { batchSeconds: 1e-6, wrap: failing });
    expect(first.result.failed).toBeGreaterThan(0);
    const left = await first.tables();
    expect(rows(left)).toEqual([
      ['copies', 'resolved', 4, 1],
      ['unlike', 'undecided', 4, 1],
    ]);
    expect(left.coverage.filter(({ kind, model }) => kind === 'nulls' && model === 'unlike')).toEqual([]);
    expect((await (await run(broken, resolved)).tables()).resolutions).toEqual(tables.resolutions);
  }, 60_000);

  test('are planned with the least and the most that they take', async () => {
    const { spec: read, resolved: inputs } = await readStudy(spec(resolved));
    const catalog = new Catalog((digest) => Promise.resolve(inputs.blobs.get(digest) as Uint8Array));
    const empty = await planOf(new Ledger(memoryStore()), catalog, inputs, mode, read.run);
    expect(empty.resolve.map(({ model, least, most }) => [model, least.units, most.units])).toEqual([
      ['copies', 4 + 3, 24 + 3],
      ['unlike', 4 + 3, 24 + 3],
    ]);
    for (const { least, most } of empty.resolve) expect(most.bytes).toBe(6 * least.bytes);
    expect(empty.units).toBe(2 * (1 + 1 + 24 + 3));
    expect(planLines(empty).filter((line) => line.includes('wave by wave'))).toEqual(
      empty.resolve.map(({ model }) =>
        expect.stringMatching(`at least 7 units and .*, at most 27 and .*: ${model} · images`),
      ),
    );
    const after = await planOf(new Ledger(store), catalog, inputs, mode, read.run);
    // Of the copies’ 24 images 4 are stored, and their nulls on 24 are not.
    expect(after.resolve.map(({ most }) => most.units)).toEqual([20 + 3, 0]);
  });

  test('stand in the status with what is decided by now', async () => {
    expect(resolutionLines(await knownExtents(new Ledger(store), ran.ref.id))).toEqual([
      '  copies · images: resolved with 4 base images',
      '  unlike · images: not resolved: the budget ended with 24 base images',
    ]);
    const started = memoryStore();
    const dying = (compute: Compute): Compute => ({
      ...compute,
      run: (task, options) =>
        task.stage.index === 3
          ? Promise.reject(new PercussError('CANCELLED', 'interrupted'))
          : compute.run(task, options),
    });
    await expect(run(started, resolved, { wrap: dying })).rejects.toThrow(/interrupted/);
    expect(resolutionLines(await knownExtents(new Ledger(started), ran.ref.id))).toEqual([
      '  copies · images: open, 4 base images so far, 24 at most',
      '  unlike · images: open, 4 base images so far, 24 at most',
    ]);
  });
});
