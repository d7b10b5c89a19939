import { expect } from 'vitest';
import type * as reports from '../../../core/report/report.js';
import type * as studies from '../../report/fixture.js';
import type { Addition } from '../addition.js';
import type { Change, TreeCopy } from '../tree-copy.js';

async function expectWorks(copy: TreeCopy): Promise<void> {
  const { renderReport } = await copy.import<typeof reports>('core/report/report.ts');
  const { syntheticInput } = await copy.import<typeof studies>('test/report/fixture.ts');
  const page = await renderReport(syntheticInput());
  expect(page).toContain('<section id="thanks" aria-labelledby="thanks-title">');
  expect(page).toContain('<a href="#thanks">Thanks</a>');
}

const row = (word: string): Change => ({
  file: 'core/report/report.ts',
  before: 'coverage, provenance],',
  insert: `${word}, `,
});

export const addition: Addition = {
  kind: 'section of the report',
  word: 'thanks',
  changes: [
    row('thanks'),
    {
      file: 'core/report/report.ts',
      before: "import { sensitivity } from './sections/sensitivity.js';",
      insert: "import { thanks } from './sections/thanks.js';\n",
    },
    {
      file: 'core/report/sections/thanks.ts',
      insert: `import type { Section } from '../figure.js';
import { html } from '../html.js';

/** Thanks to those who trained the networks. */
export function thanks(): Section {
  return { id: 'thanks', title: 'Thanks', blocks: [html\`<p>To those who trained the networks.</p>\`] };
}
`,
    },
  ],
  halves: { unwritten: [row('unwritten')] },
  works: expectWorks,
};
