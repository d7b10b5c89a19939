import { expect } from 'vitest';
import type * as readings from '../../../core/probe/output-reading.js';
import type { Addition } from '../addition.js';
import { expectRead } from '../new-word.js';
import type { TreeCopy } from '../tree-copy.js';

const row = (word: string) =>
  `  '${word}': { meaning: 'logarithms of probabilities', classes: true, unbounded: false },\n`;
const spec = { file: 'core/spec/words/output-kinds.ts', before: '  values: {\n' };
const reading = {
  file: 'core/probe/output-reading.ts',
  before: '  values: { least:',
  insert: `  'log-probabilities': {
    least: -Infinity,
    log: (outputs) => Float64Array.from(outputs),
    problem: (outputs) => (outputs.some((value) => value > 0) ? 'a logarithm is above 0' : undefined),
  },
`,
};

async function expectWorks(copy: TreeCopy): Promise<void> {
  const { spec: read, document } = await expectRead(copy, '', { model: ', output: { kind: log-probabilities }' });
  const { kind } = (read.models[0] as (typeof read.models)[number]).output;
  const { logProbabilities, kindProblem } = await copy.import<typeof readings>('core/probe/output-reading.ts');
  expect([...logProbabilities([-1, -2], 2, kind)]).toEqual([-1, -2]);
  expect(kindProblem(Float32Array.of(-1, 2), 2, kind)).toBe('a logarithm is above 0');
  expect(document).toContain('| `log-probabilities` | logarithms of probabilities |');
}

export const addition: Addition = {
  kind: 'kind of output',
  word: 'log-probabilities',
  changes: [{ ...spec, insert: row('log-probabilities') }, reading],
  halves: { 'log-odds': [{ ...spec, insert: row('log-odds') }] },
  works: expectWorks,
};
