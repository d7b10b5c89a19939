import { readFileSync } from 'node:fs';
import { expect } from 'vitest';
import type { SignatureSet } from '../../../core/analysis/signature.js';
import type { SiteMatrix } from '../../../core/analysis/site-matrix.js';
import { noiseRows, planted, stream } from '../../analysis/planted.js';
import type { Addition } from '../addition.js';
import { changesOf } from '../diff.js';
import type { TreeCopy } from '../tree-copy.js';

async function expectWorks(copy: TreeCopy): Promise<void> {
  const { similarityMeasure } = await copy.import<{
    similarityMeasure: (name: string) => {
      readonly matrix: (set: SignatureSet, options: { readonly seed: number }) => SiteMatrix;
    };
  }>('core/analysis/similarity.ts');
  const random = stream('addition');
  const { values } = similarityMeasure('rv').matrix(planted([noiseRows(random, 8), noiseRows(random, 8)]), {
    seed: 1,
  });
  expect(Math.abs(values[0]?.[1] as number)).toBeLessThan(0.05);
  const { columnsOf } = await copy.import<{
    columnsOf: (table: string) => readonly (readonly [string, { readonly nullable: boolean }])[];
  }>('core/tables/columns.ts');
  expect(
    columnsOf('similarity')
      .map(([name]) => name)
      .filter((name) => name.startsWith('rv')),
  ).toEqual(['rv', 'rv_null', 'rv_null_sd', 'rv_excess', 'rv_p', 'rv_p_adjusted', 'rv_discovered']);
  expect(copy.read('docs/tables.md')).toContain('| `rv_excess` | DOUBLE | yes | RV | rv less rv_null. |');
  expect(copy.read('docs/measures.md')).toContain('| RV | `rv`, `rv_null`, `rv_excess` |');
}

/** The example of CONTRIBUTING.md, of which its row and its file are taken here as they stand. */
const example = changesOf(
  readFileSync(new URL('../../../docs/examples/adding-a-measure.diff', import.meta.url), 'utf8'),
);

const halfRow = `  'half-measure': {
    symbol: 'half',
    what: 'Half of a measure.',
    excess: 'half-measure',
  },
`;

export const addition: Addition = {
  kind: 'similarity measure',
  word: 'rv_excess',
  changes: example,
  halves: {
    'half-measure': [
      {
        file: 'core/analysis/similarity.ts',
        before: '} as const satisfies Readonly<Record<string, SimilarityMeasure>>;',
        insert: halfRow,
      },
    ],
  },
  works: expectWorks,
};
