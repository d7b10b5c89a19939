import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { wordTables } from '../../core/spec/vocabulary.js';
import { withWords } from '../../core/spec/words-document.js';

const document = readFileSync(new URL('../../docs/spec.md', import.meta.url), 'utf8');

describe('docs/spec.md', () => {
  test('has the words of this version (npm run docs writes them)', () => {
    expect(document).toBe(withWords(document));
  });

  test('has a table of every kind of words, once', () => {
    const kinds = [...document.matchAll(/<!-- words: (.*) -->/g)].flatMap(([, listed = '']) => listed.split(' '));
    expect(kinds.toSorted()).toEqual(Object.keys(wordTables).toSorted());
  });

  test('shows what stands in a row, and nothing that stood there before', () => {
    const written = withWords('<!-- words: fill -->\n| `fill` | `half` | half of it |\n<!-- end of words -->');
    expect(written).toContain(`| \`fill\` | \`zero\` | ${wordTables.fill.words.zero.meaning} |`);
    expect(written).not.toContain('half');
  });
});
