import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { Ledger } from '../../core/ledger/ledger.js';
import { fileStore } from '../../core/store/file-store.js';
import { exportOutputs } from '../../core/study/analysing/outputs.js';
import { runFile } from '../builders/studies.js';
import { pythonWith } from '../python-packages.js';
import { labels, network, pixels } from './planted-pairs.js';
import { writeStudy } from './yaml-study.js';

const folder = mkdtempSync(path.join(tmpdir(), 'percuss-python-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const document = readFileSync(new URL('../../docs/python.md', import.meta.url), 'utf8');
/** Programs of the page in their order: one after the other they are one program. */
const programs = [...document.matchAll(/```python\n([\s\S]*?)```/g)].map(([, program = '']) => program);

test('docs/python.md has programs', () => expect(programs.length).toBe(6));

test('the programs of docs/python.md read a store and its tables, and recompute what these say', async ({ skip }) => {
  const found = await pythonWith(['numpy', 'pandas', 'pyarrow']);
  if ('unavailable' in found) return skip(found.unavailable);
  const file = writeStudy(folder, {
    network: network(),
    pixels,
    shape: [3, 2, 2],
    labels,
    rest: 'ablations:\n  two: { mode: pairs }\n',
  });
  const ledger = new Ledger(fileStore(path.join(folder, '.percuss')));
  const ran = await runFile(ledger, file, { tables: ['pairs'] });
  await exportOutputs(ledger, ran.result, path.join(folder, 'percuss-out', 'planted'));
  const more = `
names = sorted(kl)
recomputed = {
    "kl": {what: float(kl[what].astype(float).mean()) for what in names},
    "excess": {what: float(excess(*what.split(" "), what).mean()) for what in names if " " in what},
    "table": {f"{row.layer_a}[{row.channel_a}] {row.layer_b}[{row.channel_b}]": row.excess for row in pairs.itertuples()},
}
print(json.dumps(recomputed))
`;
  const script = path.join(folder, 'read.py');
  writeFileSync(script, programs.join('\n') + more);
  const env = { ...process.env, ...found.environment };
  const printed = execFileSync(found.python, [script], { cwd: folder, encoding: 'utf8', env }).trim().split('\n');
  expect(printed[0]).toMatch(/^[\d.e-]+ nat on 40 images$/);
  expect(printed[1]).toMatch(/layer_a.*channel_a.*excess/);
  const read = JSON.parse(printed.at(-1) ?? '') as Record<'kl' | 'excess' | 'table', Record<string, number>>;
  const { pairs, ablations } = await ran.tables();
  const unit = (layer: string, channel: number | null): string => `${layer}[${channel}]`;
  expect(Object.keys(read.excess)).toHaveLength(pairs.length);
  expect(Object.keys(read.table)).toHaveLength(pairs.length);
  for (const row of pairs) {
    const name = `${unit(row.layer_a, row.channel_a)} ${unit(row.layer_b, row.channel_b)}`;
    expect(read.excess[name]).toBeCloseTo(row.excess!, 6);
    expect(read.table[name]).toBe(row.excess);
    expect(read.kl[name]).toBeCloseTo(row.kl_joint!, 9);
  }
  expect(Object.keys(read.kl)).toHaveLength(1 + ablations.length);
}, 300_000);
