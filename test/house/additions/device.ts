import { expect } from 'vitest';
import type * as provider from '../../../core/engine/onnxruntime-provider.js';
import type * as modes from '../../../core/numeric-mode.js';
import type { Addition } from '../addition.js';
import { expectRead } from '../new-word.js';
import type { TreeCopy } from '../tree-copy.js';

async function expectWorks(copy: TreeCopy): Promise<void> {
  const { hasDevice } = await copy.import<typeof modes>('core/numeric-mode.ts');
  expect(['onnxruntime', 'tfjs'].map((engine) => hasDevice(engine as 'tfjs', 'coreml' as 'cpu'))).toEqual([
    true,
    false,
  ]);
  const { providerOf } = await copy.import<typeof provider>('core/engine/onnxruntime-provider.ts');
  expect(providerOf('coreml' as 'cpu')).toMatchObject({ device: 'coreml', wayOut: 'It takes a Mac.' });
  await expectRead(copy, 'run: { engine: onnxruntime, device: coreml }');
  expect(copy.read('docs/engines.md')).toContain('| `onnxruntime` | `coreml` | never run |');
}

const engines = 'core/numeric-mode.ts';
const row = (word: string): { file: string; before: string; insert: string } => ({
  file: engines,
  before: "      cuda: 'written after the documentation",
  insert: `      '${word}': 'never run',\n`,
});

export const addition: Addition = {
  kind: 'device of an engine',
  word: 'coreml',
  changes: [
    row('coreml'),
    { file: engines, before: '  webgpu: { times', insert: "  'coreml': { times: 1, automatic: 'first' },\n" },
    {
      file: 'core/engine/onnxruntime-provider.ts',
      before: '  cuda: { executionProviders',
      insert: "  'coreml': { executionProviders: () => ['coreml'], outputsStay: false, wayOut: 'It takes a Mac.' },\n",
    },
  ],
  halves: { undriven: [row('undriven')] },
  works: expectWorks,
};
