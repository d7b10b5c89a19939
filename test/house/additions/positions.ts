import { expect } from 'vitest';
import type * as planned from '../../../core/plan/impulses.js';
import type { Addition } from '../addition.js';
import { expectRead } from '../new-word.js';
import type { TreeCopy } from '../tree-copy.js';

const row = (word: string) => `  ${word}: { meaning: 'the first row and column' },\n`;
const spec = { file: 'core/spec/words/positions.ts', before: '  phases: {\n' };
const plan = {
  file: 'core/plan/positions.ts',
  before: '  phases: (context) => phases(',
  insert: '  corner: () => () => [[[0, 0]]],\n',
};

async function expectWorks(copy: TreeCopy): Promise<void> {
  const { spec: read, anatomy, document } = await expectRead(copy, 'impulses: { i: { positions: corner } }');
  const { impulseGroupsOf } = await copy.import<typeof planned>('core/plan/impulses.ts');
  const context = { seed: 7, anatomy, image: [3, 8, 8], variants: ['intact'] as const };
  const groups = impulseGroupsOf(read.impulses[0] as (typeof read.impulses)[number], context);
  expect(groups[0]?.positions).toEqual([[0, 0]]);
  expect(document).toContain('| `corner` | the first row and column |');
}

export const addition: Addition = {
  kind: 'word for positions',
  word: 'corner',
  changes: [{ ...spec, insert: row('corner') }, plan],
  halves: { rim: [{ ...spec, insert: row('rim') }] },
  works: expectWorks,
};
