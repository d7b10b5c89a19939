import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { exitCodeOf } from '../../cli/exit.js';
import { errorCodes, PercussError, type ErrorCode } from '../../core/errors.js';

const document = readFileSync(new URL('../../docs/errors.md', import.meta.url), 'utf8');

/** Rows of the table of codes: | `CODE` | kind | exit | when | what to do | */
const rows = [...document.matchAll(/^\| `([A-Z_]+)` \| (\w+) \| (\d+) \| (.+?) \| (.+?) \|$/gm)].map((row) => ({
  code: row[1] ?? '',
  kind: row[2] ?? '',
  exit: Number(row[3]),
  when: row[4] ?? '',
  advice: row[5] ?? '',
}));

describe('docs/errors.md', () => {
  test('lists every code with its kind, in the order of the code', () => {
    expect(rows.map(({ code, kind }) => [code, kind])).toEqual(Object.entries(errorCodes));
  });

  test('states the exit code that the command line ends with', () => {
    const actual = Object.keys(errorCodes).map((code) => exitCodeOf(new PercussError(code as ErrorCode, 'x')));
    expect(rows.map(({ exit }) => exit)).toEqual(actual);
  });

  test('says of each code when it is raised and what to do', () => {
    const silent = rows.filter(({ when, advice }) => when.length < 20 || advice.length < 15);
    expect(silent.map(({ code }) => code)).toEqual([]);
  });
});
