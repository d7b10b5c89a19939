import { describe, expect, test } from 'vitest';
import { product, read, withoutComments } from './sources.js';

/** Dictionaries whose keys and readers are both ours; each with where the keys come from. */
const ours: Readonly<Record<string, string>> = {
  'core/engine/onnxruntime.ts elementBytes': 'types that the engine names',
  'core/engine/tfjs/device-tensor.ts elementBytes': 'types that the engine names',
  'infra/obtain/release.ts releaseBinaries': 'platforms of this process',
};

/**
 * Places that look a name up on an object by the chain of its prototypes, where `constructor` and `toString` are found too:
 * `name in record`, and `record[name]` of a dictionary without `Object.hasOwn` beside it.
 */
function lookups(file: string, text: string): string[] {
  // Words of a text have other words before them, an expression has a bracket, an operator or `return`.
  const expression =
    /(?:[(!]|&& |\|\| |= |\breturn |\? |=> )((?!const |let )[\w.]+(?:\([\w.]*\))? in \w+)(?=\)| &&| \|\|| \?|;|,)/g;
  const tested = [...text.matchAll(expression)].map(([, found = '']) => `${file}: ${found}`);
  const dictionaries = [...text.matchAll(/^(?:export )?const (\w+): (?:Readonly<)?Record<string, /gm)]
    .map(([, name = '']) => name)
    .filter((name) => !(`${file} ${name}` in ours))
    .filter((name) => new RegExp(`\\b${name}\\[`).test(text) && !text.includes(`Object.hasOwn(${name},`))
    .map((name) => `${file}: ${name}[…]`);
  return [...tested, ...dictionaries];
}

describe('foreign names', () => {
  test('are looked up in maps, or on an object by what it owns', () => {
    expect(product.flatMap((file) => lookups(file, withoutComments(read(file))))).toEqual([]);
  });

  test.each([
    ['if (name in table) use(name);', 1],
    ['return cause.type in codes;', 1],
    ['const t: Readonly<Record<string, number>> = {};\nexport const f = (n: string) => t[n];', 1],
    [
      'const t: Readonly<Record<string, number>> = {};\nexport const f = (n: string) => Object.hasOwn(t, n) && t[n];',
      0,
    ],
    ["if ('top' in stop) use(stop);", 0],
    ['for (const name in table) use(name);', 0],
    ['type T = { readonly [K in Kind]: number };', 0],
  ])('%s', (text, count) => {
    expect(lookups('a.ts', text)).toHaveLength(count);
  });
});
