import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { answer, cellFiles, committedUnits, onlyKernels, tableHashes, tinySpec, until, Workplace } from './percuss.js';
import type { Failure } from '../../cli/exit.js';
import type { Standing } from '../../cli/standing.js';
import type { Ended, Running } from './percuss.js';
import { hasSharedData } from '../builders/shared-data.js';

if (!hasSharedData) console.warn('verbs are not tested against a server: ../shared/data is absent');

interface Server {
  readonly pid: number;
  readonly address: string;
  readonly ui: string;
}

/** Each test goes on where the one before ended: one server, one worker, as a person at a desk has them. */
describe.skipIf(!hasSharedData || process.platform !== 'linux')(
  'verbs about studies that a running Temporal has',
  { timeout: 300_000 },
  () => {
    const place = new Workplace();
    const store = place.path('.percuss');
    /** Single kernels only: enough batches to stop among, little to analyse. */
    const spec = place.spec('served', onlyKernels(tinySpec('served', { images: 500 })));
    let server: Server;
    let worker: Running;
    afterAll(() => place.close());

    const json = async <T>(...args: string[]): Promise<T> => {
      const ended = await place.run([...args, '--json']);
      expect(ended.code, `${args.join(' ')}: ${ended.stderr}`).toBe(0);
      return answer<T>(ended);
    };
    const says = async (...args: string[]): Promise<string> => {
      const ended = await place.run(args);
      expect(ended.code, `${args.join(' ')}: ${ended.stderr}`).toBe(0);
      return ended.stdout;
    };
    const committed = (): number => cellFiles(store).length;
    const unharmed = (ended: Ended): void => expect(ended.stderr).not.toMatch(/^\s+at /m);

    beforeAll(async () => {
      server = await json<Server>('server', 'start');
    }, 300_000);

    test('server: one that runs is found by status, and not started twice', async () => {
      expect(await json('server', 'status')).toEqual(server);
      expect((await json<Server>('server', 'start')).pid).toBe(server.pid);
    });

    test('submit, without workers: says so and how to start some; report knows that there is no result yet', async () => {
      const said = await says('submit', spec, '--window', '1');
      expect(said).toMatch(/submitted served as [0-9a-f]{12}/);
      expect(said).toContain('no worker listens yet; start some: percuss worker --engine ');
      expect(said).toContain(` --store file:${store}\n`);
      const report = await place.run(['report', 'served']);
      expect([report.code, report.stdout]).toEqual([2, '']);
      expect(report.stderr).toContain('has no report');
    });

    test('without a worker, status, pause, watch and cancel say that none listens, and what was asked for is kept', async () => {
      const waiting = await json<Standing>('status', 'served');
      expect(waiting).toMatchObject({ state: 'waiting', workers: { control: 0, evaluate: 0 }, progress: null });
      expect(waiting.percent).toBeLessThan(100);
      expect(await says('list')).toMatch(/no worker +served/);
      expect(await says('pause', 'served')).toMatch(/is paused; [\s\S]*no worker listens; start one: percuss worker/);
      expect(await json('status', 'served')).toMatchObject({ state: 'paused', progress: null });
      expect(await says('resume', 'served')).toContain('served goes on as soon as a worker comes');
      expect(await json('status', 'served')).toMatchObject({ state: 'waiting' });
      const again = await says('submit', spec, '--window', '1');
      expect(again).toMatch(/served runs already as/);
    });

    test('a store that is out of reach, a namespace and an address that are wrong: told as what they are', async () => {
      const lost = new Workplace({
        TEMPORAL_ADDRESS: server.address,
        AWS_ENDPOINT_URL: 'http://127.0.0.1:9',
        AWS_ACCESS_KEY_ID: 'nobody',
        AWS_SECRET_ACCESS_KEY: 'nothing',
        AWS_REGION: 'us-east-1',
      });
      const lostStore = ['--store', 's3://absent/x', '--json'];
      const [status, list] = [lost.run(['status', 'served', ...lostStore]), lost.run(['list', ...lostStore])];
      const wrongs = (
        [
          [{ TEMPORAL_NAMESPACE: 'nowhere' }, 2, 'NOT_FOUND', /has no namespace nowhere: create it/],
          [{ TEMPORAL_ADDRESS: new URL(server.ui).host }, 4, 'TEMPORAL_UNREACHABLE', /check the address/],
          [{ TEMPORAL_TLS: 'true' }, 4, 'TEMPORAL_UNREACHABLE', /TLS/],
        ] as const
      ).map(([environment, exit, code, names]) => {
        const wrong = new Workplace({ TEMPORAL_ADDRESS: server.address, ...environment });
        const all = [['pause', 'served'], ['watch', 'served'], ['submit', spec], ['worker']];
        // The others wait for some seconds, in the same way.
        const verbs = all.slice(0, code === 'NOT_FOUND' ? 4 : 1);
        const ends = verbs.map((args) => wrong.run([...args, '--store', `file:${store}`, '--json']));
        return { wrong, exit, code, names, ends };
      });
      expect(answer<Standing>(await status)).toMatchObject({ name: 'served', state: 'waiting', stored: null });
      expect(answer<Standing>(await status).unknown.join()).toMatch(/absent/);
      expect(answer(await list)).toMatchObject([{ study: 'served', reported: null, state: 'waiting' }]);
      expect((await list).stderr).toMatch(/told by Temporal alone/);
      lost.close();
      for (const { wrong, exit, code, names, ends } of wrongs) {
        for (const ended of await Promise.all(ends)) {
          expect([ended.code, answer<Failure>(ended).code], ended.stderr).toEqual([exit, code]);
          expect(ended.stderr).toMatch(names);
          unharmed(ended);
        }
        wrong.close();
      }
    });

    test('worker: takes up what was submitted; status tells how far it is, pause stops it, resume goes on', async () => {
      worker = place.start(['worker', '--slots', '1']);
      await until(() => committed() > 3, worker);
      expect(await says('pause', 'served')).toContain('go on with: percuss resume served');
      const still = ({ progress }: Standing): boolean =>
        progress?.paused === true && (progress.current?.inFlight ?? 0) === 0;
      for (let looks = 0; !still(await json<Standing>('status', 'served')); looks++) expect(looks).toBeLessThan(20);
      expect(await says('status', 'served')).toMatch(
        /^served \([0-9a-f]{12}\): paused\n {2}\d+ % \(\d+ of \d+ units known so far\); \d+ computed, \d+ reused\n[\s\S]*percuss resume served\n$/,
      );
      expect(await says('list')).toMatch(/paused +served {2}\d+ %, \d+ computed/);
      expect(await says('pause', 'served')).toContain('was paused already');
      const before = committed();
      await sleep(1500);
      expect(committed()).toBe(before);
      expect(await says('resume', 'served')).toContain('served goes on');
      await until(() => committed() > before, worker);
    });

    test('cancel: ends it and keeps what is committed; the same submit goes on; Ctrl-C stops watching, not the study', async () => {
      expect(await says('cancel', 'served')).toContain('what is committed stays');
      const watched = await place.run(['watch', 'served']);
      expect([watched.code, watched.stdout]).toEqual([130, '']);
      expect(watched.stderr).toContain('the study was cancelled; the same command goes on where it stopped');
      unharmed(watched);
      const before = committedUnits(store).length;
      expect(await json('submit', spec)).toMatchObject({ workers: 1 });
      const watching = place.start(['watch', 'served']);
      await until(() => /^run: /m.test(watching.said()), watching);
      watching.child.kill('SIGINT');
      const left = await watching.ended;
      expect(left.code, left.stderr).toBe(130);
      expect(left.stdout).toContain('served goes on; look again with: percuss watch served');
      unharmed(left);
      const [end] = (await says('watch', 'served')).trim().split('\n').slice(-2);
      const [, computed, stored] =
        /served: complete; (\d+) cells computed, (\d+) stored before, 0 failed/.exec(end ?? '') ?? [];
      expect(Number(stored)).toBeGreaterThanOrEqual(before);
      expect(committedUnits(store)).toHaveLength(Number(computed) + Number(stored));
    });

    test('submit, once more: nothing is computed; list and report have it', async () => {
      await json('submit', spec);
      expect(await json('watch', 'served')).toMatchObject({ state: 'complete', counters: { computed: 0, failed: 0 } });
      const listed = await json<{ study: string; reported: boolean }[]>('list');
      expect(listed).toMatchObject([{ study: 'served', reported: true }]);
      const { files } = await json<{ files: string[] }>('report', 'served');
      expect(Object.keys(tableHashes(place.path('percuss-out/served')))).toHaveLength(files.length - 2);
    });

    test('pause and status of a study that ended say so', async () => {
      for (const verb of ['pause', 'cancel', 'resume']) {
        const ended = await place.run([verb, 'served']);
        expect([ended.code, ended.stdout]).toEqual([2, '']);
        expect(ended.stderr).toMatch(/can't be (paused|cancelled|resumed): it has ended \(completed\)/);
        unharmed(ended);
      }
      expect(await json('status', 'served')).toMatchObject({ state: 'complete', percent: 100, computed: 0 });
    });

    test('worker ends cleanly when it is asked to, the server too, and nothing is left', async () => {
      worker.child.kill('SIGTERM');
      expect((await worker.ended).code).toBe(0);
      expect(await says('server', 'stop')).toContain('its history is kept');
      expect(await json('server', 'status')).toBeNull();
      expect(await place.deserted()).toEqual([]);
    });
  },
);
