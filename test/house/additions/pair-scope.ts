import { expect } from 'vitest';
import type { Addition } from '../addition.js';
import { expectRead } from '../new-word.js';
import type { TreeCopy } from '../tree-copy.js';

const row = (word: string) => `  ${word}: {
    meaning: 'of the first target of each layer with its second',
    all: false,
    oneLayer: true,
    where: 'of the first two of a layer',
    count: (layers) => layers.filter((size) => size > 1).length,
  },
`;
const spec = { file: 'core/spec/words/pair-scopes.ts', before: '  across: {\n' };
const plan = {
  file: 'core/plan/pairs.ts',
  before: '  across: (targets) => {\n',
  insert: `  leading: (targets) => {
    const runs = runsOf(targets).filter(({ from, to }) => to - from > 1);
    return {
      length: runs.length,
      at: (index) => {
        const { from } = runs[index] as Run;
        return [from, from + 1];
      },
    };
  },
`,
};

async function expectWorks(copy: TreeCopy): Promise<void> {
  const { anatomy, conditions, document } = await expectRead(
    copy,
    'ablations: { a: { mode: pairs, within: leading } }',
  );
  const pairs = conditions.filter(({ targets }) => targets.length === 2);
  expect(pairs.map(({ targets }) => targets.map(({ channel }) => channel))).toEqual(anatomy.layers.map(() => [0, 1]));
  expect(document).toContain('| `leading` | of the first target of each layer with its second |');
}

export const addition: Addition = {
  kind: 'scope of pairs',
  word: 'leading',
  changes: [{ ...spec, insert: row('leading') }, plan],
  halves: { trailing: [{ ...spec, insert: row('trailing') }] },
  works: expectWorks,
};
