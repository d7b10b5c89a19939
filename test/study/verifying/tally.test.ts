import { describe, expect, test } from 'vitest';
import { Ledger } from '../../../core/ledger/ledger.js';
import { memoryStore } from '../../../core/store/memory-store.js';
import { countedTally, storedTally, studyTally } from '../../../core/study/verifying/tally.js';
import { ablation, smallStudy } from '../../builders/small-study.js';
import { runSpec, storeSpec } from '../../builders/studies.js';

const kernels = smallStudy({ ablations: [ablation('kernels', { fill: ['zero', 'mean'] })], impulses: [] });

describe('counting what of a study is stored', () => {
  test('by arithmetic and the index it is as many as unit by unit, before it runs, half way, and when it is complete', async () => {
    const ledger = new Ledger(memoryStore());
    const { id } = await storeSpec(ledger, kernels);
    const exact = await storedTally(ledger, id);
    expect(exact).toMatchObject({ stored: 0, exact: true });
    expect(await countedTally(ledger, id)).toMatchObject({ total: exact?.total, stored: 0, exact: false });
    let half = 0;
    await runSpec(ledger, kernels, {
      wrapSteps: (steps) => ({
        ...steps,
        runBatch: async (...args) => {
          const outcome = await steps.runBatch(...args);
          const [one, other] = [await storedTally(ledger, id), await countedTally(ledger, id)];
          expect(other?.stored).toBe(one?.stored);
          half = Math.max(half, one?.stored ?? 0);
          return outcome;
        },
      }),
    });
    expect(half).toBeGreaterThan(10);
    const whole = await storedTally(ledger, id);
    expect(whole).toMatchObject({ whole: true, stored: exact?.total });
    expect(await countedTally(ledger, id)).toMatchObject({ total: whole?.total, stored: whole?.stored });
  });

  test('what two ablations share is counted twice of what is asked for, and once of what is stored', async () => {
    const ledger = new Ledger(memoryStore());
    const twice = smallStudy({ ablations: [ablation('one', {}), ablation('same', {})], impulses: [] });
    const { ref } = await runSpec(ledger, twice);
    const [exact, counted] = [await storedTally(ledger, ref.id), await countedTally(ledger, ref.id)];
    expect((counted?.total ?? 0) - (exact?.total ?? 0)).toBe(72);
    expect(counted?.stored).toBe(exact?.stored);
  });

  test('few units are always counted one by one; nothing is said of a study that is not there', async () => {
    const ledger = new Ledger(memoryStore());
    const { id } = await storeSpec(ledger, kernels);
    expect(await studyTally(ledger, id)).toMatchObject({ exact: true });
    expect(await countedTally(ledger, 'f'.repeat(64))).toBeUndefined();
  });
});
