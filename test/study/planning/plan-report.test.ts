import { describe, expect, test } from 'vitest';
import { defaultCost } from '../../../core/plan/cost.js';
import { Ledger } from '../../../core/ledger/ledger.js';
import { memoryStore } from '../../../core/store/memory-store.js';
import { Catalog } from '../../../core/study/catalog.js';
import { planOf, type StudyPlan } from '../../../core/study/planning/plan-report.js';
import { readStudyInputs, resolveStudy } from '../../../core/study/preparing/resolve-study.js';
import { hasSharedData } from '../../builders/shared-data.js';
import { smallStudy } from '../../builders/small-study.js';

const mode = { engine: 'onnxruntime', precision: 'float32', device: 'cpu' } as const;

describe.skipIf(!hasSharedData)('the plan of a study', () => {
  test('counts cells that several ablations ask for once', async () => {
    const spec = smallStudy({ impulses: [] });
    const resolved = resolveStudy(await readStudyInputs(spec));
    const catalog = new Catalog((digest) => Promise.resolve(resolved.blobs.get(digest) as Uint8Array));
    const plan = await planOf(new Ledger(memoryStore()), catalog, resolved, mode, spec.run);
    const row = (name: string): number | undefined => plan.rows.find((one) => one.name === name)?.units;
    const conditions = plan.rows.find((one) => one.name === 'kernels')?.conditions as number;
    expect(row('kernels')).toBe(conditions);
    // Its order is read from the kernels' zeros, which are planned already.
    expect(row('by-damage (order)')).toBe(0);
    expect(plan.units).toBe(plan.rows.reduce((sum, one) => sum + one.units, 0));
    expect(plan.stored).toBe(0);
  });

  test('counts smaller batches at the end of a stage, the more the more processes there are', async () => {
    const spec = smallStudy({ impulses: [] });
    const each = spec.ablations
      .filter(({ mode }) => mode === 'each')
      .map((one) => ({ ...one, unit: 'kernel' as const }));
    const resolved = resolveStudy(await readStudyInputs({ ...spec, ablations: each.slice(0, 1) }));
    const catalog = new Catalog((digest) => Promise.resolve(resolved.blobs.get(digest) as Uint8Array));
    // A processor on which a cell takes seconds, so that batches are long enough to shrink.
    const slow = { ...defaultCost, secondsPerRow: 0.01 };
    const counted = async (workers: number | undefined): Promise<StudyPlan> =>
      planOf(new Ledger(memoryStore()), catalog, resolved, mode, { batchSeconds: 20, workers }, slow);
    const [open, one, four] = [await counted(undefined), await counted(1), await counted(4)];
    expect(open).toEqual(one);
    const run = { batches: 0, temporalActions: 0, rows: [], seconds: 0, processes: 0, wallSeconds: 0 };
    expect({ ...four, ...run }).toEqual({ ...one, ...run });
    expect([one.processes, four.processes]).toEqual([1, 4]);
    // Each process walks along the network; together they are done earlier, but not four times as early.
    expect(four.seconds).toBeGreaterThan(one.seconds);
    expect(one.wallSeconds).toBeCloseTo(one.seconds + slow.secondsPerProcess, 9);
    expect(four.wallSeconds).toBeLessThan(one.wallSeconds / 2);
    expect(four.wallSeconds).toBeGreaterThan(four.seconds / 4);
    const plain = one.rows.reduce(
      (sum, { units, seconds }) => sum + Math.ceil(units / Math.max(1, Math.round((20 * units) / seconds))),
      0,
    );
    expect(one.batches).toBeGreaterThan(plain);
    expect(four.batches).toBeGreaterThan(one.batches);
    // At most a batch for each cell.
    expect(four.batches).toBeLessThanOrEqual(four.units);
  });
});
