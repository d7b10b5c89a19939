import path from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { hasSharedData } from '../builders/shared-data.js';
import { startS3Server } from '../s3-server.js';
import { finishedName, finishedSpec, finishedStudy } from './finished-study.js';
import { answer, cellFiles, filesBelow, tableHashes, tinySpec, until, Workplace, type RunAnswer } from './percuss.js';

if (!hasSharedData) console.warn('runs that overlap are not tested: ../shared/data is absent');

const server = await startS3Server();

describe.skipIf(!hasSharedData)('runs that overlap', { timeout: 600_000 }, () => {
  let units = 0;
  let undisturbed: Record<string, string>;
  let place: Workplace;

  beforeAll(async () => {
    const calm = await finishedStudy();
    units = calm.units;
    undisturbed = tableHashes(calm.out);
  }, 600_000);
  afterEach(() => place.close());
  if (!('unavailable' in server)) afterAll(() => server.stop());

  /** Runs at once on one store: of one study twice, and of another that has the same cells. */
  const runAtOnce = async (store: string): Promise<readonly RunAnswer[]> => {
    const spec = place.spec('finished', finishedSpec());
    const other = place.spec('other', tinySpec('other'));
    const begin = (file: string, out: string): ReturnType<Workplace['start']> =>
      place.start(['run', file, '--in-process', '--store', store, '--out', place.path(out), '--json']);
    const runs = [begin(spec, 'a'), begin(spec, 'b'), begin(other, 'c')];
    const ended = await Promise.all(runs.map((run) => run.ended));
    expect(ended.map(({ code }) => code)).toEqual([0, 0, 0]);
    for (const out of ['a', 'b']) expect(tableHashes(place.path(out))).toEqual(undisturbed);
    return ended.map((one) => answer<RunAnswer>(one));
  };
  const computedTwice = (runs: readonly RunAnswer[]): number =>
    runs.reduce((sum, { computed }) => sum + computed, 0) - units;

  test('share a folder: at most a twentieth is computed twice, tables are byte-identical, no claim is left', async () => {
    place = new Workplace();
    const store = place.path('store');
    const runs = await runAtOnce(`file:${store}`);
    console.log(`computed ${runs.map(({ computed }) => computed).join(' + ')} of ${units}`);
    expect(computedTwice(runs)).toBeGreaterThanOrEqual(0);
    expect(computedTwice(runs)).toBeLessThanOrEqual(units / 20);
    expect(filesBelow(path.join(store, 'claims'))).toEqual([]);
  });

  test.skipIf('unavailable' in server)('share a bucket', async () => {
    if ('unavailable' in server) return;
    place = new Workplace(server.environment);
    await server.bucket('two-runs');
    const runs = await runAtOnce(`s3://two-runs/here?endpoint=${encodeURIComponent(server.endpoint)}`);
    console.log(`computed ${runs.map(({ computed }) => computed).join(' + ')} of ${units}`);
    expect(computedTwice(runs)).toBeLessThanOrEqual(units / 20);
  });

  test('do not wait for one that was killed on this machine', async () => {
    place = new Workplace();
    const spec = place.spec('finished', finishedSpec());
    const args = ['run', spec, '--in-process', '--json'];
    const first = place.start(args);
    await until(() => cellFiles(place.path('.percuss')).length > 8, first);
    first.child.kill('SIGKILL');
    await first.ended;
    await place.deserted();
    const { computed, reused } = answer<RunAnswer>(await place.run(args));
    expect(computed).toBeGreaterThan(0);
    expect(computed + reused).toBe(units);
    expect(tableHashes(place.path('percuss-out', finishedName))).toEqual(undisturbed);
  });
});
