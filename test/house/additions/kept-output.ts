import { expect } from 'vitest';
import type { Addition } from '../addition.js';
import { expectRead } from '../new-word.js';
import type { TreeCopy } from '../tree-copy.js';

const row = (word: string, outputs: string) => `  ${word}: { meaning: 'all of it', outputs: ${outputs} },\n`;
const table = { file: 'core/spec/words/kept-outputs.ts', before: '  logits: {' };

async function expectWorks(copy: TreeCopy): Promise<void> {
  const keeps = (word: string) => expectRead(copy, `ablations: { a: { keep: ${word} } }`);
  const bytes = async (word: string) => (await keeps(word)).counts.find(({ name }) => name === 'a')?.bytes;
  expect(await bytes('everything')).toBe(await bytes('logits'));
  expect((await keeps('everything')).document).toContain('| `everything` | all of it |');
}

export const addition: Addition = {
  kind: 'word for what is kept of outputs',
  word: 'everything',
  changes: [{ ...table, insert: row('everything', 'true') }],
  halves: {
    nihil: [{ file: table.file, after: 'export type KeptOutput = keyof typeof keptOutputs', insert: " | 'nihil'" }],
  },
  works: expectWorks,
};
