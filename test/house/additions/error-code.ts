import { expect } from 'vitest';
import type { Addition } from '../addition.js';
import type { TreeCopy } from '../tree-copy.js';

async function expectWorks(copy: TreeCopy): Promise<void> {
  expect(copy.read('docs/errors.md')).toContain(
    '| `DISK_TOO_SLOW` | storage | 3 | Nothing came back within an hour. | Buy another. |',
  );
  const { PercussError } = await copy.import<{ PercussError: new (code: string, message: string) => Error }>(
    'core/errors.ts',
  );
  const { exitCodeOf } = await copy.import<{ exitCodeOf: (error: Error) => number }>('cli/exit.ts');
  expect(exitCodeOf(new PercussError('DISK_TOO_SLOW', 'slow'))).toBe(3);
}

const place = { file: 'core/error-codes.ts', before: '  BUG: {\n' };

export const addition: Addition = {
  kind: 'error code',
  word: 'DISK_TOO_SLOW',
  changes: [
    {
      ...place,
      insert:
        "  DISK_TOO_SLOW: {\n    kind: 'storage',\n    when: 'Nothing came back within an hour.',\n    advice: 'Buy another.',\n  },\n",
    },
  ],
  halves: {
    DISK_WITHOUT_ADVICE: [{ ...place, insert: "  DISK_WITHOUT_ADVICE: { kind: 'storage', when: 'Never.' },\n" }],
  },
  works: expectWorks,
};
