import { describe, expect, test } from 'vitest';
import { Ledger } from '../../core/ledger/ledger.js';
import type { LedgerNotice } from '../../core/ledger/notice.js';
import type { Cell } from '../../core/probe/cell.js';
import { memoryStore } from '../../core/store/memory-store.js';
import { cellsOf, provenance, scope } from './cells-of.js';

describe('well-formed cells that cannot be', () => {
  const [sound] = cellsOf(0, 1);

  test.each([
    ['of another number of images than their chunk', { images: 5 }, sound, /4 images, where the chunk has 5/],
    ['with a negative effect', { images: 4 }, { ...sound, effect: -1 }, /negative effect/],
  ])('%s are set aside and count as absent', async (_, more, cell, reason) => {
    const notices: LedgerNotice[] = [];
    const store = memoryStore();
    await new Ledger(store).commitCells(scope, [cell as Cell], 4, provenance);
    const ledger = new Ledger(store, { onNotice: (notice) => notices.push(notice) });
    expect((await ledger.committedKeys({ ...scope, ...more })).size).toBe(0);
    expect(await ledger.readCells({ ...scope, ...more })).toEqual(new Map());
    expect(notices).toMatchObject([{ kind: 'set-aside', reason: expect.stringMatching(reason) }]);
  });

  test('do not include those that are no numbers', async () => {
    const ledger = new Ledger(memoryStore());
    const cell = { ...(sound as Cell), effect: NaN, kl: new Float32Array(4).fill(NaN) };
    await ledger.commitCells({ ...scope, images: 4 }, [cell], 4, provenance);
    expect((await ledger.readCells({ ...scope, images: 4 })).get(cell.key)).toEqual(cell);
  });
});
