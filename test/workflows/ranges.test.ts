import { describe, expect, it } from 'vitest';
import type { StageSegment } from '../../core/study/steps.js';
import { pace } from '../../workflows/pace.js';
import type { Range } from '../../workflows/protocol.js';
import { halves, nextRange, patience } from '../../workflows/ranges.js';

const segmentsOf = (lengths: readonly (readonly [number, number])[]): StageSegment[] => {
  let from = 0;
  return lengths.map(([length, size], i) => {
    const segment = { label: `s${i}`, model: 'm', from, to: from + length, size, seconds: 1 };
    from += length;
    return segment;
  });
};

describe('batches in flight are waited for', () => {
  const segments = segmentsOf([
    [10, 4],
    [20, 1],
  ]).map((segment, i) => ({ ...segment, seconds: i === 0 ? 8 : 30 }));
  const range = (from: number, to: number): Range => ({ from, to, tries: 0 });

  it.each([
    [[], 5, 5_000],
    [[range(0, 4)], 5, 17_000],
    [[range(0, 2)], 0, 6_000],
    [[range(0, 4), range(12, 13)], 5, 50_000],
    [[range(12, 14), range(0, 4)], 0, 90_000],
    [[range(40, 41)], 5, 5_000],
  ])('half as long again as the longest is predicted to take, and a little: %j, %d s', (ranges, drain, expected) => {
    expect(patience(ranges, segments, drain)).toBe(expected);
  });
});

describe('ranges', () => {
  it('are the batches of a stage, tried for the first time', () => {
    const segments = segmentsOf([
      [10, 4],
      [0, 3],
      [7, 7],
    ]);
    const ranges: Range[] = [];
    for (let range = nextRange(segments, 0, 2); range; range = nextRange(segments, range.to, 2)) ranges.push(range);
    expect(ranges.map(({ from, to }) => [from, to])).toEqual([
      [0, 4],
      [4, 8],
      [8, 10],
      [10, 17],
    ]);
    expect(new Set(ranges.map(({ tries }) => tries))).toEqual(new Set([0]));
    // Of 100 s that are left, a quarter of that for two in flight.
    const [shrinking] = segmentsOf([[100, 50]]).map((segment) => ({ ...segment, seconds: 50, least: 1 }));
    expect(nextRange([shrinking as StageSegment], 0, 2)).toEqual({ from: 0, to: 25, tries: 0 });
    expect(nextRange([shrinking as StageSegment], 0, 5)).toEqual({ from: 0, to: 10, tries: 0 });
  });

  it('split into two that are not empty and start their tries afresh', () => {
    expect(halves({ from: 3, to: 8, tries: 2 })).toEqual([
      { from: 3, to: 5, tries: 0 },
      { from: 5, to: 8, tries: 0 },
    ]);
    expect(halves({ from: 3, to: 5, tries: 0 })[0]).toEqual({ from: 3, to: 4, tries: 0 });
  });
});

describe('pace', () => {
  it('knows nothing before two batches have ended', () => {
    const speed = pace();
    speed.add(1_000, 10, 5);
    expect(speed.rate()).toBeUndefined();
    expect(speed.secondsFor(10, 5)).toBeUndefined();
  });

  it('weighs what is left by its predicted time, not by its number', () => {
    const speed = pace();
    // 10 units, predicted to take 5 s, every 2 s: 5 units a second, and work passes 2.5 times as fast as predicted.
    for (const at of [0, 2_000, 4_000]) speed.add(at, 10, 5);
    expect(speed.rate()).toBe(5);
    expect(speed.secondsFor(10, 50)).toBe(20);
  });

  it('forgets what is older than two minutes', () => {
    const speed = pace();
    speed.add(0, 1000, 1);
    for (const at of [200_000, 201_000]) speed.add(at, 3, 1);
    expect(speed.rate()).toBe(3);
  });
});
