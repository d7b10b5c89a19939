import { expect } from 'vitest';
import type { Addition } from '../addition.js';
import { expectRead } from '../new-word.js';
import type { TreeCopy } from '../tree-copy.js';

const row = (word: string, shareOf: string) =>
  `  '${word}': { meaning: 'a share of all, from one layer', from: 'layer', shareOf: '${shareOf}' },\n`;
const table = { file: 'core/spec/words/spreads.ts', before: "  'all-depths': {" };

async function expectWorks(copy: TreeCopy): Promise<void> {
  const { conditions, document } = await expectRead(
    copy,
    'ablations: { a: { mode: random, spread: one-deep, fractions: 0.25, trials: 6 } }',
  );
  expect(conditions.length).toBe(6);
  for (const { targets, spread } of conditions) {
    expect([spread, targets.length, new Set(targets.map(({ group }) => group)).size]).toEqual(['one-deep', 3, 1]);
  }
  expect(document).toContain('| `one-deep` | a share of all, from one layer |');
}

export const addition: Addition = {
  kind: 'spread',
  word: 'one-deep',
  changes: [{ ...table, insert: row('one-deep', 'selection') }],
  halves: { 'two-deep': [{ ...table, insert: row('two-deep', 'two-deep') }] },
  works: expectWorks,
};
