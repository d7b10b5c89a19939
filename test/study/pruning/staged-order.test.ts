import { expect, test } from 'vitest';
import type { RankedKernel } from '../../../core/study/pruning/kernel-choice.js';
import { stagedOrder, type StagedRemoval } from '../../../core/study/pruning/staged-order.js';

const kernel = (channel: number, kl: number): RankedKernel => ({ layer: 'l', site: 's', channel, kl });
const channels = (order: readonly RankedKernel[]): readonly number[] => order.map(({ channel }) => channel);

/** Twins: removed alone each does next to nothing, both do 10. The others do what they do. */
const twins = new Map([
  [0, 1],
  [1, 0],
  [4, 5],
  [5, 4],
]);
const alone = [0.01, 0.02, 0.5, 0.6, 0.03, 0.04, 0.7, 0.8];
const beside = (gone: readonly RankedKernel[], candidates: readonly RankedKernel[]) =>
  Promise.resolve(
    candidates.map(({ channel }) => {
      const lacksTwin = gone.some((other) => other.channel === twins.get(channel));
      return Float32Array.of(lacksTwin ? 10 : (alone[channel] as number), 1e9);
    }),
  );
const all = (count: number): StagedRemoval => ({ count, choosing: [0], leaving: (kernels) => kernels });
const ranked = [0, 1, 4, 5, 2, 3, 6, 7].map((channel) => kernel(channel, alone[channel] as number));

test('in one stage the ranking stays as it is, twins and all', async () => {
  expect(channels(await stagedOrder(ranked, all(4), { stages: 1, beside }))).toEqual([0, 1, 4, 5, 2, 3, 6, 7]);
});

test('in stages of one kernel the second of twins moves back, once the first is gone', async () => {
  const order = await stagedOrder(ranked, all(4), { stages: 4, beside });
  expect(channels(order).slice(0, 4)).toEqual([0, 4, 2, 3]);
  expect(channels(order).toSorted()).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
});

test('it goes by the images that choose alone, and what has no damage any more is left out', async () => {
  const order = await stagedOrder(ranked, all(2), {
    stages: 2,
    beside: async (gone, candidates) =>
      (await beside(gone, candidates)).map((kl, i) => (candidates[i]?.channel === 4 ? Float32Array.of(NaN, 0) : kl)),
  });
  expect(channels(order)).toEqual([0, 5, 2, 1, 3, 6, 7]);
});

test('a stage asks for four times as many as it takes, besides all that is gone', async () => {
  const asked: (readonly [number, number])[] = [];
  await stagedOrder(ranked, all(3), {
    stages: 3,
    beside: (gone, candidates) => {
      asked.push([gone.length, candidates.length]);
      return beside(gone, candidates);
    },
  });
  expect(asked).toEqual([
    [1, 4],
    [2, 4],
  ]);
});

test('kernels that are tied to others count from when they can leave', async () => {
  const asked: (readonly number[])[] = [];
  const leaving = (kernels: readonly RankedKernel[]): readonly RankedKernel[] =>
    kernels.filter(({ channel }) => channel > 1 || kernels.length > 3);
  await stagedOrder(
    ranked,
    { count: 2, choosing: [0], leaving },
    {
      stages: 2,
      beside: (gone, candidates) => {
        asked.push(channels(gone));
        return beside(gone, candidates);
      },
    },
  );
  expect(asked).toEqual([[4]]);
});
