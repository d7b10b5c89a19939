import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Ledger } from '../../core/ledger/ledger.js';
import { memoryStore } from '../../core/store/memory-store.js';
import type { Tables } from '../../core/tables/schema.js';
import { runFile } from '../builders/studies.js';
import {
  dead,
  gateA,
  gateB,
  halfA,
  halfB,
  images,
  labels,
  logOf,
  network,
  ownA,
  ownB,
  pixels,
} from './planted-pairs.js';
import { writeStudy } from './yaml-study.js';

const over = (of: (image: number) => number): number =>
  Array.from({ length: images }, (_, i) => of(i)).reduce((sum, x) => sum + x, 0) / images;
const klOf = (...removed: string[]): number =>
  over((i) => {
    const [p, q] = [logOf(i, []), logOf(i, removed)];
    return p.reduce((sum, x, c) => sum + Math.exp(x) * (x - (q[c] as number)), 0);
  });
/** KL of both, had the changes of the logits of each alone added up. */
const additiveOf = (a: string, b: string): number =>
  over((i) => {
    const [intact, one, other] = [logOf(i, []), logOf(i, [a]), logOf(i, [b])];
    const sums = intact.map((z, c) => one[c]! + other[c]! - z);
    const total = Math.log(sums.reduce((sum, z) => sum + Math.exp(z), 0));
    return intact.reduce((sum, x, c) => sum + Math.exp(x) * (x - (sums[c]! - total)), 0);
  });
const deltaLossOf = (order: readonly number[], ...removed: string[]): number =>
  over((i) => (logOf(i, [])[order[i] as number] as number) - (logOf(i, removed)[order[i] as number] as number));

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
      expect(row.kl_additive).toBeCloseTo(additiveOf(a, b), 5);
      expect(row.excess).toBeCloseTo(klOf(a, b) - additiveOf(a, b), 5);
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
    // The excess is the whole compensation, and ranks this pair above every other of its layer.
    expect(row.excess).toBeCloseTo(row.kl_joint!, 6);
    expect(row.excess_low).toBeGreaterThan(0);
    const others = tables.pairs.filter(
      (other) => other.relation === 'layer' && other.layer_a === 'conv1' && other !== row,
    );
    expect(others).toHaveLength(20);
    for (const other of others) expect(other.excess).toBeLessThan(row.excess! / 10);
  });

  test('that back each other up are not taken for dead, nor dead ones for those', () => {
    const [gated, withDead] = [pair(conv1(gateA), conv1(gateB)), pair(conv1(gateA), conv1(dead))];
    for (const row of [gated, withDead])
      expect([row.kl_a, row.kl_b]).toEqual([expect.closeTo(0, 7), expect.closeTo(0, 7)]);
    expect(gated.excess_low).toBeGreaterThan(0.05);
    for (const value of [withDead.excess!, withDead.excess_low!, withDead.excess_high!])
      expect(Math.abs(value)).toBeLessThan(1e-12);
  });

  test('of which neither covers for the other have no excess, though KL interacts', () => {
    // Two halves of one, and two that have nothing in common, push on logits that add up.
    for (const [a, b] of [
      [halfA, halfB],
      [ownA, ownB],
      [halfA, ownB],
    ] as const) {
      const row = pair(conv1(a), conv1(b));
      expect(Math.abs(row.excess!)).toBeLessThan(1e-6);
      expect(Math.abs(row.kl_interaction!)).toBeGreaterThan(1e-3);
    }
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
    expect(row.excess_high).toBeLessThan(0);
  });

  test('of which one is dead have no interaction at all', () => {
    for (const other of [gateA, halfA, ownB]) expect(pair(conv1(other), conv1(dead)).kl_interaction).toBeCloseTo(0, 9);
  });

  test('are summed up within layers, across them, and by distance', () => {
    const rows = tables.interactions.filter((row) => row.measure === 'kl');
    expect(rows.map((row) => row.part)).toEqual(['layer', 'across', 'distance']);
    const within = tables.pairs.filter((row) => row.relation === 'layer');
    const mean = within.reduce((sum, row) => sum + row.kl_interaction!, 0) / within.length;
    expect(rows[0]).toMatchObject({ pairs: 31, units: 12, interaction: expect.closeTo(mean, 12) as number });
  });

  test('share their single cells with mode each, and a larger budget keeps the smaller one’s', async () => {
    const ledger = new Ledger(memoryStore());
    const each = await run(ledger, '  one: { mode: each }');
    // Twelve kernels, what gradients say of them, baseline and profile.
    expect(each.computed).toBe(15);
    const few = await run(ledger, '  two: { mode: pairs, within: [layer, across], budget: 20 }');
    // Twenty pairs; the intact network and the kernels that are in them for their outputs.
    expect(few.computed).toBe(33);
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
