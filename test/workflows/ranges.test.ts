import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { StageSegment } from '../../core/study/steps.js';
import { pace } from '../../workflows/pace.js';
import { halves, nextRange } from '../../workflows/ranges.js';

const segmentsOf = (lengths: readonly (readonly [number, number])[]): StageSegment[] => {
  let from = 0;
  return lengths.map(([length, size], i) => {
    const segment = { label: `s${i}`, model: 'm', from, to: from + length, size, seconds: 1 };
    from += length;
    return segment;
  });
};

describe('ranges', () => {
  it('cover every unit once, in order, within segments and sizes', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(50), fc.integer({ min: 0, max: 20 })), { maxLength: 8 }), (lengths) => {
        const segments = segmentsOf(lengths);
        const covered: number[] = [];
        let cursor = 0;
        for (let range = nextRange(segments, cursor); range; range = nextRange(segments, cursor)) {
          const { from, to } = range;
          const segment = segments.find((candidate) => from >= candidate.from && to <= candidate.to);
          expect(segment).toBeDefined();
          expect(to - from).toBeLessThanOrEqual(Math.max(1, segment?.size ?? 0));
          for (let unit = from; unit < to; unit++) covered.push(unit);
          cursor = to;
        }
        expect(covered).toEqual(Array.from({ length: segments.at(-1)?.to ?? 0 }, (_, i) => i));
      }),
    );
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
