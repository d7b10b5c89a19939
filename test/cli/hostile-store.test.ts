import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { findIdentity } from '../../cli/find-identity.js';
import { sha256 } from '../../core/digest.js';
import { fileStore } from '../../core/store/file-store.js';
import { storeIdentity } from '../../core/store/identity.js';
import { percussVersion } from '../../core/study/version.js';
import { otherJson, plant } from '../ledger/hostile-store.js';
import { filesBelow, Workplace } from './percuss.js';

/** A store as somebody may hand it on who wishes its readers ill. */
describe('a hostile store', { timeout: 120_000 }, () => {
  const place = new Workplace();
  const store = fileStore(place.path('work/.percuss'));
  const ids = Array.from({ length: otherJson.length + 4 }, (_, i) => sha256(`study ${i}`)).sort();
  const [good = '', upwards = '', tables = '', elsewhere = '', ...others] = ids;
  const created = '2026-11-30T08:00:00.000Z';
  const put = async (key: string, text: string) => {
    await store.putIfAbsent(key, Buffer.from(text));
    return { key, sha256: sha256(text) };
  };
  const outputsOf = async (id: string, more: object) => {
    const report = await put(`studies/${id}/report-${sha256('<p>')}.html`, '<p>');
    const outputs = { report, summary: report, tables: { models: report }, ...more };
    await plant(store, `studies/${id}/latest/000000001.json`, {
      state: 'complete',
      percuss: percussVersion,
      failed: 0,
      outputs,
    });
    return report;
  };
  const run = (...args: string[]) => place.run(args, place.path('work'));

  beforeAll(async () => {
    mkdirSync(place.path('work'));
    await plant(store, `roots/${good}.json`, { id: good, study: 'good', created });
    await outputsOf(good, {});
    await plant(store, `roots/${upwards}.json`, { id: upwards, study: '../x', created });
    await outputsOf(upwards, {});
    await plant(store, `roots/${tables}.json`, { id: tables, study: 'tables', created });
    const ref = await outputsOf(elsewhere, {});
    await outputsOf(tables, { tables: { '../../x': ref, models: ref } });
    await plant(store, `roots/${elsewhere}.json`, { id: good, study: 'elsewhere', created });
    for (const [i, [, text]] of otherJson.entries()) await plant(store, `roots/${others[i] ?? ''}.json`, null, text);
    await put('store.json', '{"format":"percuss-store","id":"01');
  });
  afterAll(() => place.close());

  test('is listed without its false records, each told, though store.json is truncated', async () => {
    const { code, stdout, stderr } = await run('list', '--json');
    expect(code, stderr).toBe(0);
    expect((JSON.parse(stdout) as { study: string }[]).map(({ study }) => study).sort()).toEqual(['good', 'tables']);
    expect(stderr.match(/set aside roots\//g)).toHaveLength(otherJson.length + 2);
  });

  test('writes no report but in the folder asked for', async () => {
    for (const study of [upwards, '../x', 'tables', elsewhere]) {
      const { code, stderr } = await run('report', study, '--out', 'out');
      expect(code, stderr).toBe(2);
      expect(stderr).not.toMatch(/\n\s+at /);
      const asked = await run('query', study, 'SELECT 1');
      expect(asked.code, asked.stderr).toBe(2);
      expect(asked.stderr).not.toMatch(/\n\s+at /);
    }
    const { code, stderr } = await run('report', 'good', '--out', 'out');
    expect(code, stderr).toBe(0);
    expect(readdirSync(place.path('work', 'out')).sort()).toEqual(['report.html', 'study.json', 'tables']);
    const outside = filesBelow(place.folder).filter(
      (file) => !/^(work\/(out|\.percuss)|state|config)/.test(path.relative(place.folder, file)),
    );
    expect(outside).toEqual([]);
  });

  test('is mended by the doctor who is asked to', async () => {
    await expect(findIdentity(store, false, () => undefined)).rejects.toThrow(/truncated.*--mend-store/);
    const mended = await run('doctor', '--mend-store');
    expect(mended.stdout).toMatch(/ok {2}store: .*old id was lost.*submit/);
    expect((await storeIdentity(store)).length).toBe(32);
  });

  test('of which nothing is there is not created by those who look', async () => {
    await run('list', '--store', 'file:none');
    expect(existsSync(place.path('work/none'))).toBe(false);
    writeFileSync(place.path('work/a-file'), 'x');
    const { code, stderr } = await run('list', '--store', 'file:a-file');
    expect(code, stderr).toBe(2);
    expect(readFileSync(place.path('work/a-file'), 'utf8')).toBe('x');
  });
});
