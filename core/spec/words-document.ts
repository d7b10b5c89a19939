import { PercussError } from '../errors.js';
import { wordsOf, type Word } from '../word-table.js';
import { wordTables, type WordKind } from './vocabulary.js';

const part = /(<!-- words: ([\w ]+) -->\n)[\s\S]*?(<!-- end of words -->)/g;

const isKind = (name: string): name is WordKind => Object.hasOwn(wordTables, name);

function rowsOf(kind: WordKind): string[] {
  const { key, words } = wordTables[kind];
  const rows: Readonly<Record<string, Word>> = words;
  return wordsOf(rows).map((word, i) => `| ${i === 0 ? `\`${key}\`` : ''} | \`${word}\` | ${rows[word]?.meaning} |`);
}

/**
 * A document with its tables of words written anew: what stands between `<!-- words: KIND … -->` and `<!-- end of words -->`.
 * @throws PercussError BUG where a kind is none of `wordTables`.
 */
export function withWords(markdown: string): string {
  return markdown.replace(part, (_, begin: string, kinds: string, end: string) => {
    const rows = kinds.split(' ').flatMap((kind) => {
      if (!isKind(kind)) throw new PercussError('BUG', `docs/spec.md asks for words of ${kind}, which are none`);
      return rowsOf(kind);
    });
    return `${begin}\n| key | word | meaning |\n|---|---|---|\n${rows.join('\n')}\n\n${end}`;
  });
}
