import { expect } from 'vitest';
import type { Addition } from '../addition.js';
import { expectRead } from '../new-word.js';
import type { TreeCopy } from '../tree-copy.js';

const row = (word: string, stops: string) => `  ${word}: { meaning: 'as stop, in other words', stops: ${stops} },\n`;
const table = { file: 'core/on-failure.ts', before: '  stop: {' };

async function expectWorks(copy: TreeCopy): Promise<void> {
  const { spec: read, document } = await expectRead(copy, 'run: { onFailure: halt }');
  expect(read.run.onFailure).toBe('halt');
  expect(document).toContain('| `halt` | as stop, in other words |');
}

export const addition: Addition = {
  kind: 'word for onFailure',
  word: 'halt',
  changes: [{ ...table, insert: row('halt', 'true') }],
  halves: {
    ponder: [{ file: table.file, after: 'export type OnFailure = keyof typeof onFailures', insert: " | 'ponder'" }],
  },
  works: expectWorks,
};
