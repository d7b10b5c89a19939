import { expect } from 'vitest';
import type * as baseImages from '../../../core/probe/base-image.js';
import type * as planned from '../../../core/plan/impulses.js';
import type { Base } from '../../../core/plan/impulses.js';
import type { Addition } from '../addition.js';
import { expectRead } from '../new-word.js';
import type { TreeCopy } from '../tree-copy.js';

const row = (word: string) => `  ${word}: { meaning: 'ones after preprocessing', reference: false },\n`;
const spec = { file: 'core/spec/words/bases.ts', before: "  'mean-image': {" };
const image = {
  file: 'core/probe/base-image.ts',
  before: "  'mean-image': (image,",
  insert: '  ones: (image) => void image.fill(1),\n',
};

async function expectWorks(copy: TreeCopy): Promise<void> {
  const {
    spec: read,
    anatomy,
    document,
  } = await expectRead(copy, 'impulses: { i: { base: [ones], amplitudes: [1, -1] } }');
  const { impulseGroupsOf } = await copy.import<typeof planned>('core/plan/impulses.ts');
  const context = { seed: 7, anatomy, image: [3, 8, 8], variants: ['intact'] as const };
  const [group] = impulseGroupsOf(read.impulses[0] as (typeof read.impulses)[number], context);
  const { baseImage } = await copy.import<typeof baseImages>('core/probe/base-image.ts');
  const reference = { dtype: 'float32' as const, shape: [1, 1, 2, 2], data: new Float32Array(4) };
  const layout = { shape: [1, 2, 2] as const, index: () => 0 };
  expect([...baseImage(group?.base as Base, { reference, layout, black: [0] }).data]).toEqual([1, 1, 1, 1]);
  expect(document).toContain('| `ones` | ones after preprocessing |');
}

export const addition: Addition = {
  kind: 'base of impulses',
  word: 'ones',
  changes: [{ ...spec, insert: row('ones') }, image],
  halves: { twos: [{ ...spec, insert: row('twos') }] },
  works: expectWorks,
};
