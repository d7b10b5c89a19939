import { spawn } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, it } from 'vitest';
import type { ComputeTask } from '../../core/study/running/compute.js';
import { alive } from '../../infra/lock.js';
import { computeChildren } from '../../workers/children.js';
import type { Children } from '../../workers/children.js';
import { until } from '../temporal/world.js';

const handler = new URL('./fixtures/odd-handler.mjs', import.meta.url).href;
const entry = fileURLToPath(new URL('../../dist/workers/compute-child.js', import.meta.url));

function task(id: string, from = 0, to = 8): ComputeTask {
  return {
    store: 'file:/nowhere',
    stage: {
      study: {
        id,
        study: { key: '', sha256: '' },
        mode: { engine: 'reference', precision: 'float64', device: 'cpu' },
        batchSeconds: 10,
      },
      index: 3,
      ref: { key: '', sha256: '' },
      units: 8,
      segments: [],
      stored: 0,
      failed: 0,
    },
    sharing: { run: 'run', waitSeconds: 0 },
    from,
    to,
  };
}

describe('compute children', () => {
  let pool: Children;
  const open = (slots: number, memoryLimit?: number): Children =>
    (pool = computeChildren({ slots, handler, entry, ...(memoryLimit === undefined ? {} : { memoryLimit }) }));
  afterEach(() => pool.close());

  it('keep their process from task to task', async () => {
    open(1);
    const first = await pool.run(task('fine'));
    const second = await pool.run(task('fine', 2, 5));
    expect(second.outcome).toEqual({ ...first.outcome, computed: 3, noOp: 2 });
  });

  it.runIf(process.platform === 'linux')(
    'collect garbage on their own thread, since other slots compute on the others',
    async () => {
      open(1);
      await pool.run(task('fine'));
      const [pid] = pool.pids();
      expect((await readFile(`/proc/${pid}/cmdline`, 'utf8')).split('\0')).toContain('--single-threaded-gc');
    },
  );

  it('run as many tasks at a time as there are slots, the others in turn', async () => {
    open(2);
    const results = await Promise.all([1, 2, 3, 4, 5].map(() => pool.run(task('slow'))));
    expect(new Set(results.map(({ outcome }) => outcome.seconds)).size).toBe(2);
    expect(pool.pids()).toHaveLength(2);
  });

  it('name the batch when their process is killed, and the next task gets a new process', async () => {
    open(1);
    const before = await pool.run(task('fine'));
    await expect(pool.run(task('die', 2, 4))).rejects.toMatchObject({
      code: 'COMPUTE_CRASHED',
      message: expect.stringContaining('units 2 to 4 of stage 3') as string,
      details: { from: 2, to: 4, stage: 3, reason: 'SIGKILL' },
    });
    const after = await pool.run(task('fine'));
    expect(after.outcome.seconds).not.toBe(before.outcome.seconds);
  });

  it('hand on the last words of a process that ended by itself', async () => {
    open(1);
    await expect(pool.run(task('exit'))).rejects.toMatchObject({
      code: 'COMPUTE_CRASHED',
      message: expect.stringMatching(/exit status 134; it said: .*bad_alloc/) as string,
    });
  });

  it('hand on errors with their codes; what is no error of ours is a bug', async () => {
    open(1);
    await expect(pool.run(task('refuse'))).rejects.toMatchObject({ code: 'ENGINE_FAILED', details: { op: 'Foo' } });
    await expect(pool.run(task('bug'))).rejects.toMatchObject({ code: 'BUG' });
    expect((await pool.run(task('fine'))).outcome.noOp).toBe(3);
  });

  it('stop at once when cancelled, even in a loop that never yields', async () => {
    open(1);
    for (const id of ['hang', 'block']) {
      const abort = new AbortController();
      const run = pool.run(task(id), { signal: abort.signal, onUnits: () => abort.abort() });
      await expect(run).rejects.toMatchObject({ code: 'CANCELLED' });
    }
    expect((await pool.run(task('fine'))).outcome.noOp).toBe(1);
  });

  it.each([0, 1, 2])('let waiting task %i be cancelled, and the others have their turn', async (which) => {
    open(1);
    const first = pool.run(task('slow'));
    const aborts = [0, 1, 2].map(() => new AbortController());
    const waiting = aborts.map(({ signal }) => pool.run(task('fine'), { signal }).catch((error: unknown) => error));
    aborts[which]?.abort();
    expect((await first).outcome.noOp).toBe(1);
    for (const [i, outcome] of (await Promise.all(waiting)).entries()) {
      expect(outcome).toMatchObject(i === which ? { code: 'CANCELLED' } : { outcome: { computed: 8 } });
    }
  });

  it.skipIf(process.platform !== 'linux')('are ended when they take more memory than they may', async () => {
    open(1, 400 * 2 ** 20);
    await expect(pool.run(task('eat'))).rejects.toMatchObject({
      code: 'COMPUTE_CRASHED',
      details: { reason: 'memory' },
    });
    expect((await pool.run(task('fine'))).outcome.computed).toBe(8);
  });

  it('leave no orphan when their parent is killed', async () => {
    open(1);
    const script = fileURLToPath(new URL('./fixtures/parent.mjs', import.meta.url));
    const parent = spawn(process.execPath, [script, handler], { stdio: ['ignore', 'pipe', 'inherit'] });
    const line = await new Promise<string>((resolve) => {
      parent.stdout.once('data', (part: Buffer) => resolve(part.toString()));
    });
    const pids = line.trim().split(' ').map(Number);
    expect(pids).toHaveLength(2);
    expect(pids.every(alive)).toBe(true);
    parent.kill('SIGKILL');
    await until('both are gone', () => !pids.some(alive));
  });
});
