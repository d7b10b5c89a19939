import { expect } from 'vitest';
import type * as openings from '../../../core/engine/open.js';
import type { Addition } from '../addition.js';
import { expectRead } from '../new-word.js';
import type { TreeCopy } from '../tree-copy.js';

async function expectWorks(copy: TreeCopy): Promise<void> {
  const { openEngine } = await copy.import<typeof openings>('core/engine/open.ts');
  const engine = await openEngine({ engine: 'slate' as 'reference', precision: 'float32', device: 'cpu' });
  expect(engine.mode.engine).toBe('slate');
  await engine.close();
  await expectRead(copy, 'run: { engine: slate, device: cpu }');
  expect(copy.read('docs/engines.md')).toContain('| `slate` | `cpu` | by hand |');
}

const row = (word: string): { file: string; before: string; insert: string } => ({
  file: 'core/numeric-mode.ts',
  before: '  reference: { times: PLAIN',
  insert: `  '${word}': { times: PLAIN, automatic: 'never', devices: { cpu: 'by hand' } },\n`,
});

export const addition: Addition = {
  kind: 'engine',
  word: 'slate',
  files: { most: 3, because: 'spec and plan know engines by name and stand above the room that opens them' },
  changes: [
    row('slate'),
    {
      file: 'core/engine/slate.ts',
      insert: `import type { Engine } from './engine.js';
import { openReference } from './reference.js';

/** The reference, by another name. */
export async function openSlate(): Promise<Engine> {
  const engine = await openReference();
  return { ...engine, mode: { ...engine.mode, engine: 'slate' } };
}
`,
    },
    {
      file: 'core/engine/open.ts',
      before: '  reference: () => openReference(),',
      insert: "  'slate': async () => (await import('./slate.js')).openSlate(),\n",
    },
  ],
  halves: { unopenable: [row('unopenable')] },
  works: expectWorks,
};
