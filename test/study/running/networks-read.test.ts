import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { importNetwork } from '../../../core/import/import-network.js';
import { Ledger } from '../../../core/ledger/ledger.js';
import { memoryStore } from '../../../core/store/memory-store.js';
import { createSteps } from '../../../core/study/create-steps.js';
import { prepareStudy } from '../../../core/study/preparing/prepare-study.js';
import { BatchRunner } from '../../../core/study/running/batch.js';
import { runStudySteps } from '../../../core/study/running/run-steps.js';
import { CLASSES, headedNetwork, networkFile } from '../headed-network.js';
import { writeInputs } from '../yaml-study.js';
import { inProcessCompute } from './in-process-compute.js';

// The import itself, which takes note of what it is asked for.
vi.mock('../../../core/import/import-network.js', async (original) => {
  const real = await original<typeof import('../../../core/import/import-network.js')>();
  return { ...real, importNetwork: vi.fn<typeof real.importNetwork>(real.importNetwork) };
});

const imported = (): readonly string[] => vi.mocked(importNetwork).mock.calls.map(([name]) => name);
beforeEach(() => void vi.mocked(importNetwork).mockClear());

const folder = mkdtempSync(path.join(tmpdir(), 'percuss-networks-read-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Heads that leave the intact network finite; each is a network of its own. */
const names = ['plain', 'l2norm', 'division'] as const;

function write(): string {
  const images = Array.from({ length: 8 }, (_, i) =>
    Float32Array.from({ length: 12 }, (__, j) => 1 + (((i + 1) * j) % 7)),
  );
  const classes = images.map((_, i) => i % CLASSES);
  writeInputs(folder, networkFile(headedNetwork('plain')), images, [3, 2, 2], classes);
  for (const name of names) writeFileSync(path.join(folder, `${name}.onnx`), networkFile(headedNetwork(name)));
  const file = path.join(folder, 'study.yaml');
  writeFileSync(
    file,
    `version: 1
study: three
data: { test: { format: npy, files: x.npy, labels: y.npy, order: file } }
models:
${names.map((name) => `  ${name}: { file: ${name}.onnx, data: test, output: { kind: logits } }`).join('\n')}
ablations: { by-damage: { mode: cumulative, order: kl, fractions: [0.5] } }
run: { engine: onnxruntime }
`,
  );
  return file;
}

describe('the networks of a study', () => {
  test('are imported once from the spec to the report, of three stages, by the process that plans', async () => {
    const ledger = new Ledger(memoryStore());
    const { ref, catalog } = await prepareStudy(write(), ledger);
    const compute = inProcessCompute(new Ledger(ledger.store));
    const before = imported().length;
    expect(imported()).toEqual(names);
    const steps = createSteps({ ledger, compute, catalog });
    const { failed } = await runStudySteps(steps, ref, { window: 1, onFailure: 'continue', tables: [] });
    await compute.close();
    expect(failed).toBe(0);
    // Batches are another process's, which imports each network once itself.
    expect(imported().slice(before)).toEqual(names);
  });

  test('are imported by a compute process when a batch needs them, and no others', async () => {
    const ledger = new Ledger(memoryStore());
    const { ref } = await prepareStudy(write(), ledger);
    const steps = createSteps({ ledger, compute: inProcessCompute(ledger) });
    const plan = await steps.planStage(ref, 0);
    if (!plan.ref) throw new Error('nothing was planned');
    const runner = new BatchRunner(ledger);
    vi.mocked(importNetwork).mockClear();
    const unitOf = (name: string): number => plan.segments.find(({ model }) => model === name)?.from ?? -1;
    const last = unitOf('division');
    await runner.run(plan, last, last + 1);
    expect(imported()).toEqual(['division']);
    const first = unitOf('plain');
    await runner.run(plan, first, first + 1);
    await runner.run(plan, last, last + 1);
    expect(imported()).toEqual(['division', 'plain']);
    await runner.close();
  });
});
