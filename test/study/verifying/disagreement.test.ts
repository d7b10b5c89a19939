import { describe, expect, test } from 'vitest';
import type { Cell } from '../../../core/probe/cell.js';
import { Disagreement } from '../../../core/study/verifying/disagreement.js';

const cell = (predicted: readonly number[], loss: readonly number[], kl: readonly number[]): Cell => ({
  key: 'cell',
  state: 'ok',
  effect: 1,
  predicted: Uint16Array.from(predicted),
  loss: Float32Array.from(loss),
  kl: Float32Array.from(kl),
});
const name = { model: 'm', ablation: 'a', condition: 'c', imageAt: (i: number) => i };
const compare = (stored: Cell, again: Cell) => {
  const found = new Disagreement(1e-3);
  found.add(name, stored, again);
  return found.summary();
};

describe('outputs that are not finite', () => {
  const broken = cell([1, 65535], [0.5, Number.NaN], [0, Number.NaN]);

  test('on both engines agree, are counted, and are no distance', () => {
    expect(compare(broken, broken)).toMatchObject({
      compared: 2,
      agrees: true,
      nonFinite: { both: 1, onlyOne: 0 },
      loss: { largest: 0, mean: 0, at: null },
    });
  });

  test('on one engine only are a disagreement, whichever it is, and still no distance', () => {
    const whole = cell([1, 0], [0.5, 2], [0, 3]);
    for (const [stored, again] of [
      [broken, whole],
      [whole, broken],
    ] as const) {
      const summary = compare(stored, again);
      expect(summary).toMatchObject({ agrees: false, nonFinite: { both: 0, onlyOne: 1 }, kl: { largest: 0, mean: 0 } });
      expect(JSON.parse(JSON.stringify(summary))).toEqual(summary);
    }
  });

  test('leave the distances of others as they are', () => {
    const other = cell([1, 65535], [0.75, Number.NaN], [0.25, Number.NaN]);
    expect(compare(broken, other)).toMatchObject({ agrees: false, loss: { largest: 0.25, mean: 0.25 } });
  });
});
