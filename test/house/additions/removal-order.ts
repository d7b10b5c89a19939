import { expect } from 'vitest';
import type { Addition } from '../addition.js';
import { expectRead } from '../new-word.js';
import type * as scoring from '../../../core/study/planning/scores.js';
import type { ModelOutline } from '../../../core/plan/outline.js';
import type { TreeCopy } from '../tree-copy.js';

const row = (word: string) => `  ${word}: { meaning: 'the last target first', chance: false, leaveOneOut: false },\n`;
const spec = { file: 'core/spec/words/removal-orders.ts', before: "  'weight-norm': {" };
const scorer = {
  file: 'core/study/planning/scores.ts',
  before: "  'weight-norm': ({",
  insert: '  deepest: ({ targets }) => Promise.resolve(targets.map((_, place) => -place)),\n',
};

async function expectWorks(copy: TreeCopy): Promise<void> {
  const text = 'ablations: { a: { mode: cumulative, order: deepest, layers: stem, fractions: [0.5] } }';
  const { spec: read, anatomy, document } = await expectRead(copy, text);
  const { scoresOf } = await copy.import<typeof scoring>('core/study/planning/scores.ts');
  const outline = {
    model: { name: 'net' },
    anatomy,
    ablations: [{ spec: read.ablations[0] }],
  } as unknown as ModelOutline;
  const source = {} as unknown as scoring.ScoreSource;
  expect(await scoresOf([outline], source)).toEqual({ 'net/a': [-0, -1, -2, -3] });
  expect(document).toContain('| `deepest` | the last target first |');
}

export const addition: Addition = {
  kind: 'order of a cumulative ablation',
  word: 'deepest',
  changes: [{ ...spec, insert: row('deepest') }, scorer],
  halves: { shallowest: [{ ...spec, insert: row('shallowest') }] },
  works: expectWorks,
};
