import { describe, expect, test } from 'vitest';
import { Ledger } from '../../../core/ledger/ledger.js';
import { memoryStore } from '../../../core/store/memory-store.js';
import { type StudyResult } from '../../../core/study/running/run-steps.js';
import type { StudySteps } from '../../../core/study/steps.js';
import type { StudySpec } from '../../../core/spec/study-spec.js';
import { tableNames } from '../../../core/tables/columns.js';
import { hasSharedData } from '../../builders/shared-data.js';
import { ablation, model, smallStudy } from '../../builders/small-study.js';
import { runSpec } from '../../builders/studies.js';

/** @param onBatch of how many units; batches then shrink to one unit at the end of a stage, of which the window is three */
async function runIn(ledger: Ledger, spec: StudySpec, onBatch?: (units: number) => void): Promise<StudyResult> {
  let last: Promise<unknown> = Promise.resolve();
  const shrinking = (steps: StudySteps): StudySteps => ({
    ...steps,
    planStage: async (...args) => {
      const plan = await steps.planStage(...args);
      return plan.ref ? { ...plan, segments: plan.segments.map((segment) => ({ ...segment, least: 1 })) } : plan;
    },
    runBatch: (plan, from, to, more) => {
      onBatch?.(to - from);
      // This process computes one batch at a time.
      const run = last.then(() => steps.runBatch(plan, from, to, more));
      last = run.catch(() => undefined);
      return run;
    },
  });
  const looked = onBatch ? { wrapSteps: shrinking, window: 3 } : {};
  return (await runSpec(ledger, spec, { tables: tableNames, ...looked })).result;
}

const hashes = (result: StudyResult): Record<string, string> =>
  Object.fromEntries(Object.entries(result.tables).map(([name, ref]) => [name, ref.sha256]));

describe.skipIf(!hasSharedData)('a study in process', () => {
  test('runs from spec to report, and again computes nothing and gives the same bytes', async () => {
    const ledger = new Ledger(memoryStore());
    const first = await runIn(ledger, smallStudy());
    expect(first.failed).toBe(0);
    expect(first.computed).toBeGreaterThan(150);
    const again = await runIn(ledger, smallStudy());
    expect(again.computed).toBe(0);
    expect(hashes(again)).toEqual(hashes(first));
    expect(again.reused).toBe(first.computed);
    const html = new TextDecoder().decode(await ledger.getOutput(first.report));
    expect(html).toContain('tutorial');
  });

  test('gives the same tables whatever the size of its batches', async () => {
    const one = await runIn(new Ledger(memoryStore()), smallStudy());
    const spec = smallStudy();
    const other = await runIn(new Ledger(memoryStore()), { ...spec, run: { ...spec.run, batchSeconds: 5 } });
    expect(hashes(other)).toEqual(hashes(one));
    const sizes: number[] = [];
    const shrinking = await runIn(
      new Ledger(memoryStore()),
      { ...spec, run: { ...spec.run, batchSeconds: 5 } },
      (units) => void sizes.push(units),
    );
    expect(hashes(shrinking)).toEqual(hashes(one));
    expect(new Set(sizes).size).toBeGreaterThan(5);
    expect(sizes.at(-1)).toBe(1);
  });

  test('extended by a fraction, a network and images computes only what is new', async () => {
    const ledger = new Ledger(memoryStore());
    const small = smallStudy({ impulses: [] });
    const random = ablation('random', { mode: 'random', fractions: [0.1], trials: 2 });
    const spec: StudySpec = { ...small, ablations: [random], data: small.data.map((d) => ({ ...d, images: 250 })) };
    const first = await runIn(ledger, spec);
    // 2 trials, the baseline and the profile.
    expect(first.computed).toBe(4);
    const fraction = await runIn(ledger, { ...spec, ablations: [{ ...random, fractions: [0.1, 0.2] }] });
    expect(fraction.computed).toBe(2);
    const network = model('other', 'cifar10_mstutorial.onnx', {
      input: { divide: 255, mean: [0.4], std: [0.5], order: 'rgb' },
    });
    const both = { ...random, models: ['tutorial', 'other'] };
    const wider = await runIn(ledger, { ...spec, models: [...spec.models, network], ablations: [both] });
    expect(wider.computed).toBe(4);
    const [data, reference] = spec.data as [StudySpec['data'][number], StudySpec['data'][number]];
    const more = await runIn(ledger, { ...spec, data: [{ ...data, images: 500 }, reference] });
    // The second chunk: baseline and 2 trials. The first one's cells stand.
    expect(more.computed).toBe(3);
  });

  test('refuses to ablate a network that misses its expected accuracy, and says what to check', async () => {
    const small = smallStudy();
    const wrong = small.models.map((m) => ({ ...m, input: { ...m.input, divide: 1 } }));
    await expect(runIn(new Ledger(memoryStore()), { ...small, models: wrong })).rejects.toMatchObject({
      code: 'EXPECTATION_MISSED',
      message: expect.stringContaining('divide') as string,
    });
  });
});
