import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { gunzipSync, gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { writeNpy } from '../../bench/npy-file.js';
import { canonicalJson } from '../../core/canonical.js';
import { Ledger } from '../../core/ledger/ledger.js';
import { SEMANTICS } from '../../core/plan/identity.js';
import { memoryStore } from '../../core/store/memory-store.js';
import type { ObjectStore } from '../../core/store/object-store.js';
import { collectGarbage } from '../../core/study/collecting/collect.js';
import { scrubStore } from '../../core/study/collecting/scrub.js';
import { explainStored } from '../../core/study/explaining/explain-study.js';
import { createSteps } from '../../core/study/create-steps.js';
import { runStudySteps } from '../../core/study/running/run-steps.js';
import { storedStudy } from '../../core/study/verifying/verify.js';
import type { StudyOutputs } from '../../core/study/analysing/outputs.js';
import { runFile } from '../builders/studies.js';
import { headedNetwork, networkFile } from './headed-network.js';
import { inProcessCompute } from './running/in-process-compute.js';

const folder = fileURLToPath(new URL('./fixtures/stores/', import.meta.url));
const mode = { engine: 'reference', precision: 'float32', device: 'cpu' } as const;

/** A study of every kind of unit, of a network of eight kernels and eight images. */
function writeStudy(at: string): string {
  const pixels = Uint8Array.from({ length: 8 * 3 * 4 }, (_, i) => (i * 7919) % 256);
  writeFileSync(path.join(at, 'net.onnx'), networkFile(headedNetwork('plain')));
  writeFileSync(path.join(at, 'x.npy'), writeNpy({ dtype: 'uint8', shape: [8, 3, 2, 2], data: pixels }));
  const labels = Uint8Array.from({ length: 8 }, (_, i) => i % 3);
  writeFileSync(path.join(at, 'y.npy'), writeNpy({ dtype: 'uint8', shape: [8], data: labels }));
  const file = path.join(at, 'study.yaml');
  writeFileSync(
    file,
    `version: 1
study: recorded
data: { test: { format: npy, files: x.npy, labels: y.npy } }
models: { net: { file: net.onnx, data: test, input: { divide: 255 } } }
ablations:
  kernels: { unit: kernel, fill: [zero, mean, substitute] }
  pairs: { mode: pairs, within: any, budget: 6 }
  random: { mode: random, fill: [zero, resample], fractions: [0.25, 0.5], trials: 2 }
  by-damage: { mode: cumulative, order: kl, fractions: [0.5] }
  top: { mode: each, stop: { top: 2, epsilon: 0.05 } }
impulses: { probe: { at: input, base: { images: 4 }, amplitudes: [1, -1], positions: center, record: ['*'] } }
analysis: { bootstrap: 100, nulls: { shuffled: 1 } }
`,
  );
  return file;
}

async function opened(name: string): Promise<ObjectStore> {
  const objects = JSON.parse(gunzipSync(readFileSync(path.join(folder, name))).toString()) as Record<string, string>;
  const store = memoryStore();
  for (const [key, bytes] of Object.entries(objects)) await store.putIfAbsent(key, Buffer.from(bytes, 'base64'));
  return store;
}

const recorded = /^semantics-(\d+)\.json\.gz$/;
const names = readdirSync(folder).filter((name) => recorded.test(name));

/**
 * Stores that earlier code left: whoever updates percuss has one. They are never recorded anew; where `SEMANTICS` moves, that of the new one is added:
 * RECORD_STORE=1 npx vitest run test/study/recorded-store.test.ts
 */
describe('a store that was recorded', () => {
  test('is there of this SEMANTICS', () => expect(names).toContain(`semantics-${SEMANTICS}.json.gz`));

  test.each(names)(
    '%s: every object is what its key says, and studies, reports and tables can be read',
    async (name) => {
      const ledger = new Ledger(await opened(name));
      expect(await scrubStore(ledger)).toMatchObject({ damaged: [], foreign: { objects: 0 } });
      const [root, ...others] = await ledger.listStudies();
      expect(others).toEqual([]);
      const study = await ledger.getStudy(root?.id ?? '');
      expect(study).toMatchObject({ study: 'recorded', semantics: Number(recorded.exec(name)?.[1]) });
      const { outputs } = (await ledger.latestOutputs<{ outputs: StudyOutputs }>(root?.id ?? '')) as {
        outputs: StudyOutputs;
      };
      for (const ref of [outputs.report, outputs.summary, ...Object.values(outputs.tables)])
        expect((await ledger.getOutput(ref)).length).toBeGreaterThan(100);
      // Nothing that belongs to a study of before is taken for rubbish.
      const clock = { now: () => Date.now() + 1e9, sleep: () => Promise.resolve() };
      const gone = await collectGarbage(ledger, { grace: 1000, remove: false, clock });
      expect(gone.kinds.filter(({ kind }) => !['plans', 'analyses', 'blobs'].includes(kind))).toEqual([]);
    },
  );

  test(`semantics-${SEMANTICS}: nothing is missing, and nothing is computed when it runs again`, async () => {
    const ledger = new Ledger(await opened(`semantics-${SEMANTICS}.json.gz`));
    const [root] = await ledger.listStudies();
    const id = root?.id ?? '';
    expect(await explainStored(ledger, id)).toMatchObject({ missing: [] });
    const compute = inProcessCompute(ledger);
    const steps = createSteps({ ledger, compute });
    const options = { window: 1, onFailure: 'continue', tables: [] } as const;
    const { computed, failed } = await runStudySteps(steps, await storedStudy(ledger, id), options);
    await compute.close();
    expect([computed, failed]).toEqual([0, 0]);
  });
});

describe.runIf(process.env['RECORD_STORE'])('recording', () => {
  test('a store', async () => {
    const at = mkdtempSync(path.join(tmpdir(), 'percuss-record-'));
    const store = memoryStore();
    const ledger = new Ledger(store);
    await ledger.identity();
    await runFile(ledger, writeStudy(at), { mode, tables: ['models', 'ablations'] });
    const objects: Record<string, string> = {};
    for await (const { key } of store.list(''))
      objects[key] = Buffer.from((await store.get(key)) as Uint8Array).toString('base64');
    mkdirSync(folder, { recursive: true });
    writeFileSync(path.join(folder, `semantics-${SEMANTICS}.json.gz`), gzipSync(canonicalJson(objects), { level: 9 }));
    rmSync(at, { recursive: true });
  });
});
