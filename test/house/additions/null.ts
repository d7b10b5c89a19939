import { expect } from 'vitest';
import type * as variants from '../../../core/plan/network-variant.js';
import type * as nullNetworks from '../../../core/probe/null-network.js';
import type { Graph } from '../../../core/network/graph.js';
import type { Recalibration } from '../../../core/probe/recalibration.js';
import type { Addition } from '../addition.js';
import { expectRead } from '../new-word.js';
import type { TreeCopy } from '../tree-copy.js';

const row = (word: string) =>
  `  ${word}: { meaning: 'the network as it is, to see what a null costs', usual: 1, with: 'as they are' },\n`;
const spec = { file: 'core/spec/words/nulls.ts', before: '  shuffled: {\n' };
const maker = {
  file: 'core/probe/null-network.ts',
  before: '  shuffled: shuffledNetwork,',
  insert: '  twin: (graph) => graph,\n',
};

async function expectWorks(copy: TreeCopy): Promise<void> {
  const { counts, document } = await expectRead(
    copy,
    'impulses: { i: { base: { images: 2 } } }\nanalysis: { nulls: { shuffled: 3 } }',
  );
  const { nullVariants, printVariant } = await copy.import<typeof variants>('core/plan/network-variant.ts');
  const all = nullVariants({ twin: 1, shuffled: 3, reinitialised: 0, unrelated: [] } as never);
  expect(all.map(printVariant)).toEqual(['twin 0', 'shuffled 0', 'shuffled 1', 'shuffled 2']);
  // Four nulls, one object each.
  expect(counts.find(({ kind }) => kind === 'nulls')?.units).toBe(4);
  const { nullNetwork } = await copy.import<typeof nullNetworks>('core/probe/null-network.ts');
  const graph = {} as unknown as Graph;
  const asItIs = { fit: (start: Graph) => Promise.resolve(start) } as unknown as Recalibration;
  expect(await nullNetwork(graph, asItIs, 7, all[0] as variants.NullVariant)).toBe(graph);
  expect(document).toContain('| `twin` | the network as it is, to see what a null costs |');
}

export const addition: Addition = {
  kind: 'null',
  word: 'twin',
  changes: [{ ...spec, insert: row('twin') }, maker],
  halves: { reborn: [{ ...spec, insert: row('reborn') }] },
  works: expectWorks,
};
