import { expect } from 'vitest';
import type { Addition } from '../addition.js';
import { expectRead } from '../new-word.js';
import type { TreeCopy } from '../tree-copy.js';

const row = (word: string, maps: string) => `  ${word}: { meaning: 'all of it', maps: ${maps} },\n`;
const table = { file: 'core/spec/words/kept-responses.ts', before: '  signatures: {' };

async function expectWorks(copy: TreeCopy): Promise<void> {
  const keeps = (word: string) => expectRead(copy, `impulses: { i: { keep: ${word} } }`);
  const bytes = async (word: string) => (await keeps(word)).counts.find(({ name }) => name === 'i')?.bytes;
  expect(await bytes('everything')).toBe(await bytes('responses'));
  expect((await keeps('everything')).document).toContain('| `everything` | all of it |');
}

export const addition: Addition = {
  kind: 'word for what is kept of responses',
  word: 'everything',
  changes: [{ ...table, insert: row('everything', 'true') }],
  halves: {
    nihil: [{ file: table.file, after: 'export type KeptResponse = keyof typeof keptResponses', insert: " | 'nihil'" }],
  },
  works: expectWorks,
};
