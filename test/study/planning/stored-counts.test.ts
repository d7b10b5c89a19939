import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { writeNpy } from '../../../bench/npy-file.js';
import { canonicalJson, type Json } from '../../../core/canonical.js';
import { sha256 } from '../../../core/digest.js';
import { Ledger } from '../../../core/ledger/ledger.js';
import { memoryStore } from '../../../core/store/memory-store.js';
import { BatchRunner } from '../../../core/study/running/batch.js';
import { Catalog } from '../../../core/study/catalog.js';
import { createSteps } from '../../../core/study/create-steps.js';
import { nextStage } from '../../../core/study/planning/plan-stage.js';
import { readStudy } from '../../../core/study/preparing/prepare-study.js';
import { storeStudy, type ResolvedInputs } from '../../../core/study/preparing/resolve-study.js';
import { storedTally } from '../../../core/study/verifying/tally.js';
import { verifyStudy } from '../../../core/study/verifying/verify.js';
import type { ResolvedModel, ResolvedStudy, StudyRef } from '../../../core/spec/resolved-study.js';
import { headedNetwork, networkFile } from '../headed-network.js';
import { inProcessCompute } from '../running/in-process-compute.js';

const mode = { engine: 'reference', precision: 'float32', device: 'cpu' } as const;

/** A study of another store was held against nobody's limits but its author's. */
describe('a stored study that asks for too much', () => {
  let folder: string;
  let resolved: ResolvedInputs;
  beforeAll(async () => {
    folder = mkdtempSync(path.join(tmpdir(), 'percuss-stored-'));
    const pixels = Uint8Array.from({ length: 8 * 3 * 4 }, (_, i) => (i * 7919) % 256);
    writeFileSync(path.join(folder, 'net.onnx'), networkFile(headedNetwork('plain')));
    writeFileSync(path.join(folder, 'x.npy'), writeNpy({ dtype: 'uint8', shape: [8, 3, 2, 2], data: pixels }));
    const labels = Uint8Array.from({ length: 8 }, (_, i) => i % 3);
    writeFileSync(path.join(folder, 'y.npy'), writeNpy({ dtype: 'uint8', shape: [8], data: labels }));
    writeFileSync(
      path.join(folder, 'study.yaml'),
      `version: 1
study: elsewhere
data: { test: { format: npy, files: x.npy, labels: y.npy } }
models: { net: { file: net.onnx, data: test, input: { divide: 255 } } }
ablations: { random: { mode: random, unit: kernel, fill: [zero, resample], fractions: [0.25, 0.5], trials: 2 } }
impulses: { probe: { at: input, base: { images: 2 }, amplitudes: [1], positions: center, record: ['*'] } }
analysis: { nulls: { shuffled: 1 } }
`,
    );
    ({ resolved } = await readStudy(path.join(folder, 'study.yaml')));
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  const stored = async (change: (study: ResolvedStudy) => object): Promise<{ ledger: Ledger; ref: StudyRef }> => {
    const ledger = new Ledger(memoryStore());
    const study = { ...resolved.study, ...change(resolved.study) };
    const id = sha256(canonicalJson(study as unknown as Json));
    const ref = await storeStudy(ledger, { ...resolved, study, id }, { mode, yaml: '', batchSeconds: 10 });
    return { ledger, ref };
  };
  const random = (more: object) => (study: ResolvedStudy) => ({
    ablations: study.ablations.map((ablation) => ({ ...ablation, ...more })),
  });
  const impulses = (more: object) => (study: ResolvedStudy) => ({
    impulses: study.impulses.map((impulse) => ({ ...impulse, ...more })),
  });
  const images = (chunk: (digest: string) => object) => (study: ResolvedStudy) => ({
    data: study.data.map((data) => ({ ...data, ...chunk(data.chunks[0]?.digest as string) })),
  });

  test('or for little is in the list before anything else of it is written', async () => {
    const keys: string[] = [];
    const store = memoryStore();
    const putIfAbsent: typeof store.putIfAbsent = (key, ...rest) => (keys.push(key), store.putIfAbsent(key, ...rest));
    const ledger = new Ledger({ ...store, putIfAbsent });
    await storeStudy(ledger, resolved, { mode, yaml: '', batchSeconds: 10 });
    expect(await ledger.listStudies()).toMatchObject([{ id: resolved.id, study: 'elsewhere' }]);
    expect(keys[0]).toBe(`roots/${resolved.id}.json`);
    expect(keys.length).toBeGreaterThan(4);
  });

  test.each([
    ['trials', random({ trials: 1e12 })],
    ['draws', random({ draws: 1e9 })],
    ['images as bases', impulses({ bases: { images: 1e9 } })],
    [
      'nulls',
      (study: ResolvedStudy) => ({
        analysis: { ...study.analysis, nulls: { ...study.analysis.nulls, shuffled: 1e9 } },
      }),
    ],
    [
      'nulls of no place',
      (study: ResolvedStudy) => ({
        ...impulses({ at: ['nowhere'] })(study),
        analysis: { ...study.analysis, nulls: { ...study.analysis.nulls, shuffled: 1e9 } },
      }),
    ],
    ['positions', impulses({ positions: Array.from({ length: 70_000 }, () => [0, 0]) })],
    ['images of a chunk', images((digest) => ({ chunks: [{ digest, images: 5e6 }] }))],
    ['images of a wave', images((digest) => ({ waves: [[{ digest, images: 3e6 }], [{ digest, images: 3e6 }]] }))],
    [
      'chunks of one image',
      (study: ResolvedStudy) => ({
        ...random({ trials: 500_000 })(study),
        ...images((digest) => ({ chunks: Array.from({ length: 40 }, () => ({ digest, images: 1 })) }))(study),
      }),
    ],
  ])('is refused by its numbers before any of it is enumerated: %s', async (_, change) => {
    const { ledger, ref } = await stored(change);
    const catalog = new Catalog((digest) => ledger.getBlob(digest));
    const refused = {
      code: 'LIMIT_EXCEEDED',
      message: expect.stringMatching(/^study elsewhere of this store asks for/),
    };
    await expect(nextStage(ledger, catalog, ref)).rejects.toMatchObject(refused);
    await expect(storedTally(ledger, ref.id)).rejects.toMatchObject(refused);
    const { name } = resolved.study.models[0] as ResolvedModel;
    const baseline = { kind: 'baseline', model: name, name: '', chunk: 0, missing: [[0, 1]], seconds: 1 };
    const plan = await ledger.putRecord('plans', { index: 1, groups: [baseline], scores: {} });
    const batches = new BatchRunner(ledger);
    const stage = { study: ref, index: 1, ref: plan, units: 1, segments: [], stored: 0, failed: 0 };
    await expect(batches.run(stage as never, 0, 1)).rejects.toMatchObject(refused);
    await batches.close();
    const compute = inProcessCompute(ledger);
    const steps = createSteps({ ledger, compute });
    const options = { mode: { ...mode, engine: 'onnxruntime' as const }, sample: 1, tolerance: 1, window: 1 };
    await expect(verifyStudy(ledger, catalog, steps, ref, options)).rejects.toMatchObject(refused);
    await compute.close();
  });

  test.each([
    ['many draws, none of which is asked for', random({ draws: 1e12, fill: ['zero'] })],
    ['many draws of no layer', random({ draws: 1e12, layers: ['nowhere'] })],
    ['many images of no place', impulses({ at: ['nowhere'], bases: { images: 1e12 } })],
  ])('is planned where it asks for little: %s', async (_, change) => {
    const { ledger, ref } = await stored(change);
    const { stage } = await nextStage(ledger, new Catalog((digest) => ledger.getBlob(digest)), ref);
    expect(stage?.groups.length).toBeGreaterThan(0);
  });

  test('is damaged where an analysis draws more often than a spec can say', async () => {
    const { ledger, ref } = await stored((study) => ({ analysis: { ...study.analysis, bootstrap: 1e9 } }));
    await expect(ledger.getStudy(ref.id)).rejects.toMatchObject({ code: 'OBJECT_DAMAGED' });
  });
});
