import { describe, expect, test } from 'vitest';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { Ledger } from '../../core/ledger/ledger.js';
import type { DeviceName, EngineName } from '../../core/numeric-mode.js';
import type { StudySpec } from '../../core/spec/study-spec.js';
import { memoryStore } from '../../core/store/memory-store.js';
import { openStore } from '../../core/store/open.js';
import type { Compute } from '../../core/study/running/compute.js';
import { inProcessCompute } from './running/in-process-compute.js';
import type { Tables } from '../../core/tables/schema.js';
import { tensorFlowFromCache } from '../../infra/setup/load-tfjs.js';
import { computeChildren } from '../../workers/children.js';
import { hasNativeTensorFlow } from '../engine/native-tensorflow.js';
import { hasSharedData } from '../builders/shared-data.js';
import { ablation, smallStudy } from '../builders/small-study.js';
import { runSpec } from '../builders/studies.js';

async function tablesOf(device: DeviceName, engine: EngineName, spec: StudySpec, open = inProcess): Promise<Tables> {
  const { ledger, compute, close } = await open();
  try {
    const mode = { engine, precision: 'float32', device } as const;
    const ran = await runSpec(ledger, spec, { mode, compute, window: compute.slots });
    expect(ran.result.failed).toBe(0);
    return await ran.tables();
  } finally {
    await close();
  }
}

interface Place {
  readonly ledger: Ledger;
  readonly compute: Compute;
  readonly close: () => Promise<void>;
}

function inProcess(): Promise<Place> {
  const ledger = new Ledger(memoryStore());
  const compute = inProcessCompute(ledger, { tensorflow: tensorFlowFromCache });
  return Promise.resolve({ ledger, compute, close: () => compute.close() });
}

async function inChildren(): Promise<Place> {
  const folder = mkdtempSync(path.join(tmpdir(), 'percuss-tfjs-'));
  const ledger = new Ledger(await openStore(`file:${folder}`));
  const built = (file: string): URL => new URL(`../../dist/workers/${file}`, import.meta.url);
  const compute = computeChildren({
    slots: 2,
    entry: fileURLToPath(built('compute-child.js')),
    handler: built('compute-batch.js').href,
  });
  return {
    ledger,
    compute,
    close: async () => {
      await compute.close();
      await ledger.close();
      rmSync(folder, { recursive: true });
    },
  };
}

type Row = Readonly<Record<string, unknown>>;

/** Columns whose numbers differ by more than `tolerance` times the largest number in them; other values must be equal. */
function differences(rows: readonly object[], others: readonly object[], tolerance: number): readonly string[] {
  expect(rows.length).toBe(others.length);
  expect(rows.length).toBeGreaterThan(0);
  return Object.keys(rows[0] as Row).flatMap((column) => {
    const pairs = rows.map((row, i) => [(row as Row)[column], (others[i] as Row)[column]] as const);
    const largest = Math.max(...pairs.map(([a]) => (typeof a === 'number' ? Math.abs(a) : 0)));
    const wrong = pairs.filter(([a, b]) =>
      typeof a === 'number' && typeof b === 'number' ? Math.abs(a - b) > tolerance * largest : a !== b,
    );
    return wrong.length > 0 ? [`${column}: ${wrong.length} of ${pairs.length}, first ${wrong[0]?.join(' and ')}`] : [];
  });
}

/** All tables that have rows; objects are named by their bytes, which differ. */
function disagreements(tables: Tables, others: Tables): readonly string[] {
  const names = [
    'ablations',
    'curves',
    'kernels',
    'layers',
    'models',
    'predictors',
    'responses',
    'similarity',
  ] as const;
  return names.flatMap((name) =>
    tables[name].length === 0 && others[name].length === 0
      ? []
      : differences(tables[name], others[name], 1e-4)
          .filter((column) => !column.startsWith('object:'))
          .map((column) => `${name}.${column}`),
  );
}

/** Without what takes a slow device long: kernels, and several of them at once with means and donors. */
function briefStudy(): StudySpec {
  const spec = smallStudy();
  return {
    ...spec,
    data: spec.data.map((data) => ({ ...data, images: 20 })),
    models: spec.models.map((model) => ({ ...model, expect: undefined })),
    ablations: [
      ablation('kernels', { fill: ['zero', 'mean'] }),
      ablation('donors', { mode: 'random', fractions: [0.2], fill: ['resample', 'mean-position'] }),
    ],
    impulses: [],
  };
}

describe.skipIf(!hasSharedData)('a study on tfjs', () => {
  test('on wasm gives the tables that onnxruntime gives, to 1e-4', async () => {
    const spec = briefStudy();
    const tables = await tablesOf('wasm', 'tfjs', spec);
    expect(disagreements(await tablesOf('cpu', 'onnxruntime', spec), tables)).toEqual([]);
    expect(tables.ablations.length).toBeGreaterThan(100);
  });

  test.skipIf(!hasNativeTensorFlow)(
    'on the native library, in compute processes, gives the tables that onnxruntime gives, impulses too',
    async () => {
      const tables = await tablesOf('cpu', 'tfjs', smallStudy(), inChildren);
      expect(disagreements(await tablesOf('cpu', 'onnxruntime', smallStudy()), tables)).toEqual([]);
      expect(tables.responses.length).toBeGreaterThan(100);
    },
  );

  test.skipIf(!hasNativeTensorFlow)(
    'on the native library gives the same numbers, to the bit, whatever the size of its batches',
    async () => {
      const spec = briefStudy();
      const small = await tablesOf('cpu', 'tfjs', { ...spec, run: { ...spec.run, batchSeconds: 0.01 } });
      const large = await tablesOf('cpu', 'tfjs', { ...spec, run: { ...spec.run, batchSeconds: 5 } });
      expect(small).toEqual(large);
    },
  );
});
