import { PercussError } from '../errors.js';
import { wordsOf, type Word } from '../word-table.js';
import { isKeySection, keyRows } from './keys-document.js';
import { wordTables, type WordKind } from './vocabulary.js';

const wordsPart = /(<!-- words: ([\w ]+) -->\n)[\s\S]*?(<!-- end of words -->)/g;
const keysPart = /(<!-- keys: (\w+) -->\n)[\s\S]*?(<!-- end of keys -->)/g;

const isKind = (name: string): name is WordKind => Object.hasOwn(wordTables, name);

const line = (cells: readonly string[]): string =>
  `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
const table = (heads: readonly string[], rows: readonly (readonly string[])[]): string =>
  [line(heads), `|${'---|'.repeat(heads.length)}`, ...rows.map(line)].join('\n');

function wordRows(kind: WordKind): string[][] {
  const { key, words } = wordTables[kind];
  const rows: Readonly<Record<string, Word>> = words;
  return wordsOf(rows).map((word, i) => [i === 0 ? `\`${key}\`` : '', `\`${word}\``, rows[word]?.meaning ?? '']);
}

/**
 * A document with its tables of keys and of words written anew: what stands between `<!-- keys: SECTION -->` and
 * `<!-- end of keys -->`, and between `<!-- words: KIND … -->` and `<!-- end of words -->`.
 * @throws PercussError BUG where a section or a kind of words is none.
 */
export function withTables(markdown: string): string {
  return markdown
    .replace(keysPart, (_, begin: string, section: string, end: string) => {
      if (!isKeySection(section))
        throw new PercussError('BUG', `docs/spec.md asks for keys of ${section}, which is no section`);
      const rows = keyRows(section).map(({ key, type, fallback, meaning }) => [`\`${key}\``, type, fallback, meaning]);
      return `${begin}\n${table(['key', 'type', 'default', 'meaning'], rows)}\n\n${end}`;
    })
    .replace(wordsPart, (_, begin: string, kinds: string, end: string) => {
      const rows = kinds.split(' ').flatMap((kind) => {
        if (!isKind(kind)) throw new PercussError('BUG', `docs/spec.md asks for words of ${kind}, which are none`);
        return wordRows(kind);
      });
      return `${begin}\n${table(['key', 'word', 'meaning'], rows)}\n\n${end}`;
    });
}
