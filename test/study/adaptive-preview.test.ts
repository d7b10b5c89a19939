import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { waveEnds } from '../../core/data/waves.js';
import { Ledger } from '../../core/ledger/ledger.js';
import { emitOnnx } from '../../core/network/emit-onnx.js';
import { randomStream } from '../../core/random.js';
import { memoryStore } from '../../core/store/memory-store.js';
import { readStudy } from '../../core/study/preparing/prepare-study.js';
import type { Tables } from '../../core/tables/schema.js';
import { runFile } from '../builders/studies.js';
import { SmallNetwork } from '../import/fixtures/small-network.js';
import { writeStudy } from './yaml-study.js';

const [images, kernels] = [260, 72];
const mode = { engine: 'onnxruntime', precision: 'float32', device: 'cpu' } as const;
const stop = (more: string): string => `{ mode: each, stop: { top: 4, epsilon: 0.01, clip: 0.5${more} } }`;

/** Two layers behind one another of which a few kernels matter. */
function network(): Uint8Array {
  const net = new SmallNetwork(2, 4);
  const first = net.relu('relu1', net.conv('conv1', net.input, kernels / 2));
  const second = net.relu('relu2', net.conv('conv2', first, kernels / 2));
  return emitOnnx(net.graph(net.head(second)));
}

describe('an adaptive ablation by preview', () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'percuss-adaptive-preview-'));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  function write(ablations: string): string {
    const random = randomStream(9, 'adaptive preview');
    return writeStudy(folder, {
      network: network(),
      pixels: Float32Array.from({ length: images * 32 }, () => random.normal()),
      shape: [2, 4, 4],
      labels: Array.from({ length: images }, (_, i) => i % 5),
      rest: `ablations: { ${ablations} }\n`,
    });
  }

  async function run(ledger: Ledger, ablations: string, options: { readonly batchSeconds?: number } = {}) {
    const ran = await runFile(ledger, write(ablations), { mode, batchSeconds: 5, ...options });
    return { tables: await ran.tables(), computed: ran.result.computed };
  }

  const ledger = new Ledger(memoryStore());
  let whole: { readonly tables: Tables; readonly computed: number };
  let exact: readonly number[];
  beforeAll(async () => {
    whole = await run(ledger, `top: ${stop(', by: preview')}`);
    const every = await run(new Ledger(memoryStore()), `each: { mode: each, stop: { precision: 1.0e-9, clip: 0.5 } }`);
    exact = every.tables.stops.map((row) => row.kl as number);
  }, 120_000);

  test('finds the top within epsilon, and says what was predicted beside what was measured', () => {
    const { stops } = whole.tables;
    const least = exact.toSorted((a, b) => b - a)[3] as number;
    const top = stops.filter(({ place }) => place === 'top');
    expect(top).toHaveLength(4);
    for (const { index } of top) expect(exact[index]).toBeGreaterThanOrEqual(least - 0.01);
    for (const row of stops) {
      expect(row.kl_low).toBeLessThanOrEqual((exact[row.index] as number) + 1e-6);
      expect(row.kl_high).toBeGreaterThanOrEqual((exact[row.index] as number) - 1e-6);
      expect(waveEnds(images)).toContain(row.images);
      expect(row.kl_predicted).toBeGreaterThanOrEqual(0);
    }
    // Predictions are of the same conditions as what they stand beside.
    const ascending = stops.toSorted((a, b) => exact[a.index]! - exact[b.index]!);
    const mean = (rows: typeof stops): number => rows.reduce((sum, row) => sum + row.kl_predicted!, 0) / rows.length;
    expect(mean(ascending.slice(-12))).toBeGreaterThan(3 * mean(ascending.slice(0, 12)));
  });

  test('runs what is tried and predicted as units of its own, once', async () => {
    const of = (name: string) => whole.tables.coverage.find((row) => row.ablation === name);
    expect(of('top (preview)')).toMatchObject({ kind: 'predictions', planned: 2, committed: 2 });
    expect(of('top')?.planned).toBe(
      whole.tables.stops.reduce((sum, { images: own }) => sum + waveEnds(images).indexOf(own) + 1, 32),
    );
    const again = await run(ledger, `top: ${stop(', by: preview')}`);
    expect(again.computed).toBe(0);
    expect(again.tables).toEqual(whole.tables);
  });

  test('is the same however its work is divided', async () => {
    const other = await run(new Ledger(memoryStore()), `top: ${stop(', by: preview')}`, { batchSeconds: 1e-6 });
    expect(other.tables).toEqual(whole.tables);
  });

  test('shares its cells with one that stops by images alone, which knows nothing of predictions', async () => {
    const plain = await run(ledger, `top: ${stop('')}`);
    const alone = await run(new Ledger(memoryStore()), `top: ${stop('')}`);
    expect(plain.tables).toEqual(alone.tables);
    expect(plain.computed).toBeLessThan(alone.computed / 2);
    const spent = ({ stops }: Tables): number => stops.reduce((sum, row) => sum + row.images, 0);
    expect(spent(whole.tables)).toBeLessThan(spent(plain.tables));
    expect(plain.tables.stops.every((row) => row.kl_predicted === null)).toBe(true);
    expect(plain.tables.coverage.some(({ kind }) => kind === 'predictions')).toBe(false);
  });

  test('stops by images where nothing can be predicted, or too little, and says why', async () => {
    const { notices, resolved } = await readStudy(
      write(`told: { mode: each, fill: substitute, stop: { precision: 0.1, by: preview } },
  few: { mode: each, layers: conv1, stop: { precision: 0.1, by: preview } },
  all: { mode: each, stop: { precision: 0.1, by: preview } }`),
    );
    expect(notices).toEqual([
      expect.stringMatching(
        /^ablations\.told\.stop: net stops by images alone, without a preview: fill substitute: what substitutes are fitted to is not there/,
      ),
      'ablations.few.stop: net stops by images alone, without a preview: predicting 36 conditions takes longer than it spares',
    ]);
    expect(resolved.study.ablations.map(({ previewed }) => previewed)).toEqual([undefined, undefined, ['net']]);
  });
});
