import { describe, expect, test } from 'vitest';
import { Ledger } from '../../core/ledger/ledger.js';
import { memoryStore } from '../../core/store/memory-store.js';
import { Catalog } from '../../core/study/catalog.js';
import { planOf } from '../../core/study/plan-report.js';
import { readStudyInputs, resolveStudy } from '../../core/study/prepare.js';
import { hasSharedData } from '../probe/real-network.js';
import { smallStudy } from './small-study.js';

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
});
