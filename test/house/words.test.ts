import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { root } from './sources.js';

/** A new word of a closed set, planted beside an old one, and the files that must not compile until they know it. */
const planted: readonly (readonly [
  what: string,
  file: string,
  was: string,
  becomes: string,
  word: string,
  needed: readonly string[],
])[] = [
  [
    'unit of amplitudes',
    'core/plan/impulses.ts',
    "unit: 'input'",
    "unit: 'range' | 'input'",
    'range',
    ['core/probe/response-batch.ts'],
  ],
  [
    'kind of unit',
    'core/plan/stage.ts',
    "'profile' |",
    "'jacobian' | 'profile' |",
    'jacobian',
    ['core/plan/outline.ts', 'core/plan/stage.ts', 'core/study/running/batch.ts', 'core/study/planning/unit-bytes.ts'],
  ],
  [
    'device',
    'core/numeric-mode.ts',
    "      js: 'comes",
    "      npu: 'planted',\n      js: 'comes",
    'npu',
    ['core/engine/tfjs/backend.ts', 'core/numeric-mode.ts'],
  ],
];

let scratch: string;
/** Files with an error, by the word whose name the error holds; those whose error names no word under ''. */
const errors = new Map<string, Set<string>>();

beforeAll(() => {
  scratch = mkdtempSync(path.join(tmpdir(), 'percuss-words-'));
  cpSync(path.join(root, 'core'), path.join(scratch, 'core'), { recursive: true });
  cpSync(path.join(root, 'tsconfig.json'), path.join(scratch, 'tsconfig.json'));
  writeFileSync(path.join(scratch, 'package.json'), '{ "type": "module" }\n');
  symlinkSync(path.join(root, 'node_modules'), path.join(scratch, 'node_modules'));
  for (const [what, name, was, becomes] of planted) {
    const file = path.join(scratch, name);
    const source = readFileSync(file, 'utf8');
    if (!source.includes(was)) throw new Error(`${name} has no ${was}: where are the words for a ${what} now?`);
    writeFileSync(file, source.replace(was, becomes));
  }
  const compiler = path.join(root, 'node_modules/typescript/bin/tsc');
  const { stdout } = spawnSync(process.execPath, [compiler, '--noEmit', '--pretty', 'false', '-p', '.'], {
    cwd: scratch,
    encoding: 'utf8',
    maxBuffer: 2 ** 26,
  });
  for (const [, file = '', message = ''] of stdout.matchAll(/^(\S+?)\(\d+,\d+\): error (.*(?:\n .*)*)/gm)) {
    const words = planted
      .map(([, , , , word]) => word)
      .filter((word) => message.includes(`'${word}'`) || message.includes(`"${word}"`));
    for (const word of words.length > 0 ? words : ['']) errors.set(word, (errors.get(word) ?? new Set()).add(file));
  }
});
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

describe('a new word does not compile until every place that branches on it knows it', () => {
  test.each(planted)('%s', (_what, _file, _was, _becomes, word, needed) => {
    // An exhaustive switch, or a list of words, complains without naming the word.
    const complaining = new Set([...(errors.get(word) ?? []), ...(errors.get('') ?? [])]);
    expect(needed.filter((file) => !complaining.has(file))).toEqual([]);
  });
});
