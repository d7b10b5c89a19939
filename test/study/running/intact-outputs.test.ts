import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { writeNpy } from '../../../bench/npy-file.js';
import { Ledger } from '../../../core/ledger/ledger.js';
import { memoryStore } from '../../../core/store/memory-store.js';
import { createSteps } from '../../../core/study/create-steps.js';
import { inProcessCompute } from './in-process-compute.js';
import { kindProblem } from '../../../core/probe/output-reading.js';
import { prepareStudy } from '../../../core/study/preparing/prepare-study.js';
import { runStudySteps, type StudyResult } from '../../../core/study/running/run-steps.js';

const rows = (...values: readonly (readonly number[])[]): Float32Array => Float32Array.from(values.flat());
const log = (values: readonly number[]): number[] => values.map(Math.log);

describe('what an intact network gives, read as', () => {
  test.each([
    ['logits', rows([2, -1, 0.5], [-3, 4, 0]), 3, undefined],
    ['logits', rows([0.2, 0.3, 0.5], [1, 0, 0]), 3, /are probabilities: on each of 2 images all 3/],
    ['logits', rows([0.2, 0.3, 0.5], [0.9, 0.8, 0.1]), 3, undefined],
    ['logits', rows([0.2, 0.3, 0.5005], [0.1, 0.1, 0.8]), 3, /are probabilities/],
    ['logits', rows(log([0.2, 0.3, 0.5])), 3, undefined],
    ['logits', rows([0.5, 0.5]), 2, /are probabilities/],
    ['logits', rows([0.7, 0.6], [0.1, 0.2]), 2, undefined],
    ['probabilities', rows([0.2, 0.3, 0.5], [0, 1, 0]), 3, undefined],
    ['probabilities', rows([0.2, 0.3, 0.51]), 3, undefined],
    [
      'probabilities',
      rows([0.2, 0.3, 0.5], [2, -1, 0]),
      3,
      /on image 1 they run from -1 to 2 and sum to 1\. Write .*kind: logits/,
    ],
    ['probabilities', rows([0.9, 0.8, 0.1]), 3, /sum to 1\.8.*sigmoid/],
    ['probabilities', rows(log([0.2, 0.3, 0.5])), 3, /logarithms/],
    ['values', rows([0.2, 0.3, 0.5]), 3, undefined],
    ['values', rows([17, -3, 1000]), 3, undefined],
  ] as const)('%s: %j of %i classes', (kind, outputs, classes, problem) => {
    const said = kindProblem(outputs, classes, kind);
    if (problem === undefined) expect(said).toBeUndefined();
    else expect(said).toMatch(problem);
  });
});

describe('a network that ends in a softmax', () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'percuss-outputs-'));
    const pixels = Uint8Array.from({ length: 12 * 3 * 81 }, (_, i) => (i * 7919) % 256);
    await writeFile(join(folder, 'x.npy'), writeNpy({ dtype: 'uint8', shape: [12, 3, 9, 9], data: pixels }));
    const labels = Uint8Array.from({ length: 12 }, (_, i) => i % 5);
    await writeFile(join(folder, 'y.npy'), writeNpy({ dtype: 'uint8', shape: [12], data: labels }));
  });
  afterAll(() => rm(folder, { recursive: true }));

  const network = fileURLToPath(new URL('../fixtures/networks/softmaxed.onnx', import.meta.url));

  async function run(kind: string, ledger = new Ledger(memoryStore())): Promise<StudyResult> {
    const file = join(folder, `${kind}.yaml`);
    await writeFile(
      file,
      `version: 1
study: softmaxed
data: { test: { format: npy, files: x.npy, labels: y.npy } }
models: { net: { file: ${JSON.stringify(network)}, data: test, input: { divide: 255 }, output: { kind: ${kind} } } }
ablations: { each: { mode: each } }
run: { engine: reference, device: cpu }
`,
    );
    const { ref } = await prepareStudy(file, ledger);
    const compute = inProcessCompute(ledger);
    try {
      return await runStudySteps(createSteps({ ledger, compute }), ref, {
        window: 1,
        onFailure: 'continue',
        tables: [],
      });
    } finally {
      await compute.close();
    }
  }

  test('is refused as logits before anything is ablated, however often it is tried; as probabilities it runs', async () => {
    const ledger = new Ledger(memoryStore());
    for (const _ of [1, 2]) {
      await expect(run('logits', ledger)).rejects.toMatchObject({
        code: 'SPEC_INVALID',
        message: expect.stringMatching(/models\.net\.output\.kind: .*probabilities.*Nothing was ablated/),
      });
    }
    const { computed, failed } = await run('probabilities', ledger);
    expect({ computed, failed }).toMatchObject({ failed: 0 });
    expect(computed).toBeGreaterThan(14);
  });
});
