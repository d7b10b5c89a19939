import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { product, read, withoutComments } from './sources.js';

/** What is there for later: each with the reason. Nothing else in the product is used by tests alone. */
const waiting: Readonly<Record<string, string>> = {
  'core/analysis/damage.ts damageByClass': 'damage by class is an issue to come',
  'workers/compute-batch.ts createHandler': 'loaded by URL in a compute process (workers/compute-child.ts)',
};

interface Source {
  readonly file: string;
  readonly text: string;
}

const declaration =
  /^export (?:declare )?(?:abstract )?(?:async )?(?:type|interface|function\*?|const|class|enum) (\w+)/gm;
const fromClause = /\b(?:import|export)\s+(?:type\s+)?(\{[^}]*\}|\*(?:\s+as\s+\w+)?|\w+)\s*from\s*'(\.[^']+)'/g;
const dynamicImport = /\bimport\('(\.[^']+)'\)/g;

/** The source that a relative specifier names; scripts name built code. */
function targetOf(file: string, specifier: string): string {
  const joined = path.posix.join(path.posix.dirname(file), specifier).replace(/^dist\//, '');
  return joined.replace(/\.js$/, '.ts');
}

/** Exports, as `file name`, that nothing in `sources` uses: not the other files, and not the own one behind the export. */
function unused(sources: readonly Source[]): string[] {
  const wanted = new Set<string>();
  const whole = new Map<string, string[]>();
  for (const { file, text } of sources) {
    for (const [, names = '', specifier = ''] of text.matchAll(fromClause)) {
      const target = targetOf(file, specifier);
      if (!names.startsWith('{')) whole.set(target, [...(whole.get(target) ?? []), text]);
      for (const name of names.slice(1, -1).split(',')) {
        wanted.add(
          `${target} ${name
            .trim()
            .replace(/^type /, '')
            .replace(/ as .*/, '')}`,
        );
      }
    }
    for (const [, specifier = ''] of text.matchAll(dynamicImport)) {
      const target = targetOf(file, specifier);
      whole.set(target, [...(whole.get(target) ?? []), text]);
    }
  }
  return sources.flatMap(({ file, text }) =>
    [...text.matchAll(declaration)].flatMap(([, name = '']) => {
      const word = new RegExp(`\\b${name}\\b`, 'g');
      const used =
        wanted.has(`${file} ${name}`) ||
        (text.match(word) ?? []).length > 1 ||
        (whole.get(file) ?? []).some((importer) => word.test(importer));
      return used ? [] : [`${file} ${name}`];
    }),
  );
}

const sources = product.map((file): Source => ({ file, text: withoutComments(read(file)) }));

describe('what the product exports', () => {
  test('is used by the product: nothing is there for tests alone', () => {
    expect(unused(sources).sort()).toEqual(Object.keys(waiting).sort());
  });

  test.each([
    ['a function', 'export function planted(): number {\n  return 1;\n}\n'],
    ['a constant', 'export const planted = 1;\n'],
    ['a type', 'export interface planted {\n  readonly a: number;\n}\n'],
  ])('%s that nobody uses is found', (_, text) => {
    expect(unused([...sources, { file: 'core/analysis/planted.ts', text }])).toContain(
      'core/analysis/planted.ts planted',
    );
    const user = { file: 'core/study/user.ts', text: "import { planted } from '../analysis/planted.js';\n" };
    expect(unused([...sources, { file: 'core/analysis/planted.ts', text }, user]).join()).not.toContain('planted');
  });
});
