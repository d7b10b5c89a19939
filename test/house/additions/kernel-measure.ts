import { expect } from 'vitest';
import type { KernelFacts } from '../../../core/analysis/kernel-measures.js';
import type { Addition } from '../addition.js';
import type { TreeCopy } from '../tree-copy.js';

async function expectWorks(copy: TreeCopy): Promise<void> {
  const { kernelMeasure } = await copy.import<{
    kernelMeasure: (name: string) => { readonly of: (kernel: KernelFacts) => number };
  }>('core/analysis/kernel-measures.ts');
  const facts = { activation: { mean: 2, std: 3 } } as unknown as KernelFacts;
  expect(kernelMeasure('relative-std').of(facts)).toBe(1.5);
  const { columnsOf } = await copy.import<{ columnsOf: (table: string) => readonly (readonly [string])[] }>(
    'core/tables/columns.ts',
  );
  expect(columnsOf('kernels').at(-1)?.[0]).toBe('relative_std');
  expect(copy.read('docs/measures.md')).toContain('| `relative-std` | `relative_std` |');
}

const row = (word: string, of: string) => `  '${word}': {
    unit: '1',
    what: 'Standard deviation of the activation over its mean.',
    definition: 'Standard deviation over mean, of the activation.',
    source: '${word}',
${of}  },
`;
const place = {
  file: 'core/analysis/kernel-measures.ts',
  before: '} as const satisfies Readonly<Record<string, KernelMeasure>>;',
};

export const addition: Addition = {
  kind: 'predictor of damage',
  word: 'relative-std',
  changes: [
    {
      ...place,
      insert: row('relative-std', '    of: ({ activation }) => activation && activation.std / activation.mean,\n'),
    },
  ],
  halves: { 'absent-std': [{ ...place, insert: row('absent-std', '') }] },
  works: expectWorks,
};
