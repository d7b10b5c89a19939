import { expect } from 'vitest';
import type { Addition } from '../addition.js';
import { expectRead } from '../new-word.js';
import type { TreeCopy } from '../tree-copy.js';

const row = (word: string) => `  ${word}: {
    meaning: 'the first half of a layer’s kernels',
    among: 'layer',
    residual: false,
    whole: true,
    groups: (anatomy) => layers(anatomy, () => 1),
  },
`;
const spec = { file: 'core/spec/words/units.ts', before: '  block: {\n' };
const plan = {
  file: 'core/plan/target.ts',
  before: '  block: (anatomy, globs) =>\n',
  insert: `  half: (anatomy, globs) =>
    selectLayers(anatomy, globs).map((layer) => ({
      group: layer.name,
      channel: undefined,
      cuts: [{ site: layer.site, channels: all(layer.kernels / 2) }],
    })),
`,
};

async function expectWorks(copy: TreeCopy): Promise<void> {
  const { anatomy, conditions, counts, document } = await expectRead(copy, 'ablations: { a: { unit: half } }');
  expect(conditions.length).toBe(anatomy.layers.length);
  expect(conditions.map(({ condition }) => condition.edits[0]?.channels)).toEqual(anatomy.layers.map(() => [0, 1]));
  expect(counts.find(({ name }) => name === 'a')?.conditions).toBe(anatomy.layers.length);
  expect(document).toContain('| `half` | the first half of a layer’s kernels |');
}

export const addition: Addition = {
  kind: 'unit',
  word: 'half',
  changes: [{ ...spec, insert: row('half') }, plan],
  halves: { third: [{ ...spec, insert: row('third') }] },
  works: expectWorks,
};
