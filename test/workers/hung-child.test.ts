import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { runStage } from '../../core/study/running/run-stage.js';
import type { StagePlan, StudySteps } from '../../core/study/steps.js';
import { computeChildren } from '../../workers/children.js';

const handler = new URL('./fixtures/odd-handler.mjs', import.meta.url).href;
const entry = fileURLToPath(new URL('../../dist/workers/compute-child.js', import.meta.url));
const object = { key: '', sha256: '' };
const mode = { engine: 'reference', precision: 'float64', device: 'cpu' } as const;
const no = (): Promise<never> => Promise.reject(new Error('not asked for'));

function planOf(id: string, units: number, size: number): StagePlan {
  const segments = [{ label: 's', model: 'm', from: 0, to: units, size, least: 1, seconds: 0.01 }];
  return {
    study: { id, study: object, mode, batchSeconds: 10 },
    index: 0,
    ref: object,
    units,
    segments,
    stored: 0,
    failed: 0,
  };
}

describe.skipIf(process.platform === 'win32')('a compute process that hangs in a run without Temporal', () => {
  /** Runs a stage on one real process; gives what was recorded, and the processes that computed. */
  const run = async (plan: StagePlan, stopFirst: boolean, leastSeconds: number) => {
    const children = computeChildren({ slots: 1, handler, entry });
    const recorded: { readonly unit: number; readonly code: string; readonly message: string }[] = [];
    const pids = new Set<number>();
    let begun = 0;
    const steps: StudySteps = {
      planStage: no,
      analyse: no,
      writeTable: no,
      writeReport: no,
      recordFailures: async (_, failures) => void recorded.push(...failures),
      runBatch: async (stage, from, to, options = {}) => {
        const sharing = { run: 'run', waitSeconds: 0 };
        const running = children.run({ store: 'file:/nowhere', stage, from, to, sharing }, options);
        running.catch(() => undefined);
        // It has begun once the process is there; the task was sent before.
        await Promise.resolve();
        const [pid = 0] = children.pids();
        pids.add(pid);
        if (stopFirst && begun++ === 0) process.kill(pid, 'SIGSTOP');
        return (await running).outcome;
      },
    };
    try {
      const counts = await runStage(steps, plan, { window: 1, onFailure: 'continue', leastSeconds });
      return { counts, recorded, pids };
    } finally {
      await children.close();
    }
  };

  test('by SIGSTOP is ended, and another computes its batch in halves', async () => {
    const { counts, recorded, pids } = await run(planOf('fine', 8, 8), true, 4);
    expect(counts).toEqual({ computed: 8, failed: 0 });
    expect(recorded).toEqual([]);
    expect(pids.size).toBe(2);
  });

  test('on one unit again and again ends with the unit recorded, and says why', async () => {
    const { counts, recorded } = await run(planOf('hang', 1, 1), false, 1);
    expect(counts).toEqual({ computed: 0, failed: 1 });
    expect(recorded).toMatchObject([{ unit: 0, code: 'COMPUTE_CRASHED' }]);
    expect(recorded[0]?.message).toContain('were not done within 1 s');
  });
});
