import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Ledger } from '../../core/ledger/ledger.js';
import { memoryStore } from '../../core/store/memory-store.js';
import { tableNames } from '../../core/tables/columns.js';
import type { KernelRow, Tables } from '../../core/tables/schema.js';
import { Catalog } from '../../core/study/catalog.js';
import { createSteps } from '../../core/study/create-steps.js';
import { verifyStudy } from '../../core/study/verifying/verify.js';
import { inProcessCompute } from './running/in-process-compute.js';
import { runFile, type Ran, type RunOptions } from '../builders/studies.js';
import { dead, gateA, gateB, halfA, halfB, labels, network, ownA, ownB, pixels } from './planted-pairs.js';
import { writeStudy } from './yaml-study.js';

const folder = mkdtempSync(path.join(tmpdir(), 'percuss-substitutes-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const file = writeStudy(folder, {
  network: network(),
  pixels,
  shape: [3, 2, 2],
  labels,
  rest: `ablations:
  each: { unit: kernel, mode: each, fill: [mean, substitute, substitute-earlier] }
  sets: { unit: kernel, mode: random, fractions: [0.2, 0.5, 1], trials: 3, spread: all-depths, fill: [mean, substitute] }
  pairs: { unit: kernel, mode: pairs, within: [layer, across], budget: 20, fill: substitute }
run: { engine: reference }
`,
});
const mode = { engine: 'reference', precision: 'float32', device: 'cpu' } as const;
const run = (ledger: Ledger, more: RunOptions = {}) => runFile(ledger, file, { mode, tables: tableNames, ...more });

describe('a study with substitutes', () => {
  const ledger = new Ledger(memoryStore());
  let first: Ran;
  let tables: Tables;
  beforeAll(async () => {
    first = await run(ledger);
    tables = await first.tables();
  });

  test('says which kernels of a network others make up for, and from where', () => {
    const { kernels, layers, models } = tables;
    const at = (layer: string, channel: number): KernelRow =>
      kernels.find((row) => row.layer === layer && row.channel === channel) as KernelRow;
    // What passes x0 and x1 stands there more than once, x2 does not.
    for (const kernel of [gateA, gateB, halfA, halfB, ownA]) {
      const row = at('conv1', kernel);
      expect(row.replaceability_same).toBeCloseTo(1, 6);
      expect(row.replaceability_same_low).toBeCloseTo(1, 6);
    }
    const alone = at('conv1', ownB);
    expect(alone.replaceability_same).toBeLessThan(0.1);
    expect(alone.replaceability_same_low).toBeLessThan(alone.replaceability_same as number);
    expect(alone.replaceability_same_high).toBeGreaterThan(alone.replaceability_same as number);
    // Nothing is lost with a dead kernel, so there is no share of it.
    expect(at('conv1', dead)).toMatchObject({ replaceability_same: null, replaceability_same_low: null });
    // Before the first layer is nothing that could tell.
    expect(at('conv1', ownB).replaceability_earlier).toBeNull();
    // Kernels of the second are sums of the first's: all told from there, but for x1 and x2 not from each other.
    for (const kernel of [0, 2, 3, 4]) expect(at('conv2', kernel).replaceability_earlier).toBeCloseTo(1, 6);
    for (const kernel of [0, 3]) expect(at('conv2', kernel).replaceability_same).toBeCloseTo(1, 6);
    for (const kernel of [2, 4]) expect(at('conv2', kernel).replaceability_same).toBeLessThan(0.1);
    const [first, second] = layers;
    expect([first?.replaceability_earlier, second?.replaceability_earlier]).toEqual([null, expect.closeTo(1, 6)]);
    expect(first?.replaceability_same).toBeGreaterThan(alone.replaceability_same as number);
    expect(first?.replaceability_same).toBeLessThan(1);
    expect(models[0]?.replaceability_same).toBeGreaterThan(0.1);
  });

  test('gathers moments once for each site, before all else, and computes nothing again', async () => {
    expect(tables.coverage.find(({ kind }) => kind === 'moments')).toMatchObject({
      ablation: 'moments',
      planned: 4,
      committed: 4,
    });
    const again = await run(ledger);
    expect(again.result.computed).toBe(0);
    expect(again.result.tables).toEqual(first.result.tables);
  });

  test('has the same bytes however its work is divided', async () => {
    const counted = async (batchSeconds: number) => {
      let batches = 0;
      const wrapSteps: RunOptions['wrapSteps'] = (steps) => ({
        ...steps,
        runBatch: (...args) => (batches++, steps.runBatch(...args)),
      });
      return { ...(await run(new Ledger(memoryStore()), { batchSeconds, wrapSteps })), batches };
    };
    const parts = await counted(1e-6);
    expect(parts.batches).toBeGreaterThan(20);
    expect(parts.result.tables).toEqual(first.result.tables);
  });

  test('is computed again on another engine, which gathers moments of its own', async () => {
    const { ref } = first;
    const compute = inProcessCompute(ledger);
    try {
      const steps = createSteps({ ledger, compute });
      const catalog = new Catalog((digest) => ledger.getBlob(digest));
      const other = { ...mode, engine: 'onnxruntime' } as const;
      const options = { mode: other, sample: 1, tolerance: 1e-3, window: 1 };
      const found = await verifyStudy(ledger, catalog, steps, ref, options);
      expect(found.cells.failed).toBe(0);
      expect(found.agrees).toBe(true);
    } finally {
      await compute.close();
    }
  });

  test('where nobody stays in a set, the mean stands in the place of all', () => {
    const { ablations } = tables;
    const whole = ablations.filter(({ ablation, fraction }) => ablation === 'sets' && fraction === 1);
    const [mean, substitute] = ['mean', 'substitute'].map((fill) => whole.find((row) => row.fill === fill));
    expect(substitute?.kl).toBeCloseTo(mean?.kl as number, 6);
  });
});

describe('a study with best constants', () => {
  const best = writeStudy(mkdtempSync(path.join(folder, 'optimal-')), {
    network: network(),
    pixels,
    shape: [3, 2, 2],
    labels,
    rest: 'ablations:\n  each: { unit: kernel, mode: each, fill: [mean, optimal] }\nrun: { engine: reference }\n',
  });

  test('has none that is worse than the mean on the images that it was found on, and says how much of the damage goes', async () => {
    const ledger = new Ledger(memoryStore());
    const ran = await runFile(ledger, best, { mode, tables: tableNames });
    const { ablations, kernels, coverage } = await ran.tables();
    const kl = (fill: string): Map<string, number> =>
      new Map(ablations.filter((row) => row.fill === fill).map((row) => [row.channels, row.kl!]));
    const [mean, optimal] = [kl('mean'), kl('optimal')];
    expect(optimal.size).toBeGreaterThan(5);
    for (const [channels, own] of optimal) expect(own).toBeLessThanOrEqual(mean.get(channels)! * (1 + 1e-5) + 1e-12);
    expect([...optimal].some(([channels, own]) => own < 0.9 * mean.get(channels)!)).toBe(true);
    const told = kernels.filter((row) => row.replaceability_constant !== null);
    expect(told.length).toBeGreaterThan(5);
    for (const row of told) expect(row.replaceability_constant).toBeGreaterThanOrEqual(-1e-5);
    expect(coverage.find((row) => row.kind === 'optima')).toMatchObject({ failed: 0 });
    const again = await runFile(ledger, best, { mode, tables: tableNames });
    expect(await again.tables()).toEqual(await ran.tables());
  });
});
