import { describe, expect, test } from 'vitest';
import { PercussError } from '../../../core/errors.js';
import { Ledger } from '../../../core/ledger/ledger.js';
import { memoryStore } from '../../../core/store/memory-store.js';
import type { Compute } from '../../../core/study/running/compute.js';
import { createSteps } from '../../../core/study/create-steps.js';
import { readTables } from '../../builders/tables.js';
import { inProcessCompute } from './in-process-compute.js';
import { runStudySteps } from '../../../core/study/running/run-steps.js';
import type { StudySteps } from '../../../core/study/steps.js';
import type { StudyRef } from '../../../core/spec/resolved-study.js';
import { tableNames } from '../../../core/tables/columns.js';
import { hasSharedData } from '../../builders/shared-data.js';
import { ablation, smallStudy } from '../../builders/small-study.js';
import { storeSpec } from '../../builders/studies.js';

const mode = { engine: 'onnxruntime', precision: 'float32', device: 'cpu' } as const;

/** Fails every batch of the second stage that holds a given unit. */
function failingAt(compute: Compute, poison: number, tried: string[]): Compute {
  return {
    ...compute,
    run: (task, options) => {
      if (task.stage.index !== 1 || poison < task.from || poison >= task.to) return compute.run(task, options);
      tried.push(`${task.from}-${task.to}`);
      return Promise.reject(new PercussError('COMPUTE_CRASHED', 'the process ended'));
    },
  };
}

describe.skipIf(!hasSharedData)('a unit that cannot be computed', () => {
  const layers = smallStudy({ ablations: [ablation('layers', { unit: 'layer' })], impulses: [] });
  const prepared = (ledger: Ledger): Promise<StudyRef> => storeSpec(ledger, layers, { batchSeconds: 60 });
  const options = { window: 1, tables: tableNames, onFailure: 'continue' } as const;

  test('is found by halving, tried three times, recorded, and left out; a later submission tries it again', async () => {
    const ledger = new Ledger(memoryStore());
    const compute = inProcessCompute(ledger);
    const tried: string[] = [];
    const ref = await prepared(ledger);
    const steps = createSteps({ ledger, compute: failingAt(compute, 1, tried) });
    const first = await runStudySteps(steps, ref, options);
    expect(first.failed).toBe(1);
    expect(first.computed).toBeGreaterThan(3);
    expect(tried.filter((range) => range === '1-2')).toHaveLength(3);
    const tables = await readTables(ledger, await steps.analyse(ref));
    expect(tables.coverage.find((row) => row.ablation === 'layers')).toMatchObject({ failed: 1 });
    const again = await runStudySteps(createSteps({ ledger, compute }), await prepared(ledger), options);
    expect([again.computed, again.reused, again.failed]).toEqual([1, first.computed, 0]);
    await compute.close();
  });

  test('ends the study where the spec says stop', async () => {
    const ledger = new Ledger(memoryStore());
    const compute = inProcessCompute(ledger);
    const steps = createSteps({ ledger, compute: failingAt(compute, 1, []) });
    const run = runStudySteps(steps, await prepared(ledger), { ...options, onFailure: 'stop' });
    await expect(run).rejects.toMatchObject({ code: 'ENGINE_FAILED' });
    await compute.close();
  });
});

describe('damage that the analysis meets', () => {
  const ref = { id: 'study', study: { key: 'study', sha256: 'study' }, mode, batchSeconds: 1 };
  const object = { key: 'object', sha256: 'object' };
  const steps = (damaged: number, calls: string[]): StudySteps => ({
    planStage: () => (calls.push('plan'), Promise.resolve({ stored: 5, failed: 0 })),
    runBatch: () => Promise.reject(new Error('nothing is missing')),
    recordFailures: () => Promise.resolve(),
    analyse: () => {
      calls.push('analyse');
      return calls.filter((call) => call === 'analyse').length <= damaged
        ? Promise.reject(new PercussError('OBJECT_DAMAGED', 'a bit is wrong'))
        : Promise.resolve(object);
    },
    writeTable: () => Promise.resolve(object),
    writeReport: () => Promise.resolve({ report: object, summary: object }),
  });
  const options = { window: 1, tables: [], onFailure: 'continue' } as const;

  test('makes the study be planned again', async () => {
    const calls: string[] = [];
    expect(await runStudySteps(steps(2, calls), ref, options)).toMatchObject({ reused: 5 });
    expect(calls).toEqual(['plan', 'analyse', 'plan', 'analyse', 'plan', 'analyse']);
  });

  test('that comes again and again is told', async () => {
    await expect(runStudySteps(steps(9, []), ref, options)).rejects.toMatchObject({ code: 'OBJECT_DAMAGED' });
  });
});
