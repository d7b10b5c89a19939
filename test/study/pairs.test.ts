import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Ledger } from '../../core/ledger/ledger.js';
import { randomStream } from '../../core/random.js';
import { memoryStore } from '../../core/store/memory-store.js';
import type { Tables } from '../../core/tables/schema.js';
import { floats, onnxFile } from '../builders/onnx-model.js';
import { runFile } from '../builders/studies.js';
import { writeStudy } from './yaml-study.js';

const images = 40;
const classes = 4;
const area = 4;

/** conv1: x0 twice (back-up), x1 twice (halves), x0 and x2 (each for itself), and a dead kernel. */
const first = [0, 0, 1, 1, 0, 2, -1];
const [gateA, gateB, halfA, halfB, ownA, ownB, dead] = [0, 1, 2, 3, 4, 5, 6] as const;
/** conv2, by kernel of conv1: a, max(b − a, 0), the two halves added, and each of the others as it is. */
const second = [
  [1, 0, 0, 0, 0, 0, 0],
  [-1, 1, 0, 0, 0, 0, 0],
  [0, 0, 0.5, 0.5, 0, 0, 0],
  [0, 0, 0, 0, 1, 0, 0],
  [0, 0, 0, 0, 0, 1, 0],
];
/** Into the classes; the first two are a + max(b − a, 0) = max(a, b). */
const head = [
  [3, 0, 0, 0],
  [3, 0, 0, 0],
  [0, 3, 0, 0],
  [0, 0, 2, 0],
  [0, 0, 0, 2],
];

const random = randomStream(5, 'planted pairs');
const pixels = Float32Array.from({ length: images * 3 * area }, () => random.uniform());
const labels = Array.from({ length: images }, (_, i) => i % classes);

/** Log-probabilities of an image without some kernels, in float64, from the weights alone. */
function logOf(image: number, removed: readonly string[]): number[] {
  const logits = Array.from({ length: classes }, () => 0);
  for (let p = 0; p < area; p++) {
    const one = first.map((input, k) =>
      removed.includes(`conv1[${k}]`) || input < 0 ? 0 : Math.max(0, pixels[(image * 3 + input) * area + p] as number),
    );
    second.forEach((row, k) => {
      if (removed.includes(`conv2[${k}]`)) return;
      const value = Math.max(
        0,
        row.reduce((sum, weight, j) => sum + weight * (one[j] as number), 0),
      );
      head[k]?.forEach((weight, c) => void (logits[c] = (logits[c] as number) + (weight * value) / area));
    });
  }
  const total = Math.log(logits.reduce((sum, x) => sum + Math.exp(x), 0));
  return logits.map((x) => x - total);
}

const over = (of: (image: number) => number): number =>
  Array.from({ length: images }, (_, i) => of(i)).reduce((sum, x) => sum + x, 0) / images;
const klOf = (...removed: string[]): number =>
  over((i) => {
    const [p, q] = [logOf(i, []), logOf(i, removed)];
    return p.reduce((sum, x, c) => sum + Math.exp(x) * (x - (q[c] as number)), 0);
  });
const deltaLossOf = (order: readonly number[], ...removed: string[]): number =>
  over((i) => (logOf(i, [])[order[i] as number] as number) - (logOf(i, removed)[order[i] as number] as number));

const network = (): Uint8Array =>
  onnxFile({
    inputs: { x: ['n', 3, 2, 2] },
    outputs: ['y'],
    nodes: [
      {
        op: 'Conv',
        name: 'conv1',
        inputs: ['x', 'conv1.weight'],
        outputs: ['a'],
        attributes: { kernel_shape: [1, 1] },
      },
      { op: 'Relu', inputs: ['a'], outputs: ['b'] },
      {
        op: 'Conv',
        name: 'conv2',
        inputs: ['b', 'conv2.weight'],
        outputs: ['c'],
        attributes: { kernel_shape: [1, 1] },
      },
      { op: 'Relu', inputs: ['c'], outputs: ['d'] },
      { op: 'GlobalAveragePool', inputs: ['d'], outputs: ['e'] },
      { op: 'Flatten', inputs: ['e'], outputs: ['f'] },
      { op: 'MatMul', inputs: ['f', 'fc.weight'], outputs: ['y'] },
    ],
    initialisers: [
      floats(
        'conv1.weight',
        [7, 3, 1, 1],
        first.flatMap((input) => [0, 1, 2].map((c) => (c === input ? 1 : 0))),
      ),
      floats('conv2.weight', [5, 7, 1, 1], second.flat()),
      floats('fc.weight', [5, classes], head.flat()),
    ],
  });

describe('pairs of kernels of a planted network', () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'percuss-pairs-'));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  async function run(ledger: Ledger, ablations: string): Promise<{ tables: Tables; computed: number }> {
    const rest = `ablations:\n${ablations}\nrun: { engine: reference }\n`;
    const file = writeStudy(folder, { network: network(), pixels, shape: [3, 2, 2], labels, rest });
    const mode = { engine: 'reference', precision: 'float32', device: 'cpu' } as const;
    const ran = await runFile(ledger, file, { mode, batchSeconds: 1 });
    return { tables: await ran.tables(), computed: ran.result.computed };
  }

  let tables: Tables;
  beforeAll(async () => {
    tables = (await run(new Ledger(memoryStore()), '  two: { mode: pairs }')).tables;
  }, 60_000);
  const pair = (a: string, b: string): Tables['pairs'][number] => {
    const found = tables.pairs.find(
      (row) => `${row.layer_a}[${row.channel_a}]` === a && `${row.layer_b}[${row.channel_b}]` === b,
    );
    if (!found) throw new Error(`no pair ${a} ${b}`);
    return found;
  };
  const conv1 = (k: number): string => `conv1[${k}]`;

  test('are all pairs, each with its layers and its distance', () => {
    expect(tables.pairs).toHaveLength((12 * 11) / 2);
    expect(tables.pairs.filter((row) => row.relation === 'layer')).toHaveLength(21 + 10);
    expect(pair('conv1[0]', 'conv2[0]')).toMatchObject({ relation: 'across', depth_a: 0, depth_b: 1, distance: 1 });
    expect(pair('conv1[0]', 'conv1[1]')).toMatchObject({ relation: 'layer', distance: 0, images, state: 'ok' });
  });

  test('do what the weights say, in KL and in loss, for every one of them', () => {
    for (const row of tables.pairs) {
      const [a, b] = [`${row.layer_a}[${row.channel_a}]`, `${row.layer_b}[${row.channel_b}]`];
      expect(row.kl_a).toBeCloseTo(klOf(a), 5);
      expect(row.kl_b).toBeCloseTo(klOf(b), 5);
      expect(row.kl_joint!).toBeCloseTo(klOf(a, b), 5);
      expect(row.kl_interaction).toBeCloseTo(klOf(a, b) - klOf(a) - klOf(b), 5);
      expect(row.delta_loss_interaction).toBeCloseTo(
        deltaLossOf(labels, a, b) - deltaLossOf(labels, a) - deltaLossOf(labels, b),
        5,
      );
    }
  });

  test('that back each other up, max(a, b), are free alone and harmful together: all of it is interaction', () => {
    const row = pair(conv1(gateA), conv1(gateB));
    expect([row.kl_a!, row.kl_b]).toEqual([expect.closeTo(0, 7), expect.closeTo(0, 7)]);
    expect(row.kl_joint!).toBeGreaterThan(0.1);
    expect(row.kl_interaction).toBeCloseTo(row.kl_joint!, 6);
    expect(row.kl_interaction_low).toBeGreaterThan(0);
  });

  test('that are two halves of one are about half as harmful each, less by the curve of KL', () => {
    const row = pair(conv1(halfA), conv1(halfB));
    expect(row.kl_a).toBeCloseTo(row.kl_b!, 6);
    // Logits add; KL grows with the square of small changes, so the whole is between two and four halves.
    expect(row.kl_joint! / row.kl_a!).toBeGreaterThan(2);
    expect(row.kl_joint! / row.kl_a!).toBeLessThan(4.5);
  });

  test('one behind the other do together what each does alone', () => {
    const row = pair(conv1(ownA), 'conv2[3]');
    expect(row.kl_joint!).toBeCloseTo(row.kl_a!, 6);
    expect(row.kl_interaction).toBeCloseTo(-row.kl_a!, 6);
    expect(row.kl_interaction_high).toBeLessThan(0);
  });

  test('of which one is dead have no interaction at all', () => {
    for (const other of [gateA, halfA, ownB]) expect(pair(conv1(other), conv1(dead)).kl_interaction).toBeCloseTo(0, 9);
  });

  test('are summed up within layers, across them, by distance, and as a difference', () => {
    const rows = tables.interactions.filter((row) => row.measure === 'kl');
    expect(rows.map((row) => row.part)).toEqual(['layer', 'across', 'distance', 'difference']);
    const within = tables.pairs.filter((row) => row.relation === 'layer');
    const mean = within.reduce((sum, row) => sum + row.kl_interaction!, 0) / within.length;
    expect(rows[0]).toMatchObject({ pairs: 31, units: 12, interaction: expect.closeTo(mean, 12) as number, p: null });
    expect(rows[3]?.p).toBeGreaterThan(0);
    expect(rows[3]?.p).toBeLessThanOrEqual(1);
  });

  test('share their single cells with mode each, and a larger budget keeps the smaller one’s', async () => {
    const ledger = new Ledger(memoryStore());
    const each = await run(ledger, '  one: { mode: each }');
    // Twelve kernels, baseline and profile.
    expect(each.computed).toBe(14);
    const few = await run(ledger, '  two: { mode: pairs, within: [layer, across], budget: 20 }');
    expect(few.computed).toBe(20);
    const more = await run(ledger, '  two: { mode: pairs, within: [layer, across], budget: 30 }');
    expect(more.computed).toBe(10);
    const kept = new Set(
      more.tables.pairs.map((row) => `${row.layer_a}${row.channel_a} ${row.layer_b}${row.channel_b}`),
    );
    for (const row of few.tables.pairs)
      expect(kept).toContain(`${row.layer_a}${row.channel_a} ${row.layer_b}${row.channel_b}`);
    // Across holds 35 pairs, so half of a large budget takes them all.
    const all = await run(ledger, '  two: { mode: pairs, within: across, budget: 1000 }');
    expect(all.tables.pairs).toHaveLength(35);
  });

  test('filled from donors are averaged over draws before they are compared', async () => {
    const { tables: drawn } = await run(
      new Ledger(memoryStore()),
      '  two: { mode: pairs, layers: [conv1], fill: [resample, mean] }',
    );
    expect(drawn.pairs.filter((row) => row.fill === 'resample')).toHaveLength(3 * 21);
    const [row] = drawn.interactions.filter((one) => one.fill === 'resample' && one.measure === 'kl');
    const mean = drawn.pairs
      .filter((one) => one.fill === 'resample')
      .reduce((sum, one) => sum + one.kl_interaction!, 0);
    expect(row).toMatchObject({ part: 'layer', pairs: 21, interaction: expect.closeTo(mean / 63, 10) as number });
  });
});
