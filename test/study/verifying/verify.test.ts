import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { PercussError } from '../../../core/errors.js';
import { Ledger } from '../../../core/ledger/ledger.js';
import type { NumericMode } from '../../../core/numeric-mode.js';
import type { Cell } from '../../../core/probe/cell.js';
import type { StudyRef } from '../../../core/spec/resolved-study.js';
import { memoryStore } from '../../../core/store/memory-store.js';
import { Catalog } from '../../../core/study/catalog.js';
import type { Compute } from '../../../core/study/running/compute.js';
import { createSteps } from '../../../core/study/create-steps.js';
import { Disagreement } from '../../../core/study/verifying/disagreement.js';
import { inProcessCompute } from '../running/in-process-compute.js';
import { storedStudy, verifyStudy, type Verification } from '../../../core/study/verifying/verify.js';
import { hasSharedData } from '../../builders/shared-data.js';
import { ablation, smallStudy } from '../../builders/small-study.js';
import { runSpec } from '../../builders/studies.js';

const mode: NumericMode = { engine: 'onnxruntime', precision: 'float32', device: 'cpu' };
const reference: NumericMode = { ...mode, engine: 'reference' };

describe('what differs', () => {
  const cell = (loss: number[], kl: number[], predicted: number[], more: Partial<Cell> = {}): Cell => ({
    key: 'key',
    state: 'ok',
    effect: 1,
    loss: Float32Array.from(loss),
    kl: Float32Array.from(kl),
    predicted: Uint16Array.from(predicted),
    ...more,
  });
  const name = { model: 'm', ablation: 'a', condition: '#0', imageAt: (i: number) => 250 + i };

  test('is measured, and named by network, ablation, condition and image', () => {
    const report = new Disagreement(0.01);
    report.add(name, cell([1, 2, 3], [0, 0.5, 1], [4, 5, 6]), cell([1, 2.5, 3.25], [0, 0.5, 1], [4, 5, 7]));
    const found = report.summary();
    expect(found).toMatchObject({ compared: 3, states: 0, kl: { largest: 0, mean: 0, at: null } });
    expect([found.loss.largest, found.loss.mean]).toEqual([0.5, 0.25]);
    expect(found.loss.at).toMatchObject({ model: 'm', image: 251, stored: 2, again: 2.5 });
    expect(found.predictions).toEqual({
      differing: 1,
      named: [{ model: 'm', ablation: 'a', condition: '#0', image: 252, stored: 6, again: 7 }],
    });
    expect(found.agrees).toBe(false);
  });

  test('within the tolerance, relative above 1, is agreement; so is one tie in a thousand', () => {
    const report = new Disagreement(0.01);
    report.add(name, cell([1000, 0.5], [0, 2], [1, 1]), cell([1009, 0.509], [0.009, 2], [1, 2]));
    expect(report.summary()).toMatchObject({ agrees: true, predictions: { differing: 1 } });
    report.add(name, cell([1], [0], [1]), cell([1], [0], [2]));
    expect(report.summary().agrees).toBe(false);
  });

  test('in their states counts cells', () => {
    const report = new Disagreement(0.01);
    report.add(name, cell([1], [0], [1]), cell([1], [0], [1], { state: 'no-op' }));
    expect(report.summary()).toMatchObject({ agrees: true, states: 1 });
  });
});

describe.skipIf(!hasSharedData)('a study', () => {
  const ledger = new Ledger(memoryStore());
  const catalog = new Catalog((digest) => ledger.getBlob(digest));
  const compute = inProcessCompute(ledger);
  let ref: StudyRef;
  beforeAll(async () => {
    const spec = smallStudy({
      ablations: [
        ablation('kernels', { fill: ['zero', 'mean'] }),
        ablation('by-damage', { mode: 'cumulative', order: 'kl', fractions: [0.2, 0.5] }),
      ],
      impulses: [],
    });
    const { ref: stored } = await runSpec(ledger, spec, { mode, batchSeconds: 5, onFailure: 'stop', compute });
    // As a study is found that others ran: by its id.
    ref = await storedStudy(ledger, stored.id);
  });
  afterAll(() => compute.close());

  const verify = (sample: number, by: Compute = compute): Promise<Verification> =>
    verifyStudy(ledger, catalog, createSteps({ ledger, compute: by }), ref, {
      mode: reference,
      sample,
      tolerance: 1e-3,
      window: 1,
    });

  test('agrees with the reference on a sample of its cells; a larger sample keeps the smaller', async () => {
    const tasks: number[] = [];
    const counting: Compute = { ...compute, run: (task, options) => (tasks.push(task.to - task.from), compute.run(task, options)) }; // prettier-ignore
    const some = await verify(0.05, counting);
    expect(some.agrees).toBe(true);
    expect(some.cells.failed).toBe(0);
    expect(some.compared).toBe(60 * some.cells.sampled);
    expect(some.cells.sampled).toBeGreaterThan(0.02 * some.cells.stored);
    expect(some.cells.sampled).toBeLessThan(0.2 * some.cells.stored);
    expect([some.loss.largest < 1e-4, some.loss.largest > 0]).toEqual([true, true]);
    const units = (): number => tasks.reduce((sum, count) => sum + count, 0);
    expect(units()).toBe(some.cells.sampled);
    expect(await verify(0.05, counting)).toEqual(some);
    const more = await verify(0.1, counting);
    expect(more.cells.sampled).toBeGreaterThan(some.cells.sampled);
    expect(units()).toBe(more.cells.sampled);
  });

  test('has nothing missing and nothing new afterwards', async () => {
    const plan = await createSteps({ ledger, compute }).planStage(ref, 0);
    expect([plan.ref, plan.failed]).toEqual([undefined, 0]);
  });

  test('tells what could not be computed again, and records no failure', async () => {
    const crashing: Compute = {
      ...compute,
      run: () => Promise.reject(new PercussError('COMPUTE_CRASHED', 'the process ended')),
    };
    const found = await verify(0.3, crashing);
    expect(found.cells.failed).toBeGreaterThan(0);
    expect(await ledger.failuresOf(ref.id)).toEqual([]);
  });

  test('is not compared with itself', async () => {
    const same = verifyStudy(ledger, catalog, createSteps({ ledger, compute }), ref, {
      mode,
      sample: 1,
      tolerance: 1,
      window: 1,
    });
    await expect(same).rejects.toMatchObject({ code: 'USAGE' });
  });
});
