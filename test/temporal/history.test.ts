import { mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { Worker } from '@temporalio/worker';
import { DeterminismViolationError } from '@temporalio/workflow';
import { historyToJSON } from '@temporalio/common/lib/proto-utils.js';
import { beforeAll, describe, expect, it } from 'vitest';
import { installRuntime } from '../../infra/worker-connection.js';
import { waitForResult } from '../../workers/client.js';
import { sweepWorkflowId } from '../../workflows/protocol.js';
import { builtWorkflows, until, useServer, World } from './world.js';
import type { FakeConfig } from './fixtures/fake-steps.mjs';

const folder = new URL('./histories/', import.meta.url);

interface Recorded {
  readonly events: readonly Record<string, unknown>[];
}

const read = (name: string): Recorded => JSON.parse(readFileSync(new URL(name, folder), 'utf8')) as Recorded;
const names = readdirSync(folder).filter((name) => name.endsWith('.json'));

/**
 * Histories of earlier code: what runs at a user's when percuss is updated must go on. After a change of the workflows
 * on purpose, which breaks running studies, record anew: RECORD_HISTORIES=all npx vitest run test/temporal/history.test.ts
 */
describe('recorded histories', () => {
  beforeAll(() => installRuntime());

  it('are there', () => expect(names.length).toBeGreaterThanOrEqual(4));

  it.each(names)('%s still replays', async (name) => {
    await Worker.runReplayHistory({ workflowBundle: builtWorkflows }, read(name), name);
  });

  it('are told apart from what the workflows would not do', async () => {
    const { events } = read('sweep-poison.json');
    const at = events.findIndex((event) => event['eventType'] === 'EVENT_TYPE_ACTIVITY_TASK_SCHEDULED');
    const mutated = structuredClone(events) as Record<string, Record<string, unknown>>[];
    Object.assign(mutated[at]?.['activityTaskScheduledEventAttributes'] ?? {}, {
      activityType: { name: 'paintBatch' },
    });
    await expect(
      Worker.runReplayHistory({ workflowBundle: builtWorkflows }, { events: mutated }, 'mutated'),
    ).rejects.toThrow(DeterminismViolationError);
  });
});

/** Which to record anew: `all`, or names without `.json` between commas. */
const wanted = process.env['RECORD_HISTORIES']?.split(',') ?? [];

describe.runIf(wanted.length > 0)('recording', () => {
  const held = useServer();
  const small: FakeConfig = {
    stages: [[{ label: 'a', units: 24, size: 4 }], [{ label: 'b', units: 3, size: 2 }]],
    unitMs: 1,
    poison: { '0.a.0005': 'ENGINE_FAILED' },
  };
  const record = async (world: World, id: string, name: string, run?: string): Promise<void> => {
    mkdirSync(folder, { recursive: true });
    const history = await held.client.workflow.getHandle(id, run).fetchHistory();
    const json = JSON.parse(historyToJSON(history)) as Recorded;
    // Neither this machine's name nor its folders belong into the repository.
    const text = JSON.stringify(json, (key, value: unknown) =>
      ['identity', 'requestId', 'workerVersion', 'stackTrace'].includes(key) ? undefined : value,
    );
    expect(text).not.toContain(world.folder);
    writeFileSync(new URL(`${name}.json`, folder), `${text.replaceAll('},{"eventId"', '},\n{"eventId"')}\n`);
  };
  const sweepOf = (world: World): string => sweepWorkflowId(world.study.id, 0);
  const recording = (name: string, body: (name: string) => Promise<void>): void => {
    it.runIf(wanted.includes('all') || wanted.includes(name))(name, () => body(name));
  };

  recording('study', async (name) => {
    const world = await World.open(held, small);
    await waitForResult(await world.submit());
    await record(world, `percuss-${world.study.id.slice(0, 20)}`, name);
  });

  recording('sweep-poison', async (name) => {
    const world = await World.open(held, small);
    await waitForResult(await world.submit());
    await record(world, sweepOf(world), name);
  });

  recording('sweep-continued', async (name) => {
    const long = await World.open(held, { stages: [[{ label: 'a', units: 60, size: 2 }]], unitMs: 1 });
    await waitForResult(await long.submit({ policy: { continueAfter: 40 } }));
    await record(long, sweepOf(long), name);
  });

  recording('sweep-paused-cancelled', async (name) => {
    const paused = await World.open(held, { stages: [[{ label: 'a', units: 30, size: 2 }]], unitMs: 30 });
    const handle = await paused.submit({ window: 2 });
    const sweep = held.client.workflow.getHandle(sweepOf(paused));
    await until('it has begun', () => paused.done.length > 2);
    await sweep.signal('pause');
    await sweep.signal('setWindow', 5);
    await sweep.signal('resume');
    await until('it goes on', () => paused.done.length > 12);
    await handle.cancel();
    await expect(waitForResult(handle)).rejects.toMatchObject({ code: 'CANCELLED' });
    await record(paused, sweepOf(paused), name);
  });

  recording('sweep-shrinking', async (name) => {
    const shrinking = await World.open(held, {
      stages: [[{ label: 'a', units: 60, size: 10, seconds: 10, least: 1 }]],
      unitMs: 10,
    });
    const wider = await shrinking.submit({ window: 1 });
    await until('it has begun', () => shrinking.done.length > 5);
    await held.client.workflow.getHandle(sweepOf(shrinking)).signal('setWindow', 3);
    await waitForResult(wider);
    await record(shrinking, sweepOf(shrinking), name);
  });

  recording('sweep-stopped', async (name) => {
    const world = await World.open(held, {
      stages: [[{ label: 'a', units: 40, size: 4 }]],
      unitMs: 5,
      poison: { '0.a.0001': 'COMPUTE_CRASHED' },
      // In hand when the sweep stops, and cancelled then.
      slow: { '0.a.0009': 20_000 },
    });
    const stopped = await waitForResult(
      await world.submit({ window: 3, policy: { onFailure: 'stop', drainSeconds: 1, heartbeatSeconds: 10 } }),
    );
    expect(stopped.state).toBe('stopped');
    await record(world, sweepOf(world), name);
  });

  recording('sweep-drained', async (name) => {
    const world = await World.open(held, {
      stages: [[{ label: 'a', units: 24, size: 2 }]],
      unitMs: 5,
      poison: { '0.a.0000': 'ENGINE_FAILED' },
      slow: { '0.a.0004': 16_000 },
    });
    const handle = await world.submit({
      window: 4,
      policy: { continueAfter: 45, drainSeconds: 1, heartbeatSeconds: 10 },
    });
    const sweep = held.client.workflow.getHandle(sweepOf(world));
    await until('a sweep runs', async () => (await sweep.describe().catch(() => undefined)) !== undefined);
    const first = (await sweep.describe()).runId;
    expect((await waitForResult(handle)).counters).toMatchObject({ computed: 23, failed: 1 });
    await record(world, sweepOf(world), name, first);
    await record(world, sweepOf(world), `${name}-and-on`);
  });

  recording('sweep-self-paused', async (name) => {
    const poison = Object.fromEntries(
      Array.from({ length: 12 }, (_, i) => [`0.a.${String(i).padStart(4, '0')}`, 'ENGINE_FAILED']),
    );
    const config: FakeConfig = { stages: [[{ label: 'a', units: 12, size: 4 }]], unitMs: 1 };
    const world = await World.open(held, { ...config, poison });
    const handle = await world.submit({ window: 2, policy: { pauseAfter: 5 } });
    const sweep = held.client.workflow.getHandle(sweepOf(world));
    const paused = async (): Promise<boolean> =>
      (await sweep.query<{ paused: boolean }>('progress').catch(() => undefined))?.paused === true;
    await until('it pauses', paused);
    world.configure(config);
    await sweep.signal('resume');
    await waitForResult(handle);
    await record(world, sweepOf(world), name);
  });

  recording('sweep-stalled', async (name) => {
    const world = await World.open(held, {
      stages: [[{ label: 'a', units: 12, size: 3 }]],
      unitMs: 30,
      poison: { '0.a.0007': 'ENGINE_FAILED' },
    });
    const handle = await world.submit({ window: 2 });
    await until('a batch is committed', () => world.done.length > 0);
    const outage = path.join(world.folder, 'outage');
    writeFileSync(outage, '');
    const sweep = held.client.workflow.getHandle(sweepOf(world));
    await until('it stalls', async () => (await sweep.query<{ stalled?: string }>('progress')).stalled !== undefined);
    rmSync(outage);
    await waitForResult(handle);
    await record(world, sweepOf(world), name);
  });

  recording('sweep-refused', async (name) => {
    const world = await World.open(held, {
      stages: [[{ label: 'a', units: 40, size: 2 }]],
      unitMs: 20,
      poison: { '0.a.0008': 'EXPECTATION_MISSED' },
    });
    await expect(waitForResult(await world.submit({ window: 3 }))).rejects.toMatchObject({
      code: 'EXPECTATION_MISSED',
    });
    await record(world, sweepOf(world), name);
  });
});
