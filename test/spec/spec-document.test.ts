import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { isKeySection, keyRows } from '../../core/spec/keys-document.js';
import { parseStudySpec } from '../../core/spec/parse.js';
import { withTables } from '../../core/spec/spec-document.js';
import { keys, wordTables } from '../../core/spec/vocabulary.js';
import { study } from './study-file.js';

const document = readFileSync(new URL('../../docs/spec.md', import.meta.url), 'utf8');
const asked = (what: string): string[] =>
  [...document.matchAll(new RegExp(`<!-- ${what}: (.*) -->`, 'g'))].flatMap(([, listed = '']) => listed.split(' '));

describe('docs/spec.md', () => {
  test('has the keys and words of this version (npm run docs writes them)', () => {
    expect(document).toBe(withTables(document));
  });

  test('has a table of every kind of words, once', () => {
    expect(asked('words').toSorted()).toEqual(Object.keys(wordTables).toSorted());
  });

  test('shows what stands in a row, and nothing that stood there before', () => {
    const written = withTables('<!-- words: fill -->\n| `fill` | `half` | half of it |\n<!-- end of words -->');
    expect(written).toContain(`| \`fill\` | \`zero\` | ${wordTables.fill.words.zero.meaning} |`);
    expect(written).not.toContain('half');
    const keysOfRun = withTables('<!-- keys: run -->\n| `halves` | 2 |\n<!-- end of keys -->');
    expect(keysOfRun).toContain('| `batchSeconds` | number above 0 | `10` | ');
    expect(keysOfRun).not.toContain('halves');
  });

  test('asks for keys and words that there are', () => {
    const keysOf = (section: string): string => `<!-- keys: ${section} -->\n<!-- end of keys -->`;
    const wordsOf = (kinds: string): string => `<!-- words: ${kinds} -->\n<!-- end of words -->`;
    expect(() => withTables(keysOf('runs'))).toThrow('docs/spec.md asks for keys of runs, which is no section');
    expect(() => withTables(wordsOf('fill fills'))).toThrow('docs/spec.md asks for words of fills, which are none');
    for (const text of [keysOf('runs'), wordsOf('toString')])
      expect(() => withTables(text)).toThrow(expect.objectContaining({ code: 'BUG' }));
  });

  test('has every key that a spec may have, with its type, what holds without it, and what it means', () => {
    const rows = asked('keys').flatMap((name) => (isKeySection(name) ? keyRows(name) : []));
    const written = new Set(rows.map(({ key }) => key.split('.').at(-1)));
    expect(
      Object.values(keys)
        .flat()
        .filter((key) => !written.has(key)),
    ).toEqual([]);
    expect(rows.filter((row) => Object.values(row).some((cell) => cell === ''))).toEqual([]);
  });
});

describe.each(['analysis', 'run'] as const)('what the document gives as defaults of %s', (section) => {
  test('is what holds where nothing is written', () => {
    const rows = keyRows(section).filter(({ fallback }) => fallback.startsWith('`'));
    expect(rows.length).toBeGreaterThan(5);
    const lines = rows.map(({ key, fallback }) => {
      const [first = '', second] = key.split('.');
      const value = fallback.slice(1, -1);
      return second === undefined ? `${first}: ${value}` : `${first}: { ${second}: ${value} }`;
    });
    const plain = parseStudySpec(study(''), '/studies/study.yaml', () => true);
    for (const line of lines) {
      const said = parseStudySpec(study(`${section}: { ${line} }`), '/studies/study.yaml', () => true);
      expect([line, said.issues, said.spec?.[section]]).toEqual([line, [], plain.spec?.[section]]);
    }
  });
});
