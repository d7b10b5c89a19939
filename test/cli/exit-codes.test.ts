import { spawn } from 'node:child_process';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, describe, expect, test } from 'vitest';
import {
  answer,
  committedUnits,
  computeChild,
  killQuietly,
  main,
  onlyKernels,
  tinySpec,
  Workplace,
} from './percuss.js';
import type { Failure } from '../../cli/exit.js';
import type { Ended, RunAnswer } from './percuss.js';
import { hasSharedData } from '../builders/shared-data.js';

if (!hasSharedData) console.warn('exit codes of runs are not tested: ../shared/data is absent');

/** A handful of units. */
const fewSpec = (study: string, run = tinyRun): string =>
  onlyKernels(tinySpec(study, { run }))
    .replace(/^ {2}top: .*\n/m, '')
    .replace(/kernels: \{.*\}/, 'layers: { unit: layer, mode: each }');
const tinyRun = '{ batchSeconds: 0.01, workers: 2 }';

const place = new Workplace();
afterAll(() => place.close());

/** A mistake of the user's is told in a few lines, without a stack trace. */
function expectPlain(ended: Ended, code: number, saying: RegExp): void {
  expect(ended.code, ended.stdout + ended.stderr).toBe(code);
  expect(ended.stderr).toMatch(saying);
  expect(ended.stderr).not.toMatch(/^\s+at /m);
  expect(ended.stdout).toBe('');
}

describe('2: the user can mend it', { timeout: 300_000 }, () => {
  // Without --json; what else can be mistaken is in mistakes.test.ts.
  test.each<[string, string[], RegExp]>([
    ['an unknown verb', ['rnu', 'study.yaml'], /unknown command 'rnu'.*\n.*run/],
    ['an unknown option', ['run', '--wrokers', '2', 'study.yaml'], /unknown option '--wrokers'.*\n.*--workers/],
    ['a network that is not there', ['inspect', 'absent.onnx'], /absent\.onnx/],
  ])('%s', async (_, args, saying) => {
    expectPlain(await place.run(args), 2, saying);
  });

  const narrow = path.resolve(import.meta.dirname, '../../experiments/zoo/narrow/model.json');
  test.skipIf(process.platform !== 'linux').each([
    ['a full disk behind standard output', 'inspect "$1" > /dev/full', 2, /no space is left/],
    ['a full disk behind standard output, asked for JSON', 'inspect "$1" --json > /dev/full', 2, /no space is left/],
    ['a full disk behind standard error', 'inspect absent.onnx 2> /dev/full', 2, /^$/],
    ['a reader that leaves early is none', 'inspect "$1" --json | head -c 1; test ${PIPESTATUS[0]} = 0', 0, /^$/],
  ])('%s', async (_, line, code, saying) => {
    const shell = spawn('/bin/bash', ['-c', `node "$0" ${line}`, main, narrow], {
      cwd: place.folder,
      env: place.environment(),
    });
    let said = '';
    shell.stderr.on('data', (part: Buffer) => (said += part.toString()));
    const ended = await new Promise((resolve) => shell.once('close', resolve));
    expect([ended, said]).toEqual([code, expect.stringMatching(saying)]);
  });

  test('every mistake of a spec at once, each with its place', async () => {
    const text = tinySpec('wrong')
      .replace('trials: 2', 'trails: 2')
      .replace('order: kl', 'order: best')
      .replace('seed: 7', 'seed: x');
    const ended = await place.run(['run', place.spec('wrong', text), '--in-process']);
    expectPlain(ended, 2, /trials/);
    expect(ended.stderr.match(/wrong\.yaml:\d+:\d+/g)?.length).toBeGreaterThanOrEqual(3);
  });

  test('a message longer than a pipe holds is written out, on both streams', async () => {
    const wrong = Array.from({ length: 900 }, (_, i) => `  ablation-with-a-long-name-${i}: { unit: colonel }`);
    const spec = place.spec('long', `version: 1\nstudy: long\nablations:\n${wrong.join('\n')}\n`);
    const ended = await place.run(['validate', spec, '--json']);
    const { issues } = answer<Failure & { issues: { line: number; message: string }[] }>(ended);
    expect(issues.length).toBeGreaterThan(900);
    expect(ended.stdout.length).toBeGreaterThan(100_000);
    expect(issues.some(({ line }) => line === 903)).toBe(true);
    const name = `--${'x'.repeat(100_000)}`;
    const long = await place.run(['validate', spec, name]);
    expect(long.code).toBe(2);
    expect(long.stderr).toMatch(/unknown option/);
    expect(long.stderr.split(name)[1]?.trimEnd()).toBe("'");
  });

  test.skipIf(!hasSharedData)(
    'a network that misses its expected accuracy: nothing is ablated, in process and by Temporal',
    async () => {
      const spec = place.spec('missed', tinySpec('missed', { divide: 1 }));
      const ways = [['--in-process'], []].map((options) => {
        const store = place.path(`missed-${options.length}`);
        return { store, running: place.run(['run', spec, '--store', store, ...options]) };
      });
      for (const { store, running } of ways) {
        const ended = await running;
        expect(ended.code, ended.stderr).toBe(2);
        expect(ended.stderr).toMatch(/models\.tutorial: the intact network is right on .*\n.*Nothing was ablated/);
        expect(ended.stderr).not.toMatch(/^\s+at /m);
        // The baseline and the profile.
        expect(committedUnits(store)).toHaveLength(2);
      }
    },
  );
});

describe('4: Temporal or the store is out of reach', { timeout: 300_000 }, () => {
  const nowhere = '127.0.0.1:9';

  test('a worker whose Temporal does not answer', async () => {
    const lonely = new Workplace({ TEMPORAL_ADDRESS: nowhere });
    expectPlain(await lonely.run(['worker']), 4, new RegExp(`no Temporal answers at ${nowhere}`));
    lonely.close();
  });

  test('a bucket that does not answer', async () => {
    const lonely = new Workplace({
      AWS_ENDPOINT_URL: `http://${nowhere}`,
      AWS_ACCESS_KEY_ID: 'nobody',
      AWS_SECRET_ACCESS_KEY: 'nothing',
      AWS_REGION: 'us-east-1',
    });
    expectPlain(await lonely.run(['list', '--store', 's3://absent/x']), 4, /absent/);
    lonely.close();
  });
});

describe.skipIf(!hasSharedData || process.platform !== 'linux')(
  '3: the study ended with failed cells',
  { timeout: 600_000 },
  () => {
    /** Runs a study whose compute processes are killed as they appear. */
    const hounded = async (args: readonly string[]): Promise<Ended> => {
      const run = place.start(args);
      let over = false;
      void run.ended.then(() => (over = true));
      for (; !over; await sleep(30)) for (const { pid } of place.relatives(computeChild)) killQuietly(pid);
      return run.ended;
    };

    test('when no process could compute them; the same command tries them again', async () => {
      const args = [
        'run',
        place.spec('hounded', fewSpec('hounded')),
        '--in-process',
        '--store',
        place.path('hounded'),
        '--json',
      ];
      const ended = await hounded(args);
      expect(ended.code, ended.stderr).toBe(3);
      const { computed, failed } = answer<RunAnswer>(ended);
      expect(computed).toBe(0);
      expect(failed).toBeGreaterThan(3);
      const again = await place.run(args);
      expect(again.code, again.stderr).toBe(0);
      expect(answer<RunAnswer>(again)).toMatchObject({ computed: failed, reused: 0, failed: 0 });
    });

    test('at the first one where the spec says stop', async () => {
      const spec = place.spec('stopped', fewSpec('stopped', '{ onFailure: stop, workers: 1 }'));
      const ended = await hounded(['run', spec, '--in-process', '--store', place.path('stopped'), '--json']);
      expect([ended.code, answer<Failure>(ended)]).toMatchObject([3, { code: 'ENGINE_FAILED', exit: 3 }]);
      expect(ended.stderr).toMatch(/onFailure: stop/);
    });
  },
);
