import { expect } from 'vitest';
import type { Addition } from '../addition.js';
import { expectRead } from '../new-word.js';
import type { TreeCopy } from '../tree-copy.js';

const row = (word: string) =>
  `  ${word}: { meaning: 'every other target, together', removes: (unit) => \`every other \${unit}\`, keys: [], fractions: [], keeps: 'cells' },\n`;
const spec = { file: 'core/spec/words/modes.ts', before: '  random: {\n' };
const plan = {
  file: 'core/plan/modes.ts',
  before: '  random: {\n    removals: randomRemovals,',
  insert: `  alternate: {
    removals: (_, { targets }) => ({
      length: 2,
      at: (i) => ({ targets: targets.filter((_target, place) => place % 2 === i), of: targets.length }),
    }),
    factors: () => [{ key: 'mode', what: 'halves', count: 2 }],
  },
`,
};

async function expectWorks(copy: TreeCopy): Promise<void> {
  const { conditions, counts, document } = await expectRead(
    copy,
    'ablations: { a: { mode: alternate, layers: stem } }',
  );
  expect(conditions.map(({ condition }) => condition.edits.flatMap(({ channels }) => channels))).toEqual([
    [0, 2],
    [1, 3],
  ]);
  expect(counts.find(({ name }) => name === 'a')?.conditions).toBe(2);
  expect(document).toContain('| `alternate` | every other target, together |');
}

export const addition: Addition = {
  kind: 'mode',
  word: 'alternate',
  changes: [{ ...spec, insert: row('alternate') }, plan],
  halves: { triples: [{ ...spec, insert: row('triples') }] },
  works: expectWorks,
};
