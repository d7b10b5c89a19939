import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Ledger } from '../../core/ledger/ledger.js';
import { findings } from '../../core/report/sentences.js';
import { memoryStore } from '../../core/store/memory-store.js';
import type { Tables } from '../../core/tables/schema.js';
import { runFile } from '../builders/studies.js';
import { acrossOnly, images, labels, logOf, network, noBackUp, pixels, withinOnly } from './planted-quadruples.js';
import { contextWith } from '../report/reading.js';
import { writeStudy } from './yaml-study.js';

const folder = mkdtempSync(path.join(tmpdir(), 'percuss-quadruples-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

interface Ran {
  readonly tables: Tables;
  readonly computed: number;
}

async function run(planted: typeof acrossOnly, ledger = new Ledger(memoryStore()), budget = 30): Promise<Ran> {
  const rest = `ablations:\n  four: { mode: quadruples, layers: "b*", budget: ${budget} }\nrun: { engine: reference }\n`;
  const file = writeStudy(folder, { network: network(planted), pixels, shape: [3, 2, 2], labels, rest });
  const mode = { engine: 'reference', precision: 'float32', device: 'cpu' } as const;
  const ran = await runFile(ledger, file, { mode, batchSeconds: 1 });
  return { tables: await ran.tables(), computed: ran.result.computed };
}

const klOf = (p: readonly number[], q: readonly number[]): number =>
  p.reduce((sum, x, c) => sum + Math.exp(x) * (x - (q[c] as number)), 0);

/** From what was planted: what two kernels do together beyond the sum of what each does to the logits. */
function excessOf(planted: typeof acrossOnly, a: string, b: string): number {
  let total = 0;
  for (let image = 0; image < images; image++) {
    const [z, one, other, joint] = [[], [a], [b], [a, b]].map((removed) => logOf(planted, image, removed)) as [
      number[],
      number[],
      number[],
      number[],
    ];
    const sums = z.map((x, c) => (one[c] as number) + (other[c] as number) - x);
    const whole = Math.log(sums.reduce((sum, x) => sum + Math.exp(x), 0));
    total +=
      klOf(z, joint) -
      klOf(
        z,
        sums.map((x) => x - whole),
      );
  }
  return total / images;
}

const all = ({ contrasts }: Tables): Tables['contrasts'][number] => {
  const [first] = contrasts;
  if (first?.part !== 'all') throw new Error('no mean over all quadruples');
  return first;
};

describe('quadruples of planted networks', () => {
  const planted = { acrossOnly, withinOnly, noBackUp };
  const ran = new Map<string, Ran>();
  beforeAll(async () => {
    for (const [name, one] of Object.entries(planted)) ran.set(name, await run(one));
  }, 60_000);
  const tablesOf = (name: keyof typeof planted): Tables => (ran.get(name) as Ran).tables;

  test.each(Object.keys(planted) as (keyof typeof planted)[])('do what was planted, pair by pair: %s', (name) => {
    const { quadruples } = tablesOf(name);
    expect(quadruples.length).toBeGreaterThan(15);
    for (const row of quadruples) {
      const kernel = (layer: string, channel: number): string => `${layer}[${channel}]`;
      const [fa, fb] = [kernel(row.layer_first, row.first_a), kernel(row.layer_first, row.first_b)];
      const [sa, sb] = [kernel(row.layer_second, row.second_a), kernel(row.layer_second, row.second_b)];
      expect(row.excess_first).toBeCloseTo(excessOf(planted[name], fa, fb), 5);
      expect(row.excess_second).toBeCloseTo(excessOf(planted[name], sa, sb), 5);
      expect(row.excess_ab).toBeCloseTo(excessOf(planted[name], fa, sb), 5);
      expect(row.excess_ba).toBeCloseTo(excessOf(planted[name], fb, sa), 5);
    }
  });

  test('tell back-up across layers from back-up within them, and see none where changes of logits add up', () => {
    const across = all(tablesOf('acrossOnly'));
    expect(across.low).toBeGreaterThan(0.001);
    expect(across).toMatchObject({ layers: 6, left_out: 0, fill: 'zero', ablation: 'four' });
    expect(all(tablesOf('withinOnly')).high).toBeLessThan(-0.001);
    expect(Math.abs(all(tablesOf('noBackUp')).contrast!)).toBeLessThan(1e-6);
  });

  test('are spoken of by what was planted: more, less, and neither where rounding is all there is', () => {
    const spoken = Object.keys(planted).map((name) =>
      findings(contextWith(tablesOf(name as keyof typeof planted))).find((one) => one.startsWith('In quadruples')),
    );
    expect(spoken).toEqual([
      expect.stringContaining('back each other up more than two of one layer in'),
      expect.stringContaining('back each other up less than two of one layer in'),
      expect.stringContaining('back each other up to an extent that is not told apart from that of two of one layer'),
    ]);
  });

  test('are extended: a larger budget computes what is new alone', async () => {
    const ledger = new Ledger(memoryStore());
    const few = await run(acrossOnly, ledger, 8);
    const more = await run(acrossOnly, ledger, 16);
    const afresh = await run(acrossOnly, new Ledger(memoryStore()), 16);
    expect(few.computed + more.computed).toBe(afresh.computed);
    expect(more.tables.quadruples).toEqual(afresh.tables.quadruples);
    expect(more.tables.quadruples.slice(0, few.tables.quadruples.length)).toEqual(few.tables.quadruples);
  }, 60_000);
});
