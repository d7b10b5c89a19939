import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { waveEnds, waveOrder } from '../../core/data/waves.js';
import { PercussError } from '../../core/errors.js';
import { Ledger } from '../../core/ledger/ledger.js';
import { memoryStore } from '../../core/store/memory-store.js';
import type { Compute } from '../../core/study/running/compute.js';
import { createSteps } from '../../core/study/create-steps.js';
import { inProcessCompute } from './running/in-process-compute.js';
import { planOf, type StudyPlan } from '../../core/study/planning/plan-report.js';
import { Catalog } from '../../core/study/catalog.js';
import { readStudy } from '../../core/study/preparing/prepare-study.js';
import { storedStudy, verifyStudy } from '../../core/study/verifying/verify.js';
import type { Tables } from '../../core/tables/schema.js';
import {
  clip,
  clippedKl,
  everywhere,
  exact,
  images,
  kernels,
  klAt,
  labels,
  logOf,
  meanOver,
  mode,
  network,
  pixels,
  seed,
} from './planted-adaptive.js';
import { runFile } from '../builders/studies.js';
import { writeStudy } from './yaml-study.js';

const top = `{ mode: each, stop: { top: 3, epsilon: 0.02, clip: ${clip} } }`;

describe('an adaptive ablation of a planted network', () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'percuss-adaptive-'));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  interface Ran {
    readonly tables: Tables;
    readonly computed: number;
    readonly failed: number;
    readonly stages: number;
    readonly plan: StudyPlan;
  }

  async function run(
    ledger: Ledger,
    ablations: string,
    options: { readonly batchSeconds?: number; readonly window?: number; readonly wrap?: (c: Compute) => Compute } = {},
  ): Promise<Ran> {
    const rest = `seed: ${seed}\nablations: { ${ablations} }\nrun: { engine: reference }\n`;
    const file = writeStudy(folder, { network: network(), pixels, shape: [kernels, 1, 1], labels, rest });
    const { spec, resolved } = await readStudy(file);
    const catalog = new Catalog((digest) => Promise.resolve(resolved.blobs.get(digest) as Uint8Array));
    const plan = await planOf(ledger, catalog, resolved, mode, spec.run);
    let stages = 0;
    const ran = await runFile(ledger, file, {
      mode,
      batchSeconds: 1,
      ...options,
      wrapSteps: (steps) => ({ ...steps, planStage: (...args) => (stages++, steps.planStage(...args)) }),
    });
    const { computed, failed } = ran.result;
    return { tables: await ran.tables(), computed, failed, stages, plan };
  }

  let whole: Ran;
  beforeAll(async () => {
    whole = await run(new Ledger(memoryStore()), `top: ${top}`);
  }, 60_000);

  test('finds the top within epsilon, from fewer images than there are', () => {
    const rows = whole.tables.stops;
    expect(rows).toHaveLength(kernels);
    const found = rows.filter((row) => row.place === 'top').map((row) => row.index);
    const least = exact.toSorted((a, b) => b - a)[2] as number;
    expect(found).toHaveLength(3);
    for (const index of found) expect(exact[index]).toBeGreaterThanOrEqual(least - 0.02);
    expect(rows.filter((row) => row.place !== 'top').every((row) => row.place === 'rest')).toBe(true);
    const spent = rows.reduce((sum, row) => sum + row.images, 0);
    expect(spent).toBeLessThan(0.6 * kernels * images);
    expect(whole.stages).toBeGreaterThan(3);
    for (const row of rows) {
      expect(waveEnds(images)).toContain(row.images);
      expect(row.kl_low).toBeLessThanOrEqual((exact[row.index] as number) + 1e-6);
      expect(row.kl_high).toBeGreaterThanOrEqual((exact[row.index] as number) - 1e-6);
    }
  });

  test('says of each condition what it did on the images that it rests on, paired with the intact network on these', () => {
    const order = waveOrder(images, seed);
    const rows = new Map(whole.tables.ablations.map((row) => [row.index, row]));
    const predicted = (log: readonly number[]): number => log.indexOf(Math.max(...log));
    for (const stop of whole.tables.stops) {
      const row = rows.get(stop.index);
      const seen = order.subarray(0, stop.images);
      expect(row?.images).toBe(stop.images);
      expect(stop.kl).toBeCloseTo(
        meanOver(seen, (i) => clippedKl[i]?.[stop.index] as number),
        5,
      );
      expect(stop.clipped).toBe([...seen].filter((i) => klAt(i, stop.index) > clip).length);
      expect(row?.kl).toBeCloseTo(
        meanOver(seen, (i) => klAt(i, stop.index)),
        5,
      );
      expect(row?.delta_loss).toBeCloseTo(
        meanOver(
          seen,
          (i) => (logOf(i)[labels[i] as number] as number) - (logOf(i, stop.index)[labels[i] as number] as number),
        ),
        5,
      );
      const flips = meanOver(seen, (i) => Number(predicted(logOf(i)) !== predicted(logOf(i, stop.index))));
      expect(row?.flips).toBeCloseTo(flips, 9);
      const kernel = whole.tables.kernels.find((one) => one.channel === stop.index);
      expect([kernel?.images, kernel?.kl]).toEqual([stop.images, row?.kl]);
    }
    expect(rows.get(kernels - 1)?.state).toBe('no-op');
  });

  test('is counted whole by the plan, and says so', () => {
    const pieces = waveEnds(images).length;
    expect(whole.plan.rows.find((row) => row.name === 'top')).toMatchObject({ conditions: 16, units: 16 * pieces });
    expect(whole.plan.adaptive).toEqual(['net · top']);
    expect(whole.tables.coverage.find((row) => row.ablation === 'top')?.planned).toBeLessThan(16 * pieces);
  });

  test('stays out of what compares kernels image by image, and gives way to a sweep on all images, whichever stands first', async () => {
    const { layers, models, predictors } = whole.tables;
    expect([layers[0]?.kernel_kl, models[0]?.reliability_kl, models[0]?.dead_kernels]).toEqual([null, null, null]);
    expect(predictors).toEqual([]);
    for (const both of [`top: ${top}, each: { mode: each }`, `each: { mode: each }, top: ${top}`]) {
      const { tables, computed } = await run(new Ledger(memoryStore()), both);
      // Whole chunks and pieces share no cell; and what gradients say of kernels is asked for.
      expect(computed).toBe(whole.computed + 2 * kernels + 1);
      expect(tables.stops).toEqual(whole.tables.stops);
      for (const row of tables.kernels) {
        expect(row.images).toBe(images);
        expect(row.kl).toBeCloseTo(
          meanOver(everywhere, (i) => klAt(i, row.channel)),
          5,
        );
      }
      expect(tables.layers[0]?.kernel_kl).toBeGreaterThan(0);
      expect(tables.models[0]).toMatchObject({ dead_kernels: 1 });
      expect(tables.predictors.length).toBeGreaterThan(0);
    }
  });

  test('is the same however its work is divided', async () => {
    const other = await run(new Ledger(memoryStore()), `top: ${top}`, { batchSeconds: 1e-6, window: 4 });
    expect(other.tables).toEqual(whole.tables);
    expect(other.computed).toBe(whole.computed);
  });

  test('resumed computes nothing again; with a finer epsilon, or by precision, only what is new', async () => {
    const ledger = new Ledger(memoryStore());
    const first = await run(ledger, `top: ${top}`);
    expect((await run(ledger, `top: ${top}`)).computed).toBe(0);
    const finer = top.replace('0.02', '0.004');
    const alone = await run(new Ledger(memoryStore()), `top: ${finer}`);
    const extended = await run(ledger, `top: ${finer}`);
    // Everything that the coarser one has looked at, the finer one looks at too.
    expect(extended.computed).toBe(alone.computed - first.computed);
    expect(extended.computed).toBeGreaterThan(0);
    expect(extended.tables).toEqual(alone.tables);
    const precise = await run(ledger, `all: { stop: { precision: 0.04, clip: ${clip} } }`);
    const total = precise.tables.coverage.find((row) => row.ablation === 'all')?.planned ?? 0;
    expect(precise.computed).toBeLessThan(total / 2);
    for (const row of precise.tables.stops) {
      expect(row.place).toBe('precise');
      if (row.images < images) expect((row.kl_high ?? 1) - (row.kl_low ?? 0)).toBeLessThanOrEqual(0.08);
    }
  });

  test('is verified on another engine, cell by cell of what its waves asked for', async () => {
    const ledger = new Ledger(memoryStore());
    const { computed } = await run(ledger, `top: ${top}`);
    const [study] = await ledger.listStudies();
    const compute = inProcessCompute(ledger);
    const found = await verifyStudy(
      ledger,
      new Catalog((digest) => ledger.getBlob(digest)),
      createSteps({ ledger, compute }),
      await storedStudy(ledger, study?.id ?? ''),
      {
        mode: { engine: 'onnxruntime', precision: 'float32', device: 'cpu' },
        sample: 1,
        tolerance: 1e-4,
        window: 1,
      },
    );
    await compute.close();
    // All but the profile.
    expect(found.cells).toEqual({ stored: computed - 1, sampled: computed - 1, failed: 0 });
    expect(found.agrees).toBe(true);
  });

  test('interrupted after any stage goes on to the same end', async () => {
    const ledger = new Ledger(memoryStore());
    let left = 4;
    const dying = (compute: Compute): Compute => ({
      ...compute,
      run: (task, options) =>
        left-- > 0 ? compute.run(task, options) : Promise.reject(new PercussError('CANCELLED', 'interrupted')),
    });
    let runs = 0;
    let ended: Ran | undefined;
    while (!ended) {
      left = 4;
      runs++;
      ended = await run(ledger, `top: ${top}`, { wrap: dying }).catch(() => undefined);
    }
    expect(runs).toBeGreaterThan(2);
    expect(ended.tables).toEqual(whole.tables);
  });

  test('leaves a condition with a failed cell undecided, ranks the others, and takes it up when it is tried again', async () => {
    const ledger = new Ledger(memoryStore());
    // The strongest kernel's second wave, which is the first one after all have been looked at.
    const failing = (compute: Compute): Compute => ({
      ...compute,
      run: (task, options) =>
        task.stage.index === 3 && task.stage.units < kernels && task.from === 0
          ? Promise.reject(new PercussError('COMPUTE_CRASHED', 'the process ended'))
          : compute.run(task, options),
    });
    const broken = await run(ledger, `top: ${top}`, { wrap: failing });
    expect(broken.failed).toBeGreaterThan(0);
    const undecided = broken.tables.stops.filter((row) => row.place === 'undecided');
    expect(undecided.length).toBeGreaterThan(0);
    for (const row of undecided) {
      expect([row.kl, row.kl_low, row.kl_high]).toEqual([null, null, null]);
      // What was run of it is said, of the images that it was run on.
      const partial = broken.tables.ablations.find((one) => one.index === row.index);
      expect(partial).toMatchObject({ state: 'partial', images: row.images });
    }
    expect(broken.tables.stops.filter((row) => row.place === 'top')).toHaveLength(3);
    const mended = await run(ledger, `top: ${top}`);
    expect(mended.failed).toBe(0);
    expect(mended.tables.stops.filter((row) => row.place === 'undecided')).toEqual([]);
    const least = exact.toSorted((a, b) => b - a)[2] as number;
    for (const row of mended.tables.stops.filter((one) => one.place === 'top')) {
      expect(exact[row.index]).toBeGreaterThanOrEqual(least - 0.02);
    }
  });
});
