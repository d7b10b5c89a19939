import { describe, expect, it } from 'vitest';
import { rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { NumericMode } from '../../core/numeric-mode.js';
import {
  cancelStudy,
  pauseStudy,
  queryProgress,
  resumeStudy,
  submitStudy,
  waitForResult,
} from '../../workers/client.js';
import { submissionOf, workersOf } from '../../workers/submitted.js';
import { sweepWorkflowId } from '../../workflows/protocol.js';
import type { FakeConfig } from './fixtures/fake-steps.mjs';
import { setWindow, until, useServer, workOn, World } from './world.js';

const twoStages: FakeConfig = {
  stages: [
    [
      { label: 'a', units: 40, size: 8 },
      { label: 'b', units: 10, size: 4 },
    ],
    [{ label: 'c', units: 7, size: 3 }],
  ],
  unitMs: 1,
};

describe('a study on a real server', () => {
  const held = useServer();
  const open = (config: FakeConfig): Promise<World> => World.open(held, config);

  it.concurrent('runs stage after stage, then writes tables and report', async () => {
    const world = await open(twoStages);
    const result = await waitForResult(await world.submit());
    expect(result).toMatchObject({
      state: 'complete',
      stages: 2,
      stored: 0,
      counters: { computed: 57, reused: 0, failed: 0 },
    });
    expect(Object.keys(result.written?.tables ?? {})).toEqual(['models', 'layers']);
    expect(world.done).toHaveLength(57);
    const progress = await queryProgress(held.client, world.study.id);
    expect(progress).toMatchObject({ phase: 'done', tablesWritten: 2, counters: { computed: 57 } });
  });

  it.concurrent('computes nothing again when it is submitted once more', async () => {
    const world = await open(twoStages);
    const first = await waitForResult(await world.submit());
    const again = await waitForResult(await world.submit());
    expect(again).toMatchObject({ state: 'complete', stages: 0, counters: { computed: 0 } });
    expect(again.written).toEqual(first.written);
    expect(new Set(world.commits).size).toBe(world.commits.length);
  });

  it.concurrent('is joined, not doubled, by a second submit while it runs', async () => {
    const world = await open({ ...twoStages, unitMs: 20 });
    const [one, two] = await Promise.all([world.submit(), world.submit()]);
    expect(one.workflowId).toBe(two.workflowId);
    const [a, b] = await Promise.all([waitForResult(one), waitForResult(two)]);
    expect(a).toEqual(b);
    expect(world.commits).toHaveLength(57);
  });

  it.concurrent('is computed by workers of its numeric mode only', async () => {
    const world = await open(twoStages);
    const other: NumericMode = { engine: 'onnxruntime', precision: 'float32', device: 'cuda' };
    const study = { ...world.study, mode: other };
    const handle = await submitStudy(held.client, study, {
      name: 'fake',
      storeId: held.storeId,
      tables: ['models'],
      window: 6,
    });
    await until('batches wait', async () => ((await queryProgress(held.client, study.id)).current?.inFlight ?? 0) > 0);
    // The shared worker plans, and goes on polling for its own mode.
    expect((await workersOf(held.client, held.storeId, world.study.mode)).evaluate).toBe(1);
    expect((await workersOf(held.client, held.storeId, other)).evaluate).toBe(0);
    const stands = await submissionOf(held.client, study.id, { control: 1, evaluate: 0 });
    expect(stands).toMatchObject({ state: 'running', paused: false, computing: false });
    await new Promise((resolve) => setTimeout(resolve, 1500));
    expect(world.done).toEqual([]);
    const worker = await workOn(held, other, ['evaluate']);
    expect(await waitForResult(handle)).toMatchObject({ state: 'complete', counters: { computed: 57 } });
    await worker.shutdown();
  });

  it.concurrent(
    'runs smaller batches towards the end of a stage, across continue-as-new, by the window of the moment',
    async () => {
      const stages = [[{ label: 'a', units: 160, size: 10, seconds: 10, least: 1 }]];
      const world = await open({ stages, unitMs: 30 });
      const handle = await world.submit({ window: 1, policy: { continueAfter: 40 } });
      await until('four batches have run', () => world.batches.length >= 4);
      await setWindow(held.client, world.study.id, 4);
      expect((await waitForResult(handle)).counters).toMatchObject({ computed: 160, reused: 0, failed: 0 });
      expect(world.commits).toHaveLength(160);
      const ranges = world.batches.toSorted(([a], [b]) => a - b);
      expect(ranges.map(([from]) => from)).toEqual([0, ...ranges.slice(0, -1).map(([, to]) => to)]);
      // Of one batch in flight the share is above 10 units as long as 20 are left; of four, 80.
      for (const [from, to] of ranges.slice(0, 4)) expect([from, to - from]).toEqual([from, 10]);
      for (const [from, to] of ranges.filter(([first]) => first > 100)) {
        expect(to - from).toBe(Math.max(1, Math.floor((160 - from) / 8)));
      }
      expect(ranges.at(-1)).toEqual([159, 160]);
      const sweep = held.client.workflow.getHandle(sweepWorkflowId(world.study.id, 0));
      expect((await sweep.query<{ continued: number }>('progress')).continued).toBeGreaterThan(1);
    },
  );

  it.concurrent('continues as new with batches in flight and loses none', async () => {
    const world = await open({ stages: [[{ label: 'a', units: 200, size: 2 }]], unitMs: 2 });
    const handle = await world.submit({ policy: { continueAfter: 60 } });
    const result = await waitForResult(handle);
    expect(result.counters).toMatchObject({ computed: 200, reused: 0, failed: 0 });
    expect(world.commits).toHaveLength(200);
    const sweep = held.client.workflow.getHandle(sweepWorkflowId(world.study.id, 0));
    const { historyLength } = await sweep.describe();
    expect(historyLength).toBeLessThan(150);
    const progress = await sweep.query<{ continued: number; labels: unknown }>('progress');
    expect(progress.continued).toBeGreaterThan(3);
    expect(progress.labels).toEqual([{ label: 'a', done: 200, total: 200 }]);
  });

  it.concurrent(
    'does not wait for a batch that takes far too long to continue as new: it runs again afterwards',
    async () => {
      const world = await open({
        stages: [[{ label: 'a', units: 40, size: 1 }]],
        unitMs: 1,
        slow: { '0.a.0003': 16_000 },
      });
      const handle = await world.submit({ policy: { continueAfter: 50, drainSeconds: 1 } });
      await until(
        'it has continued',
        async () => ((await queryProgress(held.client, world.study.id)).current?.continued ?? 0) > 0,
      );
      expect(world.done).not.toContain('0.a.0003');
      const result = await waitForResult(handle);
      expect(result.counters).toMatchObject({ computed: 40, failed: 0 });
      expect(world.commits).toHaveLength(40);
    },
  );

  it.concurrent('stops refilling while paused, and follows the window', async () => {
    const world = await open({ stages: [[{ label: 'a', units: 60, size: 1 }]], unitMs: 60 });
    const handle = await world.submit({ window: 2 });
    await until('something is done', () => world.done.length > 2);
    await pauseStudy(held.client, world.study.id);
    await until(
      'nothing is in flight',
      async () => (await queryProgress(held.client, world.study.id)).current?.inFlight === 0,
    );
    const before = world.done.length;
    await new Promise((resolve) => setTimeout(resolve, 400));
    expect(world.done).toHaveLength(before);
    expect(before).toBeLessThan(60);
    await setWindow(held.client, world.study.id, 4);
    await resumeStudy(held.client, world.study.id);
    await until(
      'four are in flight',
      async () => (await queryProgress(held.client, world.study.id)).current?.inFlight === 4,
    );
    expect((await waitForResult(handle)).counters.computed).toBe(60);
  });

  it.concurrent('cancels: batches stop, nothing is analysed, and a new submit goes on', async () => {
    const world = await open({ stages: [[{ label: 'a', units: 40, size: 4 }]], unitMs: 100 });
    const handle = await world.submit({ window: 4 });
    await until('a batch is committed', () => world.done.length > 0);
    await cancelStudy(held.client, world.study.id);
    await expect(waitForResult(handle)).rejects.toMatchObject({ code: 'CANCELLED' });
    const before = world.done.length;
    expect(before).toBeLessThan(40);
    const result = await waitForResult(await world.submit());
    expect(result.stored).toBe(before);
    expect(result.counters.computed).toBe(40 - before);
    expect(world.commits).toHaveLength(40);
  });

  it.concurrent('finds the one unit that cannot be computed, records it, and computes all others', async () => {
    const world = await open({ ...twoStages, poison: { '0.a.0013': 'ENGINE_FAILED' } });
    const result = await waitForResult(await world.submit());
    expect(result).toMatchObject({ state: 'complete', counters: { computed: 56, failed: 1 } });
    expect(world.failed).toEqual(['0.a.0013']);
    expect(world.done).toHaveLength(56);
  });

  it.concurrent('stops at the first such unit if asked to', async () => {
    const world = await open({
      stages: [[{ label: 'a', units: 400, size: 4 }]],
      unitMs: 5,
      poison: { '0.a.0001': 'COMPUTE_CRASHED' },
    });
    const result = await waitForResult(await world.submit({ window: 2, policy: { onFailure: 'stop' } }));
    expect(result).toMatchObject({ state: 'stopped', stoppedBy: { unit: 1, code: 'COMPUTE_CRASHED' } });
    expect(result.written).toBeUndefined();
    expect(world.done.length).toBeLessThan(400);
  });

  it.concurrent('pauses when many batches fail in a row, says why, and goes on when resumed', async () => {
    const poison = Object.fromEntries(
      Array.from({ length: 12 }, (_, i) => [`0.a.${String(i).padStart(4, '0')}`, 'ENGINE_FAILED']),
    );
    const config: FakeConfig = { stages: [[{ label: 'a', units: 12, size: 4 }]], unitMs: 1 };
    const world = await open({ ...config, poison });
    const handle = await world.submit({ policy: { pauseAfter: 5 } });
    await until('it pauses', async () => (await queryProgress(held.client, world.study.id)).current?.paused === true);
    const { current } = await queryProgress(held.client, world.study.id);
    expect(current?.pausedBecause).toMatch(/failed in a row, the last with ENGINE_FAILED: unit .* is poison/);
    world.configure(config);
    await resumeStudy(held.client, world.study.id);
    expect((await waitForResult(handle)).counters).toMatchObject({ computed: 12, failed: 0 });
  });

  it.concurrent('waits for an unreachable store, says so, and goes on by itself', async () => {
    const world = await open({ stages: [[{ label: 'a', units: 12, size: 3 }]], unitMs: 30 });
    const outage = path.join(world.folder, 'outage');
    const handle = await world.submit({ window: 2 });
    await until('a batch is committed', () => world.done.length > 0);
    await writeFile(outage, '');
    await until('it says that it is stalled', async () => {
      const progress = await queryProgress(held.client, world.study.id);
      return (progress.current?.stalled ?? progress.stalled) === 'the folder is out of reach';
    });
    await rm(outage);
    const result = await waitForResult(handle);
    expect(result.counters).toMatchObject({ computed: 12, failed: 0 });
  });

  it.concurrent('ends with the error of a step that can never succeed', async () => {
    const world = await open({ ...twoStages, refuse: 'accuracy 0.10 where 0.91 was expected' });
    await expect(waitForResult(await world.submit())).rejects.toMatchObject({
      code: 'EXPECTATION_MISSED',
      message: 'accuracy 0.10 where 0.91 was expected',
    });
  });

  it.concurrent('says that nobody knows a study that was never submitted', async () => {
    const world = await open(twoStages);
    await expect(queryProgress(held.client, world.study.id)).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });
});
