import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { Ledger } from '../../../core/ledger/ledger.js';
import { memoryStore } from '../../../core/store/memory-store.js';
import { createSteps } from '../../../core/study/create-steps.js';
import { prepareStudy, type PreparedStudy } from '../../../core/study/preparing/prepare-study.js';
import { BatchRunner } from '../../../core/study/running/batch.js';
import { runStudySteps } from '../../../core/study/running/run-steps.js';
import { CLASSES, headedNetwork, networkFile } from '../headed-network.js';
import { writeInputs } from '../yaml-study.js';
import { inProcessCompute } from './in-process-compute.js';

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

/** A ledger that takes note of whose networks are read from its store, by name. */
async function watched(): Promise<{ readonly ledger: Ledger; readonly read: string[]; readonly study: PreparedStudy }> {
  const store = memoryStore();
  const read: string[] = [];
  const owners = new Map<string, string>();
  const get: typeof store.get = (key, ...rest) => {
    const owner = owners.get(key);
    if (owner !== undefined) read.push(owner);
    return store.get(key, ...rest);
  };
  const ledger = new Ledger({ ...store, get });
  const { ref } = await prepareStudy(write(), new Ledger(store));
  for (const { name, files } of (await ledger.getRecord(ref.study)).models) {
    for (const { blob } of files) owners.set(`blobs/${blob}`, name);
  }
  return { ledger, read, study: await prepareStudy(write(), ledger) };
}

describe('the networks of a study', () => {
  test('are read once from the spec to the report, of three stages, by the process that plans', async () => {
    const { ledger, read, study } = await watched();
    const compute = inProcessCompute(new Ledger(ledger.store));
    expect(read).toEqual(names);
    const steps = createSteps({ ledger, compute, catalog: study.catalog });
    const { failed } = await runStudySteps(steps, study.ref, { window: 1, onFailure: 'continue', tables: [] });
    await compute.close();
    expect(failed).toBe(0);
    // Batches are another process's, which reads each network once itself.
    expect(read.slice(names.length)).toEqual(names);
  });

  test('are read by a compute process when a batch needs them, and no others', async () => {
    const { ledger, read, study } = await watched();
    const runner = new BatchRunner(ledger);
    const plan = await createSteps({ ledger, compute: inProcessCompute(ledger) }).planStage(study.ref, 0);
    if (!plan.ref) throw new Error('nothing was planned');
    const unitOf = (name: string): number => plan.segments.find(({ model }) => model === name)?.from ?? -1;
    const [first, last] = [unitOf('plain'), unitOf('division')];
    read.length = 0;
    await runner.run(plan, last, last + 1);
    expect(read).toEqual(['division']);
    await runner.run(plan, first, first + 1);
    await runner.run(plan, last, last + 1);
    expect(read).toEqual(['division', 'plain']);
    await runner.close();
  });
});
