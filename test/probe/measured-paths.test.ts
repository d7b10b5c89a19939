import { expect, test } from 'vitest';
import { heldTogether } from '../../core/probe/measured-paths.js';
import type { FillValues } from '../../core/probe/fill-values.js';

const MiB = 2 ** 20;

/** A condition with edits that hold so many MiB an image each. */
const condition = (...held: readonly (number | undefined)[]) => ({
  edits: held.map((size) => ({
    value: 'v',
    channels: [0],
    fill: {
      reach: 'image',
      values: () => new Float32Array(1),
      ...(size === undefined ? {} : { held: size * MiB }),
    } satisfies FillValues,
  })),
});

test('conditions go together while what they hold on a tile fits into 256 MiB, in their order', () => {
  const [plain, small, large, huge] = [condition(undefined), condition(4), condition(6, 6), condition(100)];
  expect(heldTogether([], 10)).toEqual([]);
  expect(heldTogether([plain, plain, plain], 1000)).toEqual([[plain, plain, plain]]);
  // On ten images: 40, 120 and 1000 MiB.
  expect(heldTogether([large, small, large, small, plain], 10)).toEqual([
    [large, small],
    [large, small, plain],
  ]);
  expect(heldTogether([large, large, small], 10)).toEqual([[large, large], [small]]);
  // Alone whatever it takes.
  expect(heldTogether([small, huge, small], 10)).toEqual([[small], [huge], [small]]);
  expect(heldTogether([large, small, large, small], 5)).toEqual([[large, small, large, small]]);
});
