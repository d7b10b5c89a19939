import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { Ledger } from '../../core/ledger/ledger.js';
import { fileStore } from '../../core/store/file-store.js';
import { runFile } from '../builders/studies.js';
import { labels, network, pixels } from './planted-pairs.js';
import { writeStudy } from './yaml-study.js';

const python = process.env['PERCUSS_PYTHON'] ?? 'python3';
const hasNumpy = spawnSync(python, ['-c', 'import numpy']).status === 0;
const folder = mkdtempSync(path.join(tmpdir(), 'percuss-python-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const document = readFileSync(new URL('../../docs/python.md', import.meta.url), 'utf8');
/** Programs of the page in their order, but those that say that they are not run. */
const programs = [...document.matchAll(/(<!-- not run[^>]*-->\n)?```python\n([\s\S]*?)```/g)].flatMap(
  ([, left, program = '']) => (left === undefined ? [program] : []),
);

test('docs/python.md has programs', () => expect(programs.length).toBe(5));

test('the programs of docs/python.md read a store, and recompute what its tables say', async ({ skip }) => {
  if (!hasNumpy) skip(`${python} has no numpy: set PERCUSS_PYTHON to one that has`);
  const file = writeStudy(folder, {
    network: network(),
    pixels,
    shape: [3, 2, 2],
    labels,
    rest: 'ablations:\n  two: { mode: pairs }\n',
  });
  const ran = await runFile(new Ledger(fileStore(path.join(folder, '.percuss'))), file);
  const { pairs, ablations } = await ran.tables();
  const more = `
names = sorted(kl)
print(json.dumps({"kl": {what: float(kl[what].astype(float).mean()) for what in names}, "excess": {what: float(excess(*what.split(" "), what).mean()) for what in names if " " in what}}))
`;
  const script = path.join(folder, 'read.py');
  writeFileSync(script, programs.join('\n') + more);
  const printed = execFileSync(python, [script], { cwd: folder, encoding: 'utf8' }).trim().split('\n');
  expect(printed[0]).toMatch(/^[\d.e-]+ nat on 40 images$/);
  const read = JSON.parse(printed[1] ?? '') as { kl: Record<string, number>; excess: Record<string, number> };
  const unit = (layer: string, channel: number | null): string => `${layer}[${channel}]`;
  expect(Object.keys(read.excess)).toHaveLength(pairs.length);
  for (const row of pairs) {
    const name = `${unit(row.layer_a, row.channel_a)} ${unit(row.layer_b, row.channel_b)}`;
    expect(read.excess[name]).toBeCloseTo(row.excess!, 6);
    expect(read.kl[name]).toBeCloseTo(row.kl_joint!, 9);
  }
  expect(Object.keys(read.kl)).toHaveLength(1 + ablations.length);
});
