import { expect } from 'vitest';
import type * as tables from '../../../core/tables/columns.js';
import type { Addition } from '../addition.js';
import type { Change, TreeCopy } from '../tree-copy.js';

async function expectWorks(copy: TreeCopy): Promise<void> {
  const { columnsOf } = await copy.import<typeof tables>('core/tables/columns.ts');
  expect(columnsOf('layers').map(([name]) => name)).toContain('weights_per_kernel');
  expect(copy.read('docs/tables.md')).toContain(
    '| `weights_per_kernel` | DOUBLE |  | weights | Parameters over kernels. |',
  );
  expect(copy.read('dist/core/study/analysing/rows/model.js')).toContain('weights_per_kernel');
}

const column = (word: string): Change => ({
  file: 'core/tables/columns.ts',
  before: '    whole_image: {\n',
  insert: `    '${word}': number('weights', 'Parameters over kernels.'),\n`,
});
/** Rows that tests write by hand. */
const byHand = (file: string, before: string): Change => ({ file, before, insert: "'weights_per_kernel': 1,\n" });

export const addition: Addition = {
  kind: 'column of a table',
  word: 'weights_per_kernel',
  changes: [
    column('weights_per_kernel'),
    {
      file: 'core/study/analysing/rows/model.ts',
      before: '      whole_image: site?.wholeImage',
      insert: "      'weights_per_kernel': layer.parameters / layer.kernels,\n",
    },
    byHand('test/report/synthetic-tables.ts', '      whole_image: false,'),
  ],
  halves: { filled_by_nobody: [column('filled_by_nobody')] },
  works: expectWorks,
};
