import { cpSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { startS3Server } from '../s3-server.js';
import {
  answer,
  cellFiles,
  committedUnits,
  killQuietly,
  tableHashes,
  temporalServer,
  tinySpec,
  until,
  Workplace,
} from './percuss.js';
import type { RunAnswer, Running } from './percuss.js';
import { hasSharedData, sharedData } from '../builders/shared-data.js';

const linux = process.platform === 'linux';
if (!hasSharedData || !linux)
  console.warn('workers of a cluster are not tested: ../shared/data is absent, or this is not Linux');

interface Watched {
  readonly state: string;
  readonly stored: number;
  readonly counters: { readonly computed: number; readonly reused: number; readonly failed: number };
}

describe.skipIf(!hasSharedData || !linux)('a study, handed to workers', () => {
  let tables: Record<string, string>;
  let units = 0;
  let place: Workplace;
  const calm = new Workplace();

  beforeAll(async () => {
    const run = await calm.run(['run', calm.spec('many', tinySpec('many')), '--in-process', '--json']);
    expect(run.code, run.stderr).toBe(0);
    units = answer<RunAnswer>(run).computed;
    tables = tableHashes(calm.path('percuss-out/many'));
  });
  afterEach(() => place.close());
  afterAll(() => calm.close());

  const worker = async (store: string): Promise<Running> => {
    const folder = place.path(`worker-${readdirSync(place.folder).length}`);
    mkdirSync(folder);
    const started = place.start(['worker', '--store', store, '--slots', '1'], folder);
    await until(() => started.said().includes('working for'), started);
    expect(readdirSync(folder)).toEqual([]);
    return started;
  };
  const serve = async (): Promise<number> => {
    const server = await place.run(['server', 'start', '--json']);
    expect(server.code, server.stderr).toBe(0);
    return answer<{ pid: number }>(server).pid;
  };
  const submit = async (store: string): Promise<void> => {
    const data = place.path('data');
    for (const file of ['images/cifar10', 'models/cifar10_mstutorial.onnx']) {
      cpSync(path.join(sharedData, file), path.join(data, file), { recursive: true });
    }
    const spec = place.spec('many', tinySpec('many', { data }));
    const submitted = await place.run(['submit', spec, '--store', store, '--json']);
    expect(submitted.code, submitted.stderr).toBe(0);
    // What the submitting machine had is gone: spec, network and images.
    rmSync(spec);
    rmSync(data, { recursive: true });
  };
  const watch = async (store: string): Promise<Watched> => {
    const watched = await place.run(['watch', 'many', '--store', store, '--json']);
    expect(watched.code, watched.stderr).toBe(0);
    return answer<Watched>(watched);
  };
  const report = async (store: string): Promise<Record<string, string>> => {
    const reported = await place.run(['report', 'many', '--store', store, '--out', place.path('out'), '--json']);
    expect(reported.code, reported.stderr).toBe(0);
    return tableHashes(place.path('out'));
  };
  const end = async (workers: readonly Running[]): Promise<void> => {
    for (const { child } of workers) child.kill('SIGTERM');
    for (const { ended } of workers) expect((await ended).code).toBe(0);
    expect((await place.run(['server', 'stop'])).code).toBe(0);
    expect(await place.deserted()).toEqual([]);
  };

  test('one that starts later in an empty folder, with nothing but two addresses, computes it alone', async () => {
    place = new Workplace();
    const store = `file:${place.path('store')}`;
    await serve();
    await submit(store);
    const workers = [await worker(store)];
    expect(await watch(store)).toMatchObject({ state: 'complete', counters: { computed: units, failed: 0 } });
    expect(await report(store)).toEqual(tables);
    await end(workers);
  });

  test('three, of which one is killed in the middle, compute it once, with the same tables', async () => {
    place = new Workplace();
    const folder = place.path('store');
    const store = `file:${folder}`;
    await serve();
    const workers = [await worker(store), await worker(store), await worker(store)];
    await submit(store);
    await until(() => cellFiles(folder).length > 8, workers[0]);
    const [victim, ...others] = workers;
    victim?.child.kill('SIGKILL');
    const { state, counters } = await watch(store);
    expect([state, counters.computed + counters.reused, counters.failed]).toEqual(['complete', units, 0]);
    const committed = committedUnits(folder);
    expect(new Set(committed).size).toBe(units);
    // At most the batch in hand was computed twice.
    expect(committed.length - units).toBeLessThanOrEqual(8);
    expect(await report(store)).toEqual(tables);
    await end(others);
  });

  test('through S3, with two workers, gives the same tables', async (context) => {
    const s3 = await startS3Server();
    if ('unavailable' in s3) return context.skip(s3.unavailable);
    try {
      place = new Workplace({ ...s3.environment, AWS_ENDPOINT_URL: s3.endpoint });
      const store = `s3://${await s3.bucket('percuss-many')}/studies`;
      await serve();
      const workers = [await worker(store), await worker(store)];
      await submit(store);
      expect(await watch(store)).toMatchObject({ state: 'complete', counters: { computed: units, failed: 0 } });
      expect(await report(store)).toEqual(tables);
      await end(workers);
    } finally {
      await s3.stop();
    }
  });

  test('percuss run goes on when its Temporal server is killed', async () => {
    place = new Workplace();
    const run = place.start(['run', place.spec('many', tinySpec('many')), '--json']);
    await until(() => cellFiles(place.path('.percuss')).length > 8, run);
    // The server itself and the shell that watches it have the same words on their command line.
    const server = place.relatives(temporalServer).find(({ command }) => !command.startsWith('/bin/sh'));
    killQuietly(server?.pid ?? 0);
    const ended = await run.ended;
    expect(ended.code, ended.stderr).toBe(0);
    expect(ended.stderr).toContain('is started again');
    const { computed, reused, failed } = answer<RunAnswer>(ended);
    expect([computed + reused, failed]).toEqual([units, 0]);
    expect(tableHashes(place.path('percuss-out/many'))).toEqual(tables);
    expect(await place.deserted()).toEqual([]);
  });

  test('percuss run that is killed leaves no process; the same command computes only the rest', async () => {
    place = new Workplace();
    const spec = place.spec('many', tinySpec('many'));
    const run = place.start(['run', spec, '--json']);
    await until(() => cellFiles(place.path('.percuss')).length > 8, run);
    run.child.kill('SIGKILL');
    await run.ended;
    expect(await place.deserted()).toEqual([]);
    const before = committedUnits(place.path('.percuss')).length;
    const again = await place.run(['run', spec, '--json']);
    expect(again.code, again.stderr).toBe(0);
    expect(answer<RunAnswer>(again)).toMatchObject({ computed: units - before, reused: before, failed: 0 });
    expect(committedUnits(place.path('.percuss'))).toHaveLength(units);
    expect(tableHashes(place.path('percuss-out/many'))).toEqual(tables);
  });
});
