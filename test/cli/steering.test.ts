import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Failure } from '../../cli/exit.js';
import type { Standing } from '../../cli/standing.js';
import { hasSharedData } from '../builders/shared-data.js';
import { answer, cellFiles, onlyKernels, tinySpec, until, Workplace, type Ended } from './percuss.js';

if (!hasSharedData) console.warn('steering is not tested: ../shared/data is absent');

const verbs = ['status', 'watch', 'window', 'priority', 'pause', 'resume', 'cancel'] as const;
type VerbName = (typeof verbs)[number];
const situations = ['all are there', 'no worker', 'no store', 'no Temporal'] as const;
type Situation = (typeof situations)[number];

/** How a verb ends, and what its answer holds; `watch` is stopped by Ctrl-C where the study goes on. */
interface Outcome {
  readonly code: number;
  readonly answer: object;
  /** What people read, on either stream. */
  readonly said?: RegExp;
}

const told = (toldBy: string, worker: boolean, more: object = {}): Outcome => ({
  code: 0,
  answer: { toldBy, worker, ...more },
});
/** Nobody can be asked to do it; how the study stands by the store is said. */
const nobody: Outcome = {
  code: 4,
  answer: { code: 'TEMPORAL_UNREACHABLE' },
  said: /percuss server start[\s\S]*By the store alone, steered is unfinished, .*, \d+ % of its units stored/,
};
const both = 'store and Temporal';
const asked = {
  window: { window: 3 },
  priority: { priority: 2 },
  pause: { paused: true },
  resume: { paused: false },
  cancel: { cancelled: true },
};
const setters = (toldBy: string, worker: boolean): Record<keyof typeof asked, Outcome> => ({
  window: told(toldBy, worker, asked.window),
  priority: told(toldBy, worker, asked.priority),
  pause: told(toldBy, worker, asked.pause),
  resume: told(toldBy, worker, asked.resume),
  cancel: told(toldBy, worker, asked.cancel),
});

const outcomes: Readonly<Record<Situation, Readonly<Record<VerbName, Outcome>>>> = {
  'all are there': {
    ...setters(both, true),
    status: { code: 0, answer: { state: 'running', unknown: [] } },
    watch: { code: 130, answer: {}, said: /steered goes on; look again with: percuss watch steered/ },
  },
  'no worker': {
    ...setters(both, false),
    status: { code: 0, answer: { state: 'waiting', progress: null, unknown: [] } },
    watch: {
      code: 130,
      answer: {},
      said: /no worker listens; start one: [\s\S]*stays submitted and waits for a worker/,
    },
  },
  'no store': {
    ...setters('Temporal', false),
    status: { code: 0, answer: { state: 'waiting', stored: null, unknown: [expect.stringMatching(/absent/)] } },
    watch: { code: 130, answer: {}, said: /told by Temporal alone: [\s\S]*stays submitted and waits for a worker/ },
  },
  'no Temporal': {
    window: nobody,
    priority: nobody,
    pause: nobody,
    resume: nobody,
    cancel: nobody,
    status: {
      code: 0,
      answer: { state: 'unfinished', workers: null, unknown: [expect.stringMatching(/percuss server start/)] },
    },
    watch: {
      code: 130,
      answer: {},
      said: /told by the store alone: [\s\S]*steered was not complete yet; look again with/,
    },
  },
};

describe.skipIf(!hasSharedData || process.platform !== 'linux')('steering a study', { timeout: 300_000 }, () => {
  const place = new Workplace();
  const store = place.path('.percuss');
  const spec = place.spec('steered', onlyKernels(tinySpec('steered', { images: 500 })));
  const apart = new Workplace();
  let lost: Workplace;
  let address = '';
  afterAll(() => {
    place.close();
    apart.close();
    lost?.close();
  });

  const submit = async (): Promise<void> => {
    // One that was just cancelled may still be closing.
    const ended = await place.run(['submit', spec, '--window', '1', '--json']);
    expect(ended.code, ended.stderr).toBe(0);
  };
  beforeAll(async () => {
    const started = await place.run(['server', 'start', '--json']);
    ({ address } = answer<{ address: string }>(started));
    lost = new Workplace({
      TEMPORAL_ADDRESS: address,
      AWS_ENDPOINT_URL: 'http://127.0.0.1:9',
      AWS_ACCESS_KEY_ID: 'nobody',
      AWS_SECRET_ACCESS_KEY: 'nothing',
      AWS_REGION: 'us-east-1',
    });
    await submit();
  }, 300_000);

  /** Where a verb is typed, and what is typed besides. */
  const where = (situation: Situation): readonly [Workplace, readonly string[]] =>
    situation === 'no store'
      ? [lost, ['--store', 's3://absent/x']]
      : situation === 'no Temporal'
        ? [apart, ['--store', `file:${store}`]]
        : [place, []];

  async function ends(verb: VerbName, situation: Situation): Promise<Ended> {
    const [at, more] = where(situation);
    const value = verb === 'window' ? ['3'] : verb === 'priority' ? ['2'] : [];
    const running = at.start([verb, 'steered', ...value, ...more, '--json']);
    if (verb !== 'watch') return running.ended;
    await until(() => (situation === 'all are there' ? /^run: /m : /told by|no worker/).test(running.said()), running);
    running.child.kill('SIGINT');
    return running.ended;
  }

  const tried = new Set<string>();

  async function check(verb: VerbName, situation: Situation): Promise<void> {
    tried.add(`${verb}, ${situation}`);
    const ended = await ends(verb, situation);
    const { code, answer: expected, said } = outcomes[situation][verb];
    const what = `${verb}, ${situation}: ${ended.stdout}${ended.stderr}`;
    expect(ended.code, what).toBe(code);
    if (verb !== 'watch') expect(answer<Failure | Standing>(ended), what).toMatchObject(expected);
    if (said) expect(ended.stdout + ended.stderr, what).toMatch(said);
    expect(ended.stderr, what).not.toMatch(/^\s+at /m);
  }

  test('without a worker everything is asked for, and kept until one comes', async () => {
    for (const verb of verbs.slice(0, -1)) await check(verb, 'no worker');
  });

  test('without the store Temporal is told, and says so', async () => {
    await Promise.all((['status', 'watch', 'window', 'priority'] as const).map((verb) => check(verb, 'no store')));
    for (const verb of ['pause', 'resume', 'cancel'] as const) await check(verb, 'no store');
    // Asked for twice, it is no other.
    await check('cancel', 'no worker');
  });

  test('with all that there is, it is done at once', async () => {
    const worker = place.start(['worker', '--slots', '1']);
    // The worker sees that the study was cancelled; then it is submitted anew.
    await until(() => /working for/.test(worker.said()), worker);
    await place.run(['watch', 'steered']);
    await submit();
    await until(() => cellFiles(store).length > 3, worker);
    for (const verb of verbs) await check(verb, 'all are there');
    worker.child.kill('SIGTERM');
    expect((await worker.ended).code).toBe(0);
  });

  test('without a Temporal the store says how the study stands, and that nobody can be asked', async () => {
    await Promise.all(verbs.map((verb) => check(verb, 'no Temporal')));
    expect((await place.run(['server', 'stop'])).code).toBe(0);
  });

  test('every verb was tried in every situation', () => {
    expect(tried.size).toBe(verbs.length * situations.length);
  });
});
