import { expect } from 'vitest';
import type { Addition } from '../addition.js';
import type { TreeCopy } from '../tree-copy.js';

async function expectWorks(copy: TreeCopy): Promise<void> {
  expect(await copy.run('dist/cli/main.js', 'greet', 'percuss')).toBe('Good morning, percuss\n');
  expect(await copy.run('dist/cli/main.js', '--help')).toMatch(/greet .* say good morning/);
  expect(copy.read('docs/commands.md')).toContain('| `whom` | who is greeted |');
}

const place = { file: 'cli/verbs.ts', before: '  doctor: {\n' };

export const addition: Addition = {
  kind: 'verb',
  word: 'greet',
  changes: [
    {
      file: 'cli/greet.ts',
      insert: `import type { Command } from 'commander';

/** \`percuss greet\`: says a word. */
export function greetCommand(verb: Command): void {
  verb.argument('<whom>', 'who is greeted').action((whom: string) => {
    process.stdout.write(\`Good morning, \${whom}\\n\`);
  });
}
`,
    },
    {
      ...place,
      insert:
        "  'greet': {\n    summary: 'say good morning',\n    load: async () => (await import('./greet.js')).greetCommand,\n  },\n",
    },
  ],
  halves: { unloaded: [{ ...place, insert: "  'unloaded': { summary: 'has no file' },\n" }] },
  works: expectWorks,
};
