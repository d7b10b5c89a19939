import { mkdirSync, writeFileSync } from 'node:fs';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { sha256 } from '../../core/digest.js';
import { fileStore } from '../../core/store/file-store.js';
import { plant } from '../ledger/hostile-store.js';
import { Workplace } from './percuss.js';

/** What a terminal, or its reader, may be led astray by: all controls but tab and line feed, and what is not to be seen. */
const unseen = /(?![\t\n])[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u;
const evil = '\u001b[31mRED\u001b]0;pwned\u0007\u009b2J\u202e\u2028\r\u0000';

describe('foreign text is shown, not sent', { timeout: 120_000 }, () => {
  const place = new Workplace();
  const id = sha256('study');
  const inside = (name: string): string => path.join(place.folder, name);

  beforeAll(async () => {
    const spec = readFileSync(new URL('fixtures/ansi.yaml', import.meta.url), 'utf8');
    writeFileSync(inside('ansi.yaml'), spec);
    writeFileSync(inside('plain.yaml'), spec.split('\n').slice(0, 4).join('\n'));
    const quoted = JSON.stringify(evil);
    writeFileSync(
      inside('names.yaml'),
      `version: 1\nstudy: ${quoted}\n${quoted}: 1\nmodels: {${quoted}: {file: ${quoted}, ${quoted}: 2}}\n`,
    );
    writeFileSync(inside('evil.onnx'), evil);
    mkdirSync(inside('store/roots'), { recursive: true });
    await plant(fileStore(inside('store')), `roots/${id}.json`, { id, study: evil, created: evil });
  });
  afterAll(() => place.close());

  const verbs: readonly (readonly string[])[] = [
    ['validate', 'ansi.yaml'],
    ['validate', 'plain.yaml'],
    ['validate', 'names.yaml'],
    ['validate', 'names.yaml', '--json'],
    ['plan', 'names.yaml'],
    ['run', 'names.yaml', '--in-process'],
    ['inspect', 'evil.onnx'],
    ['list', '--store', 'file:store'],
    ['list', '--store', 'file:store', '--json'],
    ['report', evil.slice(0, 4), '--store', 'file:store'],
    ['query', evil.slice(0, 4), 'SELECT 1', '--store', 'file:store'],
    ['validate', `${evil.slice(0, 4)}.yaml`],
    [`${evil.slice(0, 4)}`],
    ['list', '--store', `${evil.slice(0, 4)}://x`],
    ['list', `--${evil.slice(0, 4)}`],
  ];
  test.each(verbs.map((args) => [args] as const))('%j', async (args) => {
    const { code, stdout, stderr } = await place.run(args);
    expect(stdout.match(unseen)?.[0]).toBeUndefined();
    expect(stderr.match(unseen)?.[0]).toBeUndefined();
    expect(stderr).not.toMatch(/\n\s+at /);
    expect([0, 2], stderr).toContain(code);
    expect((stdout + stderr).length).toBeGreaterThan(0);
  });

  test('what is shown says what it was', async () => {
    const { stderr } = await place.run(['validate', 'names.yaml']);
    expect(stderr).toMatch(/\\x1b\[31mRED\\x1b\]0;pwned\\x07/);
  });
});
