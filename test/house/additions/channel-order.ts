import { expect } from 'vitest';
import type * as preprocessing from '../../../core/data/preprocess.js';
import type { Addition } from '../addition.js';
import { expectRead } from '../new-word.js';
import type { TreeCopy } from '../tree-copy.js';

const row = (word: string, source: string) =>
  `  ${word}: { meaning: 'green first', channels: 3, source: ${source} },\n`;
const table = { file: 'core/data/channel-order.ts', before: '  bgr: {\n' };

async function expectWorks(copy: TreeCopy): Promise<void> {
  const { spec: read, document } = await expectRead(copy, '', { model: ', input: { order: grb }' });
  const { preprocess } = await copy.import<typeof preprocessing>('core/data/preprocess.ts');
  const pixels = { dtype: 'uint8' as const, shape: [1, 3, 1, 1], data: Uint8Array.of(10, 20, 30) };
  const chunk = { pixels, labels: Uint16Array.of(0) } as never;
  const { input } = read.models[0] as (typeof read.models)[number];
  expect([...preprocess(chunk, input, [-1, 3, 1, 1]).data]).toEqual([20, 10, 30]);
  expect(document).toContain('| `grb` | green first |');
}

export const addition: Addition = {
  kind: 'order of channels',
  word: 'grb',
  changes: [{ ...table, insert: row('grb', '(channel) => [1, 0, 2][channel] ?? channel') }],
  halves: {
    gbr: [{ file: table.file, after: 'export type ChannelOrder = keyof typeof channelOrders', insert: " | 'gbr'" }],
  },
  works: expectWorks,
};
