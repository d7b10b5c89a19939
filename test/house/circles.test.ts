import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { product, read, withoutComments } from './sources.js';

/** What a source imports of ours, as a value or as a type. */
function importsOf(file: string, text: string): string[] {
  return [...text.matchAll(/(?:\bfrom|\bimport)\s*\(?\s*'(\.[^']+)\.js'/g)].map(
    ([, target = '']) => `${path.posix.join(path.posix.dirname(file), target)}.ts`,
  );
}

/** Groups of files each of which reaches each other by imports (Tarjan, SIAM Journal on Computing 1, 1972). */
class Circles {
  readonly found: string[][] = [];
  readonly #imports: ReadonlyMap<string, readonly string[]>;
  readonly #order = new Map<string, number>();
  readonly #lowest = new Map<string, number>();
  readonly #open: string[] = [];

  constructor(imports: ReadonlyMap<string, readonly string[]>) {
    this.#imports = imports;
    for (const file of imports.keys()) if (!this.#order.has(file)) this.#visit(file);
  }

  #visit(file: string): void {
    const own = this.#order.size;
    this.#order.set(file, own);
    this.#open.push(file);
    let lowest = own;
    for (const target of this.#imports.get(file) ?? []) {
      if (!this.#imports.has(target)) continue;
      if (!this.#order.has(target)) this.#visit(target);
      if (this.#open.includes(target))
        lowest = Math.min(lowest, this.#lowest.get(target) ?? (this.#order.get(target) as number));
    }
    this.#lowest.set(file, Math.min(lowest, own));
    if (lowest < own) return;
    const circle = this.#open.splice(this.#open.indexOf(file));
    if (circle.length > 1) this.found.push(circle.sort());
  }
}

const circlesIn = (sources: ReadonlyMap<string, string>): string[][] =>
  new Circles(new Map([...sources].map(([file, text]) => [file, importsOf(file, withoutComments(text))]))).found;

describe('circles of imports', () => {
  test('there are none, those of types included', () => {
    expect(circlesIn(new Map(product.map((file) => [file, read(file)])))).toEqual([]);
  });

  test.each([
    ["import { b } from './b.js';", "import type { A } from './a.js';", [['core/a.ts', 'core/b.ts']]],
    ["export { b } from './b.js';", "type A = import('./a.js').A;", [['core/a.ts', 'core/b.ts']]],
    ["import type { B } from './b.js';", "import { c } from './c.js';", []],
  ])('%s and %s', (a, b, circles) => {
    expect(
      circlesIn(
        new Map([
          ['core/a.ts', a],
          ['core/b.ts', b],
        ]),
      ),
    ).toEqual(circles);
  });

  test('of three files are found from any of them', () => {
    const sources = [
      ['core/x.ts', "import './a.js';"],
      ['core/a.ts', "import './b.js';"],
      ['core/b.ts', "import './c.js';"],
      ['core/c.ts', "import type { A } from './a.js';"],
    ] as const;
    for (const order of [sources, sources.toReversed()]) {
      expect(circlesIn(new Map(order))).toEqual([['core/a.ts', 'core/b.ts', 'core/c.ts']]);
    }
  });
});
