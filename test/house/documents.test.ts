import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { exitCodeOf } from '../../cli/exit.js';
import { errorCodes, type ErrorCode } from '../../core/error-codes.js';
import { similarityMeasures } from '../../core/analysis/similarity.js';
import { PercussError } from '../../core/errors.js';
import { read, root } from './sources.js';

interface Document {
  readonly file: string;
  readonly parts?: Readonly<Record<string, () => string>>;
}
const { documents, made } = (await import(new URL('../../infra/documents.mjs', import.meta.url).href)) as {
  readonly documents: readonly Document[];
  readonly made: (document: Document) => Promise<string>;
};

describe('made from code, and not stale (npm run docs writes it):', () => {
  test.each(documents.map((document) => [document.file, document] as const))('%s', async (file, document) => {
    expect(await made(document)).toBe(read(file));
  });

  test('a page without the place of its part is told, not passed over', async () => {
    const lost = { file: 'README.md', parts: { lost: () => '' } };
    await expect(made(lost)).rejects.toThrow('README.md has no place');
  });
});

describe('error codes', () => {
  const rows = Object.entries(errorCodes);

  test('say when they are raised and what to do', () => {
    const silent = rows.filter(([, { when, advice }]) => when.length < 20 || advice.length < 15);
    expect(silent.map(([code]) => code)).toEqual([]);
  });

  test('end the command with an exit code that docs/errors.md explains', () => {
    const explained = [...read('docs/errors.md').matchAll(/^\| (\d+) \| /gm)].map(([, code]) => Number(code));
    const actual = rows.map(([code]) => exitCodeOf(new PercussError(code as ErrorCode, 'x')));
    expect(new Set(actual)).toEqual(new Set(explained.filter((code) => code !== 0)));
  });
});

test('measures between sites name the file that computes them', () => {
  const files = Object.values(similarityMeasures).map(({ file }) => file);
  expect(files.filter((file) => !existsSync(path.join(root, file)) || !read(file).includes('SiteMatrix'))).toEqual([]);
});

test('the example of a new measure still applies, with one file and one row of source', () => {
  const diff = 'docs/examples/adding-a-measure.diff';
  const apply = (...options: string[]) =>
    execFileSync('git', ['apply', ...options, diff], { cwd: root, encoding: 'utf8' });
  expect(apply('--check')).toBe('');
  const changed = apply('--numstat')
    .trim()
    .split('\n')
    .map((line) => line.split('\t')[2]);
  expect(changed.sort()).toEqual([
    'core/analysis/modified-rv.ts',
    'core/analysis/similarity.ts',
    'test/analysis/modified-rv.test.ts',
  ]);
});
