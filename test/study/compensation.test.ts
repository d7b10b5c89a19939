import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { Ledger } from '../../core/ledger/ledger.js';
import { memoryStore } from '../../core/store/memory-store.js';
import type { Tables } from '../../core/tables/schema.js';
import { runFile } from '../builders/studies.js';
import {
  curved,
  enlarging,
  images,
  labels,
  linear,
  logitsOf,
  network,
  pixels,
  repairing,
  type Residual,
} from './planted-compensation.js';
import { writeStudy } from './yaml-study.js';

const folder = mkdtempSync(path.join(tmpdir(), 'percuss-compensation-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function run(planted: Residual, more = ''): Promise<Tables> {
  const rest = `ablations:\n  repair: { unit: block, mode: compensation${more} }\nrun: { engine: reference }\n`;
  const file = writeStudy(folder, { network: network(planted), pixels, shape: [4, 2, 2], labels, rest });
  const mode = { engine: 'reference', precision: 'float32', device: 'cpu' } as const;
  const ran = await runFile(new Ledger(memoryStore()), file, { mode, batchSeconds: 1 });
  return ran.tables();
}

const logOf = (logits: readonly number[]): number[] => {
  const whole = Math.log(logits.reduce((sum, x) => sum + Math.exp(x), 0));
  return logits.map((x) => x - whole);
};
const over = (of: (image: number) => number): number =>
  Array.from({ length: images }, (_, i) => of(i)).reduce((sum, x) => sum + x, 0) / images;
const klOf = (planted: Residual, removed: number, directly: boolean): number =>
  over((i) => {
    const [p, q] = [logOf(logitsOf(planted, i)), logOf(logitsOf(planted, i, removed, directly))];
    return p.reduce((sum, x, c) => sum + Math.exp(x) * (x - (q[c] as number)), 0);
  });
const logitOf = (planted: Residual, removed: number, directly: boolean): number =>
  over((i) => {
    const [z, y] = [logitsOf(planted, i), logitsOf(planted, i, removed, directly)];
    const top = z.indexOf(Math.max(...z));
    const centred = (all: readonly number[]): number =>
      (all[top] as number) - all.reduce((sum, x) => sum + x, 0) / all.length;
    return centred(y) - centred(z);
  });

describe('the removal of a residual branch', () => {
  test.each([
    ['linear', linear],
    ['rectified', curved],
    ['repairing', repairing],
    ['enlarging', enlarging],
  ])(
    'does in all and directly what the weights say: %s',
    async (_name, planted) => {
      const { compensation, models } = await run(planted);
      expect(compensation).toHaveLength(planted.branches.length);
      compensation.forEach((row, b) => {
        expect(row).toMatchObject({ behind: planted.branches.length - 1 - b, images, non_finite: 0, state: 'ok' });
        expect(row.kl_total).toBeCloseTo(klOf(planted, b, false), 5);
        expect(row.kl_direct).toBeCloseTo(klOf(planted, b, true), 5);
        expect(row.kl_repaired).toBeCloseTo(klOf(planted, b, true) - klOf(planted, b, false), 5);
        expect(row.logit_total).toBeCloseTo(logitOf(planted, b, false), 5);
        expect(row.logit_direct).toBeCloseTo(logitOf(planted, b, true), 5);
        expect(row.logit_repaired).toBeCloseTo(logitOf(planted, b, false) - logitOf(planted, b, true), 5);
      });
      const others = planted.branches.slice(1).map((_, b) => b);
      const mean = (of: (b: number) => number): number => others.reduce((sum, b) => sum + of(b), 0) / others.length;
      expect(models[0]!.kl_direct).toBeCloseTo(
        mean((b) => klOf(planted, b, true)),
        5,
      );
      expect(models[0]!.kl_repaired).toBeCloseTo(
        mean((b) => klOf(planted, b, true) - klOf(planted, b, false)),
        5,
      );
      // Nothing is behind the last branch: both are the same cells.
      expect(compensation.at(-1)).toMatchObject({ behind: 0, kl_repaired: 0, logit_repaired: 0 });
    },
    30_000,
  );

  test('that a later branch repairs does nothing in all, and directly all that it did', async () => {
    const { compensation } = await run(repairing);
    const [row] = compensation;
    expect(row?.kl_total).toBeCloseTo(0, 6);
    expect(row?.kl_direct).toBeGreaterThan(0.1);
    expect(row?.kl_repaired_low).toBeGreaterThan(0.05);
    expect(row?.logit_repaired_low).toBeGreaterThan(0.5);
  }, 30_000);

  test('is taken back, or added to, by later branches on average, as its interval says', async () => {
    const [back] = (await run(repairing)).models;
    expect(back?.kl_repaired).toBeCloseTo(back?.kl_direct as number, 5);
    expect(back?.kl_repaired_low).toBeGreaterThan(0.05);
    const [on] = (await run(enlarging)).models;
    expect(on?.kl_repaired_high).toBeLessThan(-0.05);
  }, 30_000);

  test('holds what is behind also where that is not selected, and with any fill', async () => {
    const all = await run(curved, ', fill: [zero, mean, resample]');
    expect(all.compensation.map(({ fill }) => fill).filter((fill, i, fills) => fills.indexOf(fill) === i)).toEqual([
      'zero',
      'mean',
      'resample',
    ]);
    const [first] = all.compensation;
    const one = await run(curved, `, layers: "${first?.block}"`);
    expect(one.compensation).toEqual([first]);
    for (const row of all.compensation) {
      expect(row.kl_total).toBeGreaterThan(0);
      expect(row.kl_repaired).toBeCloseTo((row.kl_direct as number) - (row.kl_total as number), 9);
    }
  }, 60_000);
});
