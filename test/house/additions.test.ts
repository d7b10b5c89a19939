import { readdirSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Addition } from './addition.js';
import { product, read } from './sources.js';
import { sourcesOf, TreeCopy } from './tree-copy.js';

const folder = new URL('additions/', import.meta.url);
const additions: readonly Addition[] = await Promise.all(
  readdirSync(folder)
    .sort()
    .map(async (file) => {
      const { addition } = (await import(new URL(file, folder).href)) as { readonly addition: Addition };
      return addition;
    }),
);

/** The copy with every word in it, and what its compiler says. */
const whole = new TreeCopy();
let mistakes: readonly string[];
/** A copy with halves of words, which doesn't compile. */
const half = new TreeCopy();
let refusals: readonly string[];

beforeAll(async () => {
  for (const { changes, halves } of additions) {
    for (const change of changes) whole.apply(change);
    for (const change of Object.values(halves).flat()) half.apply(change);
  }
  mistakes = await whole.compile('tsconfig.json');
  if (mistakes.length === 0) await whole.run('infra/write-documents.mjs');
  refusals = await half.compile('tsconfig.build.json');
});
afterAll(() => {
  whole.remove();
  half.remove();
});

test('a tree with one more word of every kind compiles', () => {
  expect(mistakes, mistakes.join('\n')).toEqual([]);
});

describe.each(additions.map((addition) => [addition.kind, addition] as const))('one more %s', (_, addition) => {
  const { word, changes, works } = addition;
  const halves = Object.keys(addition.halves);

  test('is a word that is not there', () => {
    const all = [word, ...halves];
    expect(product.filter((file) => all.some((one) => read(file).includes(`'${one}'`)))).toEqual([]);
  });

  const { most, because } = { most: 2, because: '', ...addition.files };

  test(`touches at most ${most} files of source${because && `, since ${because}`}`, () => {
    expect(sourcesOf(changes).length).toBeLessThanOrEqual(most);
  });

  test('works', async () => {
    await works(whole);
  });

  test('is refused by the compiler where it is added by halves', () => {
    expect(halves).not.toEqual([]);
    expect(halves.filter((part) => !refusals.some((line) => line.includes(part)))).toEqual([]);
  });
});
