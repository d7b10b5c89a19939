import { expect } from 'vitest';
import type * as imageOrders from '../../../core/data/image-order.js';
import type { Addition } from '../addition.js';
import { expectRead } from '../new-word.js';
import type { TreeCopy } from '../tree-copy.js';

const row = (word: string, places: string) => `  ${word}: { meaning: 'the last image first', places: ${places} },\n`;
const table = { file: 'core/data/image-order.ts', before: '  file: {' };

async function expectWorks(copy: TreeCopy): Promise<void> {
  const { spec: read, document } = await expectRead(copy, '', { data: 'order: backwards' });
  const { imageOrders: orders } = await copy.import<typeof imageOrders>('core/data/image-order.ts');
  const { order } = read.data[0] as (typeof read.data)[number];
  expect([...orders[order].places(Uint16Array.of(5, 6, 7), 0)]).toEqual([2, 1, 0]);
  expect(document).toContain('| `backwards` | the last image first |');
}

export const addition: Addition = {
  kind: 'order of images',
  word: 'backwards',
  changes: [{ ...table, insert: row('backwards', '(labels) => Uint32Array.from(labels.keys()).reverse()') }],
  halves: {
    sideways: [
      { file: table.file, after: 'export type ImageOrder = keyof typeof imageOrders', insert: " | 'sideways'" },
    ],
  },
  works: expectWorks,
};
