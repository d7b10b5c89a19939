import { describe, expect, it } from 'vitest';
import { halves, nextRange, patience, type Range } from '../../core/ranges.js';
import type { Stretch } from '../../core/self-scheduling.js';

const stretchesOf = (lengths: readonly (readonly [number, number])[]): Stretch[] => {
  let from = 0;
  return lengths.map(([length, size]) => {
    const stretch = { from, to: from + length, size, seconds: 1 };
    from += length;
    return stretch;
  });
};

describe('batches in flight are waited for', () => {
  const stretches = stretchesOf([
    [10, 4],
    [20, 1],
  ]).map((stretch, i) => ({ ...stretch, seconds: i === 0 ? 8 : 30 }));
  const range = (from: number, to: number): Range => ({ from, to, tries: 0 });

  it.each([
    [[], 5, 5_000],
    [[range(0, 4)], 5, 17_000],
    [[range(0, 2)], 0, 6_000],
    [[range(0, 4), range(12, 13)], 5, 50_000],
    [[range(12, 14), range(0, 4)], 0, 90_000],
    [[range(40, 41)], 5, 5_000],
  ])('half as long again as the longest is predicted to take, and a little: %j, %d s', (ranges, drain, expected) => {
    expect(patience(ranges, stretches, drain)).toBe(expected);
  });
});

describe('ranges', () => {
  it('are the batches of a stage, tried for the first time', () => {
    const stretches = stretchesOf([
      [10, 4],
      [0, 3],
      [7, 7],
    ]);
    const ranges: Range[] = [];
    for (let range = nextRange(stretches, 0, 2); range; range = nextRange(stretches, range.to, 2)) ranges.push(range);
    expect(ranges.map(({ from, to }) => [from, to])).toEqual([
      [0, 4],
      [4, 8],
      [8, 10],
      [10, 17],
    ]);
    expect(new Set(ranges.map(({ tries }) => tries))).toEqual(new Set([0]));
    // Of 100 s that are left, a quarter of that for two in flight.
    const [shrinking] = stretchesOf([[100, 50]]).map((stretch) => ({ ...stretch, seconds: 50, least: 1 }));
    expect(nextRange([shrinking as Stretch], 0, 2)).toEqual({ from: 0, to: 25, tries: 0 });
    expect(nextRange([shrinking as Stretch], 0, 5)).toEqual({ from: 0, to: 10, tries: 0 });
  });

  it('split into two that are not empty and start their tries afresh', () => {
    expect(halves({ from: 3, to: 8, tries: 2 })).toEqual([
      { from: 3, to: 5, tries: 0 },
      { from: 5, to: 8, tries: 0 },
    ]);
    expect(halves({ from: 3, to: 5, tries: 0 })[0]).toEqual({ from: 3, to: 4, tries: 0 });
  });
});
