import { cpSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { tableNames } from '../../core/tables/columns.js';
import type { Standing } from '../../cli/standing.js';
import type { Failure } from '../../cli/exit.js';
import { finishedName, finishedSpec, finishedStudy } from './finished-study.js';
import { answer, tableHashes, Workplace } from './percuss.js';
import { hasSharedData, sharedData } from '../builders/shared-data.js';

if (!hasSharedData) console.warn('verbs are not tested on a study: ../shared/data is absent');

describe.skipIf(!hasSharedData)('verbs about a finished study', { timeout: 300_000 }, () => {
  const place = new Workplace();
  const out = place.path('percuss-out', finishedName);
  let spec: string;

  beforeAll(async () => {
    spec = place.spec(finishedName, finishedSpec());
    cpSync((await finishedStudy()).store, place.path('.percuss'), { recursive: true });
    const run = await place.run(['run', spec, '--in-process']);
    expect(run.code, run.stderr).toBe(0);
    expect(run.stdout).toMatch(/^finished: everything is stored, nothing was computed\n/);
  }, 600_000);
  afterAll(() => place.close());

  /** The answer with --json, of a verb that succeeds. */
  const json = async <T>(...args: string[]): Promise<T> => {
    const ended = await place.run([...args, '--json']);
    expect(ended.code, ended.stderr).toBe(0);
    return answer<T>(ended);
  };

  test('run says where the report is, and what was written is there', () => {
    for (const name of ['report.html', 'study.json', 'tables/models.parquet'])
      expect(existsSync(path.join(out, name))).toBe(true);
    expect(JSON.parse(readFileSync(path.join(out, 'study.json'), 'utf8'))).toMatchObject({
      study: finishedName,
      coverage: { failed: 0 },
    });
  });

  test('list shows it, report writes the same tables elsewhere', async () => {
    expect(await json('list')).toMatchObject([{ study: finishedName, reported: true, state: 'complete' }]);
    expect((await place.run(['list'])).stdout).toMatch(/reported +finished/);
    const { folder, files } = await json<{ folder: string; files: string[] }>(
      'report',
      finishedName,
      '--out',
      'elsewhere',
    );
    expect([folder, files.length]).toEqual(['elsewhere', tableNames.length + 2]);
    expect(tableHashes(place.path('elsewhere'))).toEqual(tableHashes(out));
  });

  test('prune writes a smaller network with what was removed, for programs and for people, and never over a file unasked', async () => {
    interface Pruned {
      readonly removed: readonly { readonly layer: string; readonly channel: number }[];
      readonly layers: readonly { readonly removed: number }[];
      readonly after: { readonly kernels: number; readonly bytes: number };
    }
    const asked = ['prune', finishedName, '--kernels', '0.8', '--out', 'small.onnx'];
    const { removed, layers, after } = await json<Pruned>(...asked);
    expect(removed.length).toBeGreaterThan(0);
    expect(layers.reduce((sum, layer) => sum + layer.removed, 0)).toBe(removed.length);
    const file = readFileSync(place.path('small.onnx'));
    expect(file.length).toBe(after.bytes);
    expect(JSON.parse(readFileSync(place.path('small.onnx.json'), 'utf8'))).toMatchObject({
      removed,
      after: { kernels: after.kernels },
    });
    expect(readFileSync(place.path('small.onnx.html'), 'utf8')).toContain(
      `of ${after.kernels + removed.length} kernels`,
    );
    const again = await place.run(asked);
    expect([again.code, again.stderr]).toEqual([2, expect.stringMatching(/small\.onnx exists already/)]);
    expect((await place.run([...asked, '--force'])).stdout).toContain(`${removed.length} of `);
    expect(readFileSync(place.path('small.onnx')).equals(file)).toBe(true);
  });

  test('query answers in text, CSV and JSON, from the store and from a folder, and explains a mistake', async () => {
    const sql = 'SELECT model, images FROM models';
    expect(await json('query', finishedName, sql)).toEqual(await json('query', out, sql));
    expect((await place.run(['query', finishedName, sql, '--csv'])).stdout).toBe('model,images\r\ntutorial,60\r\n');
    expect((await place.run(['query', finishedName, sql])).stdout).toMatch(/^model +images\n/);
    // More than a pipe takes at once.
    expect(await json('query', out, 'SELECT range AS n FROM range(20000)')).toHaveLength(20_000);
    const wrong = await place.run(['query', finishedName, 'SELECT nothing FROM models']);
    expect([wrong.code, wrong.stdout]).toEqual([2, '']);
    expect(wrong.stderr).toMatch(/nothing/);
    expect(wrong.stderr).not.toMatch(/^\s+at /m);
  });

  test('plan sees that all is stored, baseline that what is expected is met, validate that the spec is right', async () => {
    const plan = await json<{ units: number; stored: number }>('plan', spec);
    expect(plan.units).toBeGreaterThan(100);
    expect(plan.stored).toBeGreaterThan(100);
    expect(await json('baseline', spec)).toMatchObject([{ model: 'tutorial', images: 60, met: true }]);
    expect(await json('validate', spec)).toMatchObject({ name: finishedName, models: ['tutorial'] });
  });

  test('preview predicts what is known to be removed, runs a few of it, and what it leaves can be queried', async () => {
    const asked = ['preview', spec, '--out', 'previewed'] as const;
    const first = await json<{ checks: unknown; leftOut: string[]; seconds: object }>(...asked);
    expect(first.checks).toMatchObject([{ model: 'tutorial', lesions: 24, images: 60 }]);
    expect(first.leftOut).toEqual([]);
    const again = await json<{ checks: unknown; seconds: object }>(...asked);
    expect(again).toMatchObject({ checks: first.checks, seconds: {} });
    expect((await place.run([...asked])).stdout).toMatch(
      /^tutorial: \d+ conditions predicted \(made before\); 24 of them/,
    );
    const rows = await json<{ n: number }[]>(
      'query',
      'previewed',
      'SELECT count(*) AS n FROM preview WHERE predicted_kl >= 0',
    );
    expect(rows[0]?.n).toBeGreaterThan(100);
    // The study ran before its preview was made: whoever asks for its tables has the preview among them, and is told.
    expect(await json('query', finishedName, 'SELECT count(*) AS n FROM preview')).toEqual(
      await json('query', 'previewed', 'SELECT count(*) AS n FROM preview'),
    );
    expect(await json('report', finishedName, '--out', 'previewed')).toMatchObject({ previewedSince: true });
    expect(
      (await json<{ n: number }[]>('query', 'previewed', 'SELECT count(*) AS n FROM preview'))[0]?.n,
    ).toBeGreaterThan(100);
    expect((await place.run(['report', finishedName])).stdout).toMatch(/the report is older than the preview/);
  });

  test('inspect answers, and init writes a spec once', async () => {
    expect(await json('inspect', path.join(sharedData, 'models/cifar10_mstutorial.onnx'))).toBeTypeOf('object');
    expect(await json('init', 'mine.yaml')).toEqual({ file: 'mine.yaml' });
    expect((await place.run(['validate', 'mine.yaml'])).code).toBe(2);
    writeFileSync(place.path('mine.yaml'), 'kept');
    expect((await place.run(['init', 'mine.yaml'])).code).toBe(2);
    expect(readFileSync(place.path('mine.yaml'), 'utf8')).toBe('kept');
    expect(await json('server', 'status')).toBeNull();
  });

  test('status says what the store knows, and that there is no Temporal to ask; pause, cancel and resume need one, and say so too', async () => {
    const status = await json<Standing>('status', finishedName);
    expect(status).toMatchObject({ name: finishedName, state: 'complete', percent: 100, failed: 0, workers: null });
    expect(status.stored).toBe(status.total);
    expect(status.unknown).toEqual([expect.stringMatching(/percuss server start/)]);
    expect((await place.run(['status', finishedName])).stdout).toMatch(
      /^finished \([0-9a-f]{12}\): complete\n {2}100 % \(\d+ of \d+ units\)\n/,
    );
    for (const verb of ['pause', 'cancel', 'resume']) {
      const ended = await place.run([verb, finishedName, '--json']);
      expect([verb, ended.code, answer<Failure>(ended).code]).toEqual([verb, 4, 'TEMPORAL_UNREACHABLE']);
      expect(ended.stderr).toMatch(/percuss server start/);
    }
    expect(await json('watch', finishedName)).toMatchObject({ state: 'complete', toldBy: 'store' });
  });

  test('an option stands before or after its verb, and help ends with 0', async () => {
    const store = place.path('.percuss');
    expect(answer(await place.run(['--json', '--store', store, 'list'], '/'))).toEqual(await json('list'));
    expect(answer(await place.run(['list', '--json', '--store', store], '/'))).toEqual(await json('list'));
    const help = await place.run(['run', '--help']);
    expect([help.code, help.stdout.includes('--in-process')]).toEqual([0, true]);
  });
});
