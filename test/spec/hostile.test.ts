import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { PercussError } from '../../core/errors.js';
import { limits } from '../../core/limits.js';
import { formatIssues } from '../../core/spec/issue.js';
import { loadStudySpec } from '../../core/spec/load.js';
import { mistakes, parse, study } from './study-file.js';

describe('a spec that means no good is answered soon:', () => {
  test('aliases of aliases', () => {
    const levels = Array.from({ length: 12 }, (_, i) => `a${i + 1}: &a${i + 1} [${`*a${i}, `.repeat(9)}*a${i}]`);
    expect(mistakes(`a0: &a0 [x, x]\n${levels.join('\n')}`)).toEqual([
      '1:1 with what its aliases repeat the spec has more than 2000000 values (docs/limits.md)',
    ]);
  });

  test.each([100, 20_000])('lists within one another, %i levels', (depth) => {
    const [first, ...others] = mistakes(study(`ablations: ${'['.repeat(depth)}${']'.repeat(depth)}`));
    expect(first).toMatch(/^7:\d+ lists and mappings stand in one another more than 64 levels deep/);
    expect(others.length).toBeLessThan(2);
  });

  test('keys that every object has', () => {
    const inherited = ['__proto__', 'constructor', 'toString', 'hasOwnProperty'];
    const { issues } = parse(study(`ablations:\n  a: { ${inherited.map((key) => `${key}: 1`).join(', ')} }`));
    expect(issues.map(({ message }) => message)).toEqual(inherited.map((key) => `unknown key "${key}"`));
    for (const { hint } of issues) expect(hint).toMatch(/^(known keys: models, |did you mean ")/);
    expect(({} as { a?: unknown }).a).toBeUndefined();
  });

  test('thousands of mistakes in one line', () => {
    const line = Array.from({ length: 10_500 }, (_, i) => `a${i}: { mode: ran }`).join(', ');
    const { issues } = parse(study(`ablations: { ${line} }`));
    expect(issues.length).toBe(limits.specMistakes.value);
    const shown = formatIssues(issues);
    expect(shown.length).toBeLessThan(20_000);
    expect(shown).toMatch(/and 9,980 more/);
    expect(Math.max(...issues.map(({ snippet }) => snippet.length))).toBeLessThanOrEqual(160);
  });

  test.each(['ablations', 'impulses'])('thousands of networks that are not declared, in %s', (section) => {
    const names = Array.from({ length: 10_500 }, (_, i) => `mm${i}`).join(', ');
    const { issues } = parse(study(`${section}:\n  a: { models: [${names}] }`));
    expect(issues.length).toBe(limits.specMistakes.value);
    expect(issues[1]).toMatchObject({ path: `${section}.a.models[1]`, line: 8 });
  });

  test('a directive, by which numbers would be others', () => {
    expect(mistakes(`%YAML 1.1\n---\n${study('run: { workers: 010 }')}`)).toEqual([
      '1:1 the directive %YAML is not read',
    ]);
  });
});

describe('a file that is no spec is refused:', () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(path.join(tmpdir(), 'percuss-hostile-'));
  });
  afterAll(() => rmSync(folder, { recursive: true }));
  const refusal = async (bytes: Uint8Array): Promise<PercussError> => {
    const file = path.join(folder, 'study.yaml');
    writeFileSync(file, bytes);
    return (await loadStudySpec(file).catch((error: unknown) => error)) as PercussError;
  };

  test('a file that is too large, a folder and a pipe', async () => {
    expect(await refusal(new Uint8Array(limits.specFile.value + 1))).toMatchObject({ code: 'LIMIT_EXCEEDED' });
    await expect(loadStudySpec(folder)).rejects.toMatchObject({ code: 'FILE_MISSING' });
    const pipe = path.join(folder, 'pipe');
    execFileSync('mkfifo', [pipe]);
    await expect(loadStudySpec(pipe)).rejects.toMatchObject({ code: 'FILE_MISSING' });
    await expect(loadStudySpec('/dev/zero')).rejects.toMatchObject({ code: 'FILE_MISSING' });
  });

  test('a mark of byte order is no mistake', async () => {
    const error = await refusal(Buffer.from(`\ufeff${study()}`));
    expect(error.issues?.map(({ message }) => message)).toEqual([
      'there is no file test.bin',
      'there is no file net.onnx',
    ]);
  });
});
