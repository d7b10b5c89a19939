import { mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { Worker } from '@temporalio/worker';
import type { WorkflowBundleWithSourceMap } from '@temporalio/worker';
import { DeterminismViolationError } from '@temporalio/workflow';
import { historyToJSON } from '@temporalio/common/lib/proto-utils.js';
import { beforeAll, describe, expect, it } from 'vitest';
import { installRuntime } from '../../infra/connection.js';
import { waitForResult } from '../../workers/client.js';
import { sweepWorkflowId } from '../../workflows/protocol.js';
import { bundleWorkflows, until, useServer, World } from './world.js';
import type { FakeConfig } from './fixtures/fake-steps.mjs';

const folder = new URL('./histories/', import.meta.url);

interface Recorded {
  readonly events: readonly Record<string, unknown>[];
}

const read = (name: string): Recorded => JSON.parse(readFileSync(new URL(name, folder), 'utf8')) as Recorded;
const names = readdirSync(folder).filter((name) => name.endsWith('.json'));

/**
 * Histories of earlier code: what runs at a user's when percuss is updated must go on. After a change of the workflows
 * on purpose, which breaks running studies, record anew: RECORD_HISTORIES=1 npx vitest run test/temporal/history.test.ts
 */
describe('recorded histories', () => {
  let bundle: WorkflowBundleWithSourceMap;
  beforeAll(async () => {
    installRuntime();
    bundle = await bundleWorkflows();
  });

  it('are there', () => expect(names.length).toBeGreaterThanOrEqual(4));

  it.each(names)('%s still replays', async (name) => {
    await Worker.runReplayHistory({ workflowBundle: bundle }, read(name), name);
  });

  it('are told apart from what the workflows would not do', async () => {
    const { events } = read('sweep-poison.json');
    const at = events.findIndex((event) => event['eventType'] === 'EVENT_TYPE_ACTIVITY_TASK_SCHEDULED');
    const mutated = structuredClone(events) as Record<string, Record<string, unknown>>[];
    Object.assign(mutated[at]?.['activityTaskScheduledEventAttributes'] ?? {}, {
      activityType: { name: 'paintBatch' },
    });
    await expect(Worker.runReplayHistory({ workflowBundle: bundle }, { events: mutated }, 'mutated')).rejects.toThrow(
      DeterminismViolationError,
    );
  });
});

describe.runIf(process.env['RECORD_HISTORIES'])('recording', () => {
  const held = useServer();
  const small: FakeConfig = {
    stages: [[{ label: 'a', units: 24, size: 4 }], [{ label: 'b', units: 3, size: 2 }]],
    unitMs: 1,
    poison: { '0.a.0005': 'ENGINE_FAILED' },
  };
  const record = async (world: World, id: string, name: string): Promise<void> => {
    mkdirSync(folder, { recursive: true });
    const history = await held.client.workflow.getHandle(id).fetchHistory();
    const json = JSON.parse(historyToJSON(history)) as Recorded;
    // Neither this machine's name nor its folders belong into the repository.
    const text = JSON.stringify(json, (key, value: unknown) =>
      ['identity', 'requestId', 'workerVersion', 'stackTrace'].includes(key) ? undefined : value,
    );
    expect(text).not.toContain(world.folder);
    writeFileSync(new URL(name, folder), `${text.replaceAll('},{"eventId"', '},\n{"eventId"')}\n`);
  };

  it('records a study, and sweeps with a poison unit, continued as new, and paused', async () => {
    const world = await World.open(held, small);
    await waitForResult(await world.submit());
    await record(world, `percuss-${world.study.id.slice(0, 20)}`, 'study.json');
    await record(world, sweepWorkflowId(world.study.id, 0), 'sweep-poison.json');
    const long = await World.open(held, { stages: [[{ label: 'a', units: 60, size: 2 }]], unitMs: 1 });
    await waitForResult(await long.submit({ policy: { continueAfter: 40 } }));
    await record(long, sweepWorkflowId(long.study.id, 0), 'sweep-continued.json');
    const paused = await World.open(held, { stages: [[{ label: 'a', units: 30, size: 2 }]], unitMs: 30 });
    const handle = await paused.submit({ window: 2 });
    const sweep = held.client.workflow.getHandle(sweepWorkflowId(paused.study.id, 0));
    await until('it has begun', () => paused.done.length > 2);
    await sweep.signal('pause');
    await sweep.signal('setWindow', 5);
    await sweep.signal('resume');
    await until('it goes on', () => paused.done.length > 12);
    await handle.cancel();
    await expect(waitForResult(handle)).rejects.toMatchObject({ code: 'CANCELLED' });
    await record(paused, sweepWorkflowId(paused.study.id, 0), 'sweep-paused-cancelled.json');
    const shrinking = await World.open(held, {
      stages: [[{ label: 'a', units: 60, size: 10, seconds: 10, least: 1 }]],
      unitMs: 10,
    });
    const wider = await shrinking.submit({ window: 1 });
    await until('it has begun', () => shrinking.done.length > 5);
    await held.client.workflow.getHandle(sweepWorkflowId(shrinking.study.id, 0)).signal('setWindow', 3);
    await waitForResult(wider);
    await record(shrinking, sweepWorkflowId(shrinking.study.id, 0), 'sweep-shrinking.json');
  });
});
