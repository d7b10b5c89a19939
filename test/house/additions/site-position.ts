import { expect } from 'vitest';
import type { Addition } from '../addition.js';
import { expectRead } from '../new-word.js';
import type { TreeCopy } from '../tree-copy.js';

const row = (word: string, passable: string) =>
  `  ${word}: { meaning: 'behind its bias and scale', passable: new Set<Role>([${passable}]), wanted: undefined },\n`;
const table = { file: 'core/anatomy/site-position.ts', before: '  norm: {\n' };

async function expectWorks(copy: TreeCopy): Promise<void> {
  const { spec: read, document } = await expectRead(copy, '', { model: ', after: biased' });
  expect(read.models[0]?.after).toBe('biased');
  expect(document).toContain('| `biased` | behind its bias and scale |');
  const help = await copy.run('dist/cli/main.js', 'inspect', '--help');
  expect(help.replace(/\s+/g, ' ')).toContain('conv, biased, norm or activation');
}

export const addition: Addition = {
  kind: 'word for after',
  word: 'biased',
  changes: [{ ...table, insert: row('biased', "'bias', 'scale'") }],
  halves: {
    rescaled: [
      { file: table.file, after: 'export type SitePosition = keyof typeof sitePositions', insert: " | 'rescaled'" },
    ],
  },
  works: expectWorks,
};
