import { execFile } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { percussVersion } from '../../core/study/version.js';
import { writeImages } from '../../experiments/zoo/images.js';
import { declarationOf, exampleOf, exportedNames } from '../../infra/api-document.js';

const root = fileURLToPath(new URL('../..', import.meta.url));
const read = (file: string): string => readFileSync(path.join(root, file), 'utf8');
const scratch = path.join(root, '.tmp/examples-of-tests');
const run = promisify(execFile);

const exported = exportedNames(read('index.ts')).map(({ name, file }) => ({
  name,
  ...declarationOf(read(`dist/${file}.d.ts`), name),
}));
const functions = exported.filter(({ code }) => code.startsWith('function'));

/** What each program printed. They run in one process, from the root of the project, where the library is found under its own name. */
async function outputs(programs: readonly string[]): Promise<Record<string, { printed: string; thrown?: string }>> {
  const runner = fileURLToPath(new URL('fixtures/run-programs.mjs', import.meta.url));
  const { stdout } = await run(process.execPath, [runner, ...programs], { cwd: root });
  return JSON.parse(stdout) as Record<string, { printed: string; thrown?: string }>;
}

beforeAll(() => {
  writeImages();
  rmSync(scratch, { recursive: true, force: true });
  rmSync(path.join(root, '.tmp/example'), { recursive: true, force: true });
  mkdirSync(scratch, { recursive: true });
});
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

describe('the public surface', () => {
  test('is these names', () => {
    expect(exported.map(({ name }) => name)).toMatchSnapshot();
  });

  test('has a comment for every function, with an example', () => {
    expect(functions.filter(({ comment }) => comment === '').map(({ name }) => name)).toEqual([]);
    expect(functions.filter(({ comment }) => exampleOf(comment) === undefined).map(({ name }) => name)).toEqual([]);
  });
});

test('the version that results carry is the package’s, and the one to cite', () => {
  const { version } = JSON.parse(read('package.json')) as { version: string };
  expect(percussVersion).toBe(version);
  expect(/^version: (.+)$/m.exec(read('CITATION.cff'))?.[1]).toBe(version);
});

describe('a declaration', () => {
  test('ends where it ends, whatever it holds', () => {
    const text = `/** Of it. */
export declare function f(a: { b: string; }, c: (d: number) => void): Promise<Map<string, number>>;
export type T = { a: 1; } | Array<() => void>;
export interface I {
    a: { b: string };
}
export declare class C {
    #private;
    m(): void;
}`;
    expect(declarationOf(text, 'f')).toEqual({
      comment: 'Of it.',
      code: 'function f(a: { b: string; }, c: (d: number) => void): Promise<Map<string, number>>;',
    });
    expect(declarationOf(text, 'T').code).toBe('type T = { a: 1; } | Array<() => void>;');
    expect(declarationOf(text, 'I').code).toBe('interface I {\n    a: { b: string };\n}');
    expect(declarationOf(text, 'C').code).toBe('class C {\n    m(): void;\n}');
    expect(() => declarationOf(text, 'g')).toThrow('no declaration of g');
  });
});

describe('examples run and say something', () => {
  // runStudy leaves what queryTables and openStore then read, so they run in this order.
  const order = ['runStudy', 'queryTables', 'openStore'];
  const rank = (name: string): number => order.indexOf(name);
  const inOrder = [...functions].sort((a, b) => rank(a.name) - rank(b.name));
  const ofFunction = (name: string): string => path.join(scratch, `${name}.mjs`);
  const whole = ['study-in-code', 'reading-results', 'custom-measure'];
  const ofWhole = (name: string): string => path.join(root, 'examples', `${name}.mjs`);
  const gini = path.join(scratch, 'gini.mjs');
  let said: Awaited<ReturnType<typeof outputs>>;

  beforeAll(async () => {
    for (const { name, comment } of inOrder) writeFileSync(ofFunction(name), exampleOf(comment) ?? '');
    const values = '[[1, 1, 1], [0, 0, 1], [1, 2, 3, 4], [5]]';
    writeFileSync(
      gini,
      `import { gini } from '../../examples/gini.mjs';\nconsole.log(JSON.stringify(${values}.map(gini)));\n`,
    );
    said = await outputs([...inOrder.map(({ name }) => ofFunction(name)), ...whole.map(ofWhole), gini]);
  }, 240_000);

  test.each(inOrder.map(({ name }) => name))('of %s', (name) => {
    expect(said[ofFunction(name)]).toEqual({ printed: expect.stringMatching(/./) });
  });

  test.each(whole)('examples/%s.mjs', (name) => {
    const { printed, thrown } = said[ofWhole(name)] ?? {};
    expect(thrown).toBeUndefined();
    expect(printed).toMatch(/stage2\.1/);
    expect(printed).not.toMatch(/NaN|undefined|null/);
  });

  test('the Gini coefficient of the example is that of its source', () => {
    // All alike: 0. One has all: 1. 1, 2, 3, 4: mean difference 5/3 over twice the mean 2.5.
    expect(JSON.parse(said[gini]?.printed ?? '')).toEqual([0, 1, expect.closeTo(1 / 3, 12), null]);
  });
});
