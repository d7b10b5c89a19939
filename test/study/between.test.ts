import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { randomStream } from '../../core/random.js';
import type { BetweenRow } from '../../core/tables/schema.js';
import { floats, onnxFile } from '../builders/onnx-model.js';
import { runYaml, writeInputs, type RanStudy } from './yaml-study.js';

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
  let ran: RanStudy;

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
    ran = await runYaml(file, { engine: 'reference', tables: ['between'] });
  }, 120_000);

  const row = (a: string, b: string, siteA: string, siteB = siteA): BetweenRow => {
    const found = ran.tables.between.find(
      (one) => one.model_a === a && one.model_b === b && one.site_a === siteA && one.site_b === siteB,
    );
    if (!found) throw new Error(`no row of ${siteA} of ${a} and ${siteB} of ${b}`);
    return found;
  };

  test('have a row for each two sites, in both directions', () => {
    expect(ran.tables.between).toHaveLength(4 * 3 * 2 * 2);
    expect(ran.tables.between.filter(({ nearest }) => nearest)).toHaveLength(4 * 3 * 2);
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

  test('networks that take other inputs got other impulses: no R², and CKA on the same images', () => {
    const { kernels, r2_low, cka } = row('other', 'scaled', 'conv2');
    expect([kernels, r2_low]).toEqual([null, null]);
    expect(cka).toBeCloseTo(1, 4);
    expect(ran.report).toContain('id="fig-between"');
  });
});
