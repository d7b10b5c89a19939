import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { randomStream } from '../../core/random.js';
import { batchCounts, nextBatch, nextWork, type Stretch } from '../../core/self-scheduling.js';

type Range = readonly [from: number, to: number];

/** All batches, with so many slots from the first on, or as many as `slots` says for each. */
function divided(stretches: readonly Stretch[], slots: number | ((batch: number) => number)): Range[] {
  const ranges: Range[] = [];
  let cursor = 0;
  for (;;) {
    const batch = nextBatch(stretches, cursor, typeof slots === 'number' ? slots : slots(ranges.length));
    if (!batch) return ranges;
    ranges.push([batch.from, batch.to]);
    cursor = batch.to;
  }
}

const sizes = (ranges: readonly Range[]): number[] => ranges.map(([from, to]) => to - from);

/** Stretches one behind the other; of some, nothing is left, or the sizes are nonsense. */
const anyStretches = fc
  .array(fc.record({ units: fc.nat(60), size: fc.nat(20), least: fc.nat(25), each: fc.nat(30) }), { maxLength: 8 })
  .map((list) => {
    let from = 0;
    return list.map(({ units, size, least, each }): Stretch => {
      const stretch = { from, to: from + units, size, least, seconds: (size * each) / 10 };
      from += units;
      return stretch;
    });
  });

describe('batches of a stage', () => {
  test('cover every unit once, in order, within stretches, at least one and at most as many as asked for', () => {
    fc.assert(
      fc.property(anyStretches, fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1 }), (stretches, slots) => {
        const ranges = divided(stretches, (batch) => slots[batch % slots.length] as number);
        let next = 0;
        for (const [from, to] of ranges) {
          expect(from).toBe(next);
          expect(to).toBeGreaterThan(from);
          const own = stretches.find((stretch) => from >= stretch.from && from < stretch.to);
          expect(to).toBeLessThanOrEqual(own?.to ?? 0);
          expect(to - from).toBeLessThanOrEqual(Math.max(1, own?.size ?? 0));
          next = to;
        }
        expect(next).toBe(stretches.at(-1)?.to ?? 0);
      }),
    );
  });

  test('are as many as are counted beforehand', () => {
    // Quarters of a second, which sums hold exactly whichever way they are formed.
    const exact = anyStretches.map((stretches) =>
      stretches.map((one) => ({ ...one, seconds: Math.max(1, one.size) / 4 })),
    );
    fc.assert(
      fc.property(exact, fc.integer({ min: 1, max: 9 }), (stretches, slots) => {
        const ranges = divided(stretches, slots);
        expect(batchCounts(stretches, slots)).toEqual(
          stretches.map(({ from, to }) => ranges.filter((range) => range[0] >= from && range[0] < to).length),
        );
      }),
    );
  });

  test('shrink to half of a slot’s share of what is left, down to the least', () => {
    // By hand: 100 / 4, 75 / 4, 57 / 4 …, rounded down.
    const units = { from: 0, to: 100, size: 100, seconds: 100 };
    const ones = Array<number>(7).fill(1);
    expect(sizes(divided([{ ...units, least: 1 }], 2))).toEqual([25, 18, 14, 10, 8, 6, 4, 3, 3, 2, ...ones]);
    expect(sizes(divided([{ ...units, least: 5 }], 2))).toEqual([25, 18, 14, 10, 8, 6, 5, 5, 5, 4]);
    expect(sizes(divided([{ ...units, size: 12, least: 5 }], 2))).toEqual([12, 12, 12, 12, 12, 10, 7, 5, 5, 5, 5, 3]);
  });

  test('never grow towards the end, and keep their size where much is left', () => {
    const gen = fc.record({
      units: fc.integer({ min: 1, max: 3000 }),
      size: fc.integer({ min: 1, max: 90 }),
      least: fc.integer({ min: 1, max: 20 }),
      slots: fc.integer({ min: 1, max: 16 }),
    });
    fc.assert(
      fc.property(gen, ({ units, size, least, slots }) => {
        const ranges = divided([{ from: 0, to: units, size, least, seconds: size }], slots);
        const found = sizes(ranges);
        found.slice(1).forEach((one, i) => expect(one).toBeLessThanOrEqual(found[i] as number));
        for (const [from, to] of ranges) {
          const left = units - from;
          if (left >= 2 * slots * size) expect(to - from).toBe(size);
          else if (to < units) expect(to - from).toBe(Math.min(size, Math.max(least, Math.floor(left / (2 * slots)))));
        }
      }),
    );
  });

  test('weigh units by their predicted seconds, over all of what is left', () => {
    const dear = { from: 10, to: 20, size: 5, seconds: 50, least: 1 };
    // 10 units of a second before 10 of ten seconds: 110 s are left, then 100.
    expect(divided([{ from: 0, to: 10, size: 10, seconds: 10, least: 1 }, dear], 2)[0]).toEqual([0, 10]);
    expect(nextBatch([{ from: 0, to: 10, size: 10, seconds: 10, least: 1 }, dear], 10, 2)?.to).toBe(12);
    // A unit alone is a batch, though it takes longer than the share.
    expect(sizes(divided([dear], 8))).toEqual(Array(10).fill(1));
  });

  test('are smaller for more slots from the next batch on, and larger for fewer', () => {
    const stretch = { from: 0, to: 100, size: 20, seconds: 20, least: 1 };
    expect(sizes(divided([stretch], (batch) => (batch < 2 ? 1 : 10))).slice(0, 4)).toEqual([20, 20, 3, 2]);
    expect(sizes(divided([stretch], (batch) => (batch < 2 ? 10 : 1))).slice(0, 4)).toEqual([5, 4, 20, 20]);
  });

  test('keep their size in stages that know of no least', () => {
    expect(sizes(divided([{ from: 0, to: 23, size: 5, seconds: 5 }], 6))).toEqual([5, 5, 5, 5, 3]);
  });

  test('cost nothing more where nothing is predicted to take time', () => {
    expect(sizes(divided([{ from: 0, to: 10, size: 4, seconds: 0, least: 1 }], 2))).toEqual([4, 4, 2]);
    expect(nextWork({ left: 0, slots: 2, most: 5, least: 0.5 })).toBe(0.5);
    expect(nextWork({ left: 100, slots: 0, most: 5, least: 0.5 })).toBe(5);
  });

  test('let slots wait less at the end than batches of one size do, though units cost what nobody predicted', () => {
    const waits = { equal: 0, shrinking: 0 };
    for (let seed = 0; seed < 50; seed++) {
      const stream = randomStream(seed, 'cost');
      const costs = Array.from({ length: 200 }, () => 0.5 + 1.5 * stream.uniform());
      const stretch = { from: 0, to: 200, size: 10, seconds: 10 };
      waits.equal += waiting(divided([stretch], 4), costs, 4);
      waits.shrinking += waiting(divided([{ ...stretch, least: 1 }], 4), costs, 4);
    }
    expect(waits.shrinking).toBeLessThan(waits.equal / 4);
  });
});

/** Seconds that slots wait for the last one in all, where each takes the next batch when it is free. */
function waiting(ranges: readonly Range[], costs: readonly number[], slots: number): number {
  const free = Array<number>(slots).fill(0);
  for (const [from, to] of ranges) {
    const first = free.indexOf(Math.min(...free));
    free[first] = (free[first] as number) + costs.slice(from, to).reduce((sum, cost) => sum + cost, 0);
  }
  const end = Math.max(...free);
  return free.reduce((sum, time) => sum + end - time, 0);
}
