import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { randomStream } from '../../core/random.js';
import type { BetweenRow } from '../../core/tables/schema.js';
import { floats, onnxFile } from '../builders/onnx-model.js';
import { Ledger } from '../../core/ledger/ledger.js';
import { memoryStore } from '../../core/store/memory-store.js';
import { NetworkComparisons, standNulls } from '../../core/study/analysing/network-comparisons.js';
import { Catalog } from '../../core/study/catalog.js';
import { nextStage } from '../../core/study/planning/plan-stage.js';
import { nullReader } from '../../core/study/reading/null-reader.js';
import type { Tables } from '../../core/tables/schema.js';
import { runFile, type Ran } from '../builders/studies.js';
import { writeInputs } from './yaml-study.js';

const images = 120;
const [one, two] = [6, 8];

/** Weights of two convolutions, 3 → 6 → 8 kernels of 3 × 3, and of a head for 4 classes. */
interface Weights {
  readonly first: readonly (readonly number[])[];
  readonly second: readonly (readonly (readonly number[])[])[];
  readonly head: readonly (readonly number[])[];
}

function drawn(name: string): Weights {
  const random = randomStream(3, 'between', name);
  const list = (length: number): number[] => Array.from({ length }, () => random.normal());
  return {
    first: Array.from({ length: one }, () => list(27)),
    second: Array.from({ length: two }, () => Array.from({ length: one }, () => list(9))),
    head: Array.from({ length: two }, () => list(4)),
  };
}

/** The same function: kernels in another order, each times a factor that what reads it takes back. */
function renamed({ first, second, head }: Weights): Weights {
  const order = { one: [3, 0, 5, 1, 4, 2], two: [7, 2, 4, 0, 1, 6, 5, 3] };
  const factor = (k: number): number => [0.1, 3, 1, 20, 0.5, 2, 7, 0.02][k] as number;
  return {
    first: order.one.map((k) => first[k]!.map((w) => w * factor(k))),
    second: order.two.map((k) => order.one.map((from) => second[k]![from]!.map((w) => (w * factor(k)) / factor(from)))),
    head: order.two.map((k) => head[k]!.map((w) => w / factor(k))),
  };
}

const network = ({ first, second, head }: Weights): Uint8Array =>
  onnxFile({
    inputs: { x: ['n', 3, 8, 8] },
    outputs: ['y'],
    nodes: [
      {
        op: 'Conv',
        name: 'conv1',
        inputs: ['x', 'conv1.weight'],
        outputs: ['a'],
        attributes: { kernel_shape: [3, 3], pads: [1, 1, 1, 1] },
      },
      { op: 'Relu', inputs: ['a'], outputs: ['b'] },
      {
        op: 'Conv',
        name: 'conv2',
        inputs: ['b', 'conv2.weight'],
        outputs: ['c'],
        attributes: { kernel_shape: [3, 3], pads: [1, 1, 1, 1], strides: [2, 2] },
      },
      { op: 'Relu', inputs: ['c'], outputs: ['d'] },
      { op: 'GlobalAveragePool', inputs: ['d'], outputs: ['e'] },
      { op: 'Flatten', inputs: ['e'], outputs: ['f'] },
      { op: 'MatMul', inputs: ['f', 'fc.weight'], outputs: ['y'] },
    ],
    initialisers: [
      floats('conv1.weight', [one, 3, 3, 3], first.flat()),
      floats('conv2.weight', [two, one, 3, 3], second.flat(2)),
      floats('fc.weight', [two, 4], head.flat()),
    ],
  });

describe('networks of a study against each other', () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'percuss-between-'));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  const ledger = new Ledger(memoryStore());
  let ran: Ran;
  let tables: Tables;

  beforeAll(async () => {
    const random = randomStream(3, 'between', 'images');
    const pixels = Array.from({ length: images }, () => Float32Array.from({ length: 192 }, () => random.normal()));
    const labels = Array.from({ length: images }, (_, i) => i % 4);
    writeInputs(folder, network(drawn('net')), pixels, [3, 8, 8], labels);
    writeFileSync(path.join(folder, 'copy.onnx'), network(renamed(drawn('net'))));
    writeFileSync(path.join(folder, 'other.onnx'), network(drawn('other')));
    const file = path.join(folder, 'study.yaml');
    writeFileSync(
      file,
      `version: 1
study: between
data: { test: { format: npy, files: x.npy, labels: y.npy, order: file } }
models:
  net: { file: net.onnx, data: test }
  copy: { file: copy.onnx, data: test }
  other: { file: other.onnx, data: test }
  scaled: { file: other.onnx, data: test, input: { divide: 2 } }
impulses: { images: { base: { images: 16 } } }
analysis: { nulls: { shuffled: 2 }, rarefy: { kernels: 3, sites: 2 } }
run: { engine: reference }
`,
    );
    ran = await runFile(ledger, file, { mode: { engine: 'reference', precision: 'float32', device: 'cpu' } });
    tables = await ran.tables();
  }, 120_000);

  const row = (a: string, b: string, siteA: string, siteB = siteA): BetweenRow => {
    const found = tables.between.find(
      (one) => one.model_a === a && one.model_b === b && one.site_a === siteA && one.site_b === siteB,
    );
    if (!found) throw new Error(`no row of ${siteA} of ${a} and ${siteB} of ${b}`);
    return found;
  };

  test('have a row for each two sites, in both directions', () => {
    expect(tables.between).toHaveLength(4 * 3 * 2 * 2);
    expect(tables.between.filter(({ nearest }) => nearest)).toHaveLength(4 * 3 * 2);
    expect(row('net', 'other', 'conv1', 'conv2')).toMatchObject({ nearest: false, r2_null: null, r2_excess: null });
  });

  test.each([
    ['net', 'copy'],
    ['copy', 'net'],
  ])('%s and %s, one of them with kernels permuted and rescaled, are the same network', (a, b) => {
    for (const site of ['conv1', 'conv2']) {
      const { r2_low, r2_high, cka, examples } = row(a, b, site);
      expect(r2_low).toBeGreaterThan(0.99);
      expect(r2_high).toBeGreaterThan(0.99);
      expect(cka).toBeGreaterThan(0.9999);
      expect(examples).toBe(120);
    }
  });

  test('unrelated networks share what their nulls share', () => {
    for (const site of ['conv1', 'conv2']) {
      const { r2_low, r2_null, r2_excess } = row('net', 'other', site);
      expect(r2_low).toBeLessThan(0.9);
      expect(r2_excess).toBeCloseTo(r2_low! - r2_null!, 12);
      expect(Math.abs(r2_excess!)).toBeLessThan(0.25);
    }
  });

  test('networks that take other inputs got other impulses: no R², and CKA on the same images', async () => {
    const { kernels, r2_low, cka } = row('other', 'scaled', 'conv2');
    expect([kernels, r2_low]).toEqual([null, null]);
    expect(cka).toBeCloseTo(1, 4);
    const report = new TextDecoder().decode(await ledger.getOutput(ran.result.report));
    expect(report).toContain('id="fig-between"');
    expect(report).toContain('id="fig-between-map"');
  });

  test('have the same rows where there is room for one other network at a time', async () => {
    const { models } = await nextStage(ledger, new Catalog((digest) => ledger.getBlob(digest)), ran.ref);
    const compared = async (outlines: typeof models, room: number): Promise<[groups: number, rows: BetweenRow[]]> => {
      const comparisons = new NetworkComparisons(ledger, outlines, 0, room);
      const rows: BetweenRow[] = [];
      let groups = 0;
      for (const outline of outlines) {
        for await (const group of comparisons.from(outline)) {
          groups++;
          await standNulls(nullReader(ledger, outline, 0), group);
          rows.push(...group.flatMap((comparison) => comparison.rows(0.05)));
        }
      }
      return [groups, rows];
    };
    const [many, rows] = await compared(models, 2 ** 28);
    const [few, same] = await compared(models, 0);
    expect([many, few > many]).toEqual([4, true]);
    expect(rows).toEqual(tables.between);
    expect(same).toEqual(rows);
    expect(rows.some(({ rarefied_null }) => rarefied_null !== null)).toBe(true);
  });
});
