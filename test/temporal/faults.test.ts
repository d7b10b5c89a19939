import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, it } from 'vitest';
import { queryProgress, waitForResult } from '../../workers/client.js';
import { until, useServer, World } from './world.js';

const script = fileURLToPath(new URL('./fixtures/fake-worker.mjs', import.meta.url));

describe('worker processes', () => {
  const held = useServer({ worker: false });
  const processes: ChildProcess[] = [];
  afterEach(() => {
    for (const child of processes.splice(0)) child.kill('SIGKILL');
  });

  const startWorkerProcess = async (world: World, roles: string): Promise<ChildProcess> => {
    const child = spawn(process.execPath, [script, held.server.address, held.storeId, world.folder, roles], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    processes.push(child);
    await new Promise<void>((resolve, reject) => {
      child.stdout.once('data', () => resolve());
      child.once('exit', (code) => reject(new Error(`the worker ended with ${code} before it was ready`)));
    });
    return child;
  };

  it('share a study among three, and two survive the kill -9 of one that holds batches and the workflow', async () => {
    const world = await World.open(held, { stages: [[{ label: 'a', units: 160, size: 2 }]], unitMs: 150 });
    const all = 'control,analyse,evaluate';
    const [first] = await Promise.all([all, all, 'evaluate'].map((roles) => startWorkerProcess(world, roles)));
    const handle = await world.submit({ policy: { heartbeatSeconds: 10 } });
    await until('a tenth is done', () => world.done.length > 16);
    first?.kill('SIGKILL');
    const result = await waitForResult(handle);
    expect(result).toMatchObject({ state: 'complete', counters: { failed: 0 } });
    expect(world.done).toHaveLength(160);
    // The fake commits a batch's units one by one, so the kill may have cut one batch in two, but none is done twice.
    expect(new Set(world.commits).size).toBe(world.commits.length);
  });
});

describe('the server', () => {
  const held = useServer();

  it('may be killed twice in the middle of a sweep: it is started again on its file, and nothing is lost', async () => {
    const world = await World.open(held, { stages: [[{ label: 'a', units: 120, size: 2 }]], unitMs: 40 });
    const handle = await world.submit({ window: 4, policy: { heartbeatSeconds: 10 } });
    const result = waitForResult(handle);
    for (const mark of [10, 60]) {
      await until(`${mark} units are done`, () => world.done.length >= mark);
      const before = held.server.pid();
      process.kill(before, 'SIGKILL');
      await until('another server runs', () => held.server.pid() !== before);
    }
    expect(await result).toMatchObject({ state: 'complete', counters: { failed: 0 } });
    expect(world.done).toHaveLength(120);
    expect(new Set(world.commits).size).toBe(world.commits.length);
    expect((await queryProgress(held.client, world.study.id)).phase).toBe('done');
  });
});
