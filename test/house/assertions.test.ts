import { describe, expect, test } from 'vitest';
import { files, read, withoutComments } from './sources.js';

/** What tests share: files below `test/` that hold no tests of their own. */
const shared = files.filter((file) => /^test\/.*\.m?ts$/.test(file) && !/\.(?:test|soak|device)\.ts$/.test(file));

/** The declarations of a file with their text: a formatted one begins at the edge, and so does the next. */
function declarations(source: string): { readonly name: string; readonly text: string }[] {
  return withoutComments(source)
    .split(/\n(?=(?:export |async |function |const |class )+)/)
    .flatMap((text) => {
      const name = /^(?:export )?(?:async )?(?:function|const|class) (\w+)/.exec(text)?.[1];
      return name === undefined ? [] : [{ name, text }];
    });
}

/** Names of what asserts, itself or by what is called so, and neither says so in its name nor holds the tests in which it does. */
const silent = (source: string): string[] =>
  declarations(source)
    .filter(({ text }) => /\bexpect\w*(?:\.\w+)?\(/.test(text.slice(text.indexOf('=') + 1 || 0)))
    .filter(({ name, text }) => !/^(?:expect|check)/i.test(name) && !/\b(?:test|it|claim)(?:\.\w+)*\(/.test(text))
    .map(({ name }) => name);

describe('what asserts on behalf of tests says so', () => {
  test('in the name of the function, or by tests of its own', () => {
    expect(shared.length).toBeGreaterThan(30);
    expect(shared.flatMap((file) => silent(read(file)).map((name) => `${file}: ${name}`))).toEqual([]);
  });

  test('which is seen, in functions and in constants, alone and through another', () => {
    const source = `import { expect, test } from 'vitest';
export function quiet(x: number): void {
  expect(x).toBe(1);
}
export const hidden = (x: number): void => expectOne(x);
const one = 1;
export async function expectOne(x: number): Promise<void> {
  await expect(x).resolves.toBe(one);
}
export function contract(): void {
  test('one is one', () => expect(1).toBe(1));
}
export const fine = (x: number): number => x + 1;`;
    expect(silent(source)).toEqual(['quiet', 'hidden']);
  });
});
