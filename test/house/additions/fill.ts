import { expect } from 'vitest';
import type { Edit } from '../../../core/plan/condition.js';
import type { FillSource } from '../../../core/probe/fill.js';
import type { FillValues } from '../../../core/probe/fill-values.js';
import type { Addition } from '../addition.js';
import { expectRead } from '../new-word.js';
import type { TreeCopy } from '../tree-copy.js';

const row = (word: string) => `  '${word}': {
    meaning: 'half of the channel’s mean over the reference images',
    reference: true,
    drawn: false,
    of: (reference) => ({ kind: '${word}', reference }),
  },
`;
const table = { file: 'core/spec/words/fills.ts', before: '  resample: {\n' };
const kind = {
  file: 'core/spec/words/fills.ts',
  before: "  | { readonly kind: 'resample';",
};
const kindOf = (word: string) => `  | { readonly kind: '${word}'; readonly reference: Digest }\n`;
const values = {
  file: 'core/probe/fill.ts',
  before: "  resample: {\n    reads: 'planes',",
  insert: `  'half-mean': {
    reads: 'statistics',
    values: (_, value, { statistics }) => ({
      reach: 'channel',
      values: (channel) => Float32Array.of((statistics.get(value)?.mean[channel] as number) / 2),
    }),
    linearised: () => 'values',
  },
`,
};

async function expectWorks(copy: TreeCopy): Promise<void> {
  const { conditions, document } = await expectRead(copy, 'ablations: { a: { fill: [zero, half-mean] } }');
  expect(conditions.map(({ fill }) => fill).slice(0, 2)).toEqual(['zero', 'half-mean']);
  expect(document).toContain('| `half-mean` | half of the channel’s mean over the reference images |');
  const edit = conditions[1]?.condition.edits[0] as Edit;
  const { fillValues } = await copy.import<{
    fillValues: (edit: Edit, value: string, source: FillSource) => FillValues;
  }>('core/probe/fill.ts');
  const statistics = new Map([['v', { mean: Float64Array.of(3, 5) }]]);
  const source = { statistics } as unknown as FillSource;
  expect([...fillValues(edit, 'v', source).values(1, 0)]).toEqual([2.5]);
}

export const addition: Addition = {
  kind: 'fill',
  word: 'half-mean',
  changes: [{ ...table, insert: row('half-mean') }, { ...kind, insert: kindOf('half-mean') }, values],
  halves: {
    'third-mean': [{ ...kind, insert: kindOf('third-mean') }],
    'fourth-mean': [{ ...table, insert: row('fourth-mean') }],
  },
  works: expectWorks,
};
