import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { files, read } from './sources.js';

const known = new Set(files);
const names = new Set(files.map((file) => path.posix.basename(file)));
const documents = files.filter((file) => file.endsWith('.md'));
const sources = files.filter((file) => /^(?!test\/).*\.(?:ts|mjs)$/.test(file));

/** What is written as an example, made by a command, or kept by a user: no file of the repository. */
const examples = /^(?:\.|~|dist\/|percuss-out\/|tables\/|data\/|images\/|models\/|experiments\/zoo\/data\/)/;

const rooted =
  /(?<![\w./@*{}-])((?:core|cli|infra|workers|workflows|activities|test|bench|docs|experiments)\/[\w./-]+\.(?:ts|mjs|md|py|json|yaml|sh))\b/g;
const linked = /\]\((?!https?:|#)([^)#\s]+)(?:#[^)]*)?\)/g;
const bare = /`([\w-]+\.ts)`/g;

const commentsOf = (source: string): string =>
  [...source.matchAll(/\/\*[\s\S]*?\*\/|(?:^|\s)\/\/ .*$/gm)].map(([comment]) => comment).join('\n');

/** Files that a text names and that do not exist. */
function missing(file: string, text: string): string[] {
  const cited = [...text.matchAll(rooted)].map(([, name = '']) => name).filter((name) => !known.has(name));
  const links = file.endsWith('.md')
    ? [...text.matchAll(linked)]
        .map(([, target = '']) => path.posix.join(path.posix.dirname(file), target))
        .filter(
          (target) => !known.has(target) && !files.some((other) => other.startsWith(`${target.replace(/\/$/, '')}/`)),
        )
    : [];
  const short = [...text.matchAll(bare)].map(([, name = '']) => name).filter((name) => !names.has(name));
  return [...cited, ...links, ...short].filter((name) => !examples.test(name)).map((name) => `${file}: ${name}`);
}

describe('every file that is named exists', () => {
  test('in documents', () => {
    expect(documents.flatMap((file) => missing(file, read(file)))).toEqual([]);
  });

  test('in comments of the product, of experiments and of bench', () => {
    expect(sources.flatMap((file) => missing(file, commentsOf(read(file))))).toEqual([]);
  });

  test('and one that does not is found', () => {
    expect(missing('docs/a.md', 'see `core/plan/gone.ts`, [why](decisions/none.md) and `gone-too.ts`')).toHaveLength(3);
  });
});

/** "… a test holds …" with the tests that it means, in brackets or beside it. */
const claim = /[^.|\n]*\b(?:a test|tests?) (?:holds?|counts?|finds?|compares?|hold)\b/i;

describe('whoever says that a test holds something', () => {
  test.each(documents.filter((file) => claim.test(read(file)) && file !== 'docs/testing.md'))(
    'names the test: %s',
    (file) => {
      // What the design is quoted with stands behind "- Design:".
      const paragraphs = read(file)
        .replace(/^- Design:.*$/gm, '')
        .split(/\n\s*\n/);
      const nameless = paragraphs.filter(
        (text) => claim.test(text) && !/`?test\/[\w./-]+|vitest run test\//.test(text),
      );
      expect(nameless.map((text) => text.slice(0, 120))).toEqual([]);
    },
  );
});
