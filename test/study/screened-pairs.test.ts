import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { Ledger } from '../../core/ledger/ledger.js';
import { memoryStore } from '../../core/store/memory-store.js';
import type { PairRow, ScreenRow, Tables } from '../../core/tables/schema.js';
import { runFile } from '../builders/studies.js';
import { gateA, gateB, labels, network, pixels } from './planted-pairs.js';
import { writeStudy } from './yaml-study.js';

const folder = mkdtempSync(path.join(tmpdir(), 'percuss-screen-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

interface Asked {
  readonly screen?: string;
  readonly seed?: number;
  readonly gated?: boolean;
  readonly ledger?: Ledger;
  readonly batchSeconds?: number;
}

/** Pairs of the seven kernels of conv1, of which four are harmful alone: six pairs of harmful ones, and fifteen others. */
async function run({ screen, seed = 0, gated = true, ledger = new Ledger(memoryStore()), batchSeconds = 1 }: Asked) {
  const rest = `seed: ${seed}\nablations:\n  two: { mode: pairs, layers: [conv1]${screen ? `, screen: ${screen}` : ''} }\nrun: { engine: reference }\n`;
  const file = writeStudy(folder, { network: network({ gated }), pixels, shape: [3, 2, 2], labels, rest });
  const mode = { engine: 'reference', precision: 'float32', device: 'cpu' } as const;
  const ran = await runFile(ledger, file, { mode, batchSeconds });
  const report = new TextDecoder().decode(await ledger.getOutput(ran.result.report));
  return { tables: await ran.tables(), computed: ran.result.computed, report };
}

const ofAll = (rows: readonly ScreenRow[], measure: string): ScreenRow =>
  rows.find((row) => row.measure === measure && row.rank === row.kept)!;
const isGate = (row: PairRow): boolean => row.channel_a === gateA && row.channel_b === gateB;
const left = (
  tables: Tables,
  measure: 'excess' | 'kl_interaction',
  kept: readonly PairRow[],
  threshold: number,
): number =>
  tables.pairs.filter(
    (row) =>
      Math.abs(row[measure]!) > threshold &&
      !kept.some((one) => one.channel_a === row.channel_a && one.channel_b === row.channel_b),
  ).length;

describe('a screen of pairs', () => {
  test('keeps all that is large where only harmful kernels interact, and its interval holds that none was missed', async () => {
    const { tables: full } = await run({ gated: false });
    const { tables } = await run({ gated: false, screen: '{ keep: 6, random: 5 }' });
    const kept = tables.pairs.filter((row) => row.screened === 'kept');
    expect(kept.map((row) => [row.channel_a, row.channel_b])).toEqual([
      [2, 3],
      [2, 4],
      [2, 5],
      [3, 4],
      [3, 5],
      [4, 5],
    ]);
    expect(tables.pairs.filter((row) => row.screened === 'random').map((row) => row.weight)).toEqual([3, 3, 3, 3, 3]);
    const row = ofAll(tables.screens, 'kl');
    expect(row).toMatchObject({
      kept: 6,
      rest: 15,
      random: 5,
      unknown: 0,
      left_out: 0,
      beyond: 0,
      missed: 0,
      share: 1,
    });
    expect(left(full, 'kl_interaction', kept, row.threshold)).toBe(0);
    // Five of fifteen don't exclude that some are: C(15 − m, 5) / C(15, 5) is above 0.025 up to m = 6 (126 / 3003).
    expect(row.missed_high).toBe(6);
  });

  test('never keeps back-up of two that are harmless alone; the random share finds it or does not rule it out', async () => {
    const found: boolean[] = [];
    for (let seed = 0; seed < 6; seed++) {
      const { tables, report } = await run({ seed, screen: '{ keep: 6, random: 5 }' });
      expect(tables.pairs.filter((row) => row.screened === 'kept').some(isGate)).toBe(false);
      const row = ofAll(tables.screens, 'excess');
      // It is the only excess at all: what is kept is rounding, so that nothing large was kept.
      expect(row.found).toBe(0);
      expect(row.missed_high).toBeGreaterThanOrEqual(1);
      const drawn = tables.pairs.some(isGate);
      expect([row.beyond, row.missed, row.share]).toEqual(drawn ? [1, 3, 0] : [0, 0, null]);
      if (drawn) expect(row.missed_low).toBeGreaterThanOrEqual(1);
      expect(report).toMatch(/harmless\s+alone\s+is\s+what\s+it\s+is\s+blind\s+to/);
      found.push(drawn);
    }
    expect(new Set(found).size).toBe(2);
  }, 60_000);

  test('of which all others run says exactly what it missed, and has the means of all pairs', async () => {
    const [{ tables: full }, { tables }] = [await run({}), await run({ screen: '{ keep: 6, random: 99 }' })];
    expect(ofAll(tables.screens, 'excess')).toMatchObject({
      random: 15,
      missed: 1,
      missed_low: 1,
      missed_high: 1,
      share: 0,
    });
    expect(tables.pairs).toHaveLength(21);
    for (const row of full.interactions) {
      const same = tables.interactions.find((one) => one.measure === row.measure && one.part === row.part);
      expect(same).toMatchObject({ pairs: 21, interaction: expect.closeTo(row.interaction!, 12) as number });
    }
  });

  test('is decided once, on what each kernel does alone, and is the same under any schedule', async () => {
    const ledger = new Ledger(memoryStore());
    const screen = '{ keep: 6, random: 5 }';
    const first = await run({ ledger, screen });
    expect((await run({ ledger, screen })).computed).toBe(0);
    expect((await run({ screen, batchSeconds: 0.001 })).tables).toEqual(first.tables);
    // More random pairs: those of before, and three cells more.
    const more = await run({ ledger, screen: '{ keep: 6, random: 8 }' });
    expect(more.computed).toBe(3);
  });
});
