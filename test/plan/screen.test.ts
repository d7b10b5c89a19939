import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { pairAt } from '../../core/plan/pairs.js';
import { screenedPairs, UNSCREENED, weightOf, type ScreenedPairs } from '../../core/plan/screen.js';

const all = (n: number) => ({ length: (n * (n - 1)) / 2, at: (index: number) => pairAt(n, index) });
const named = (pairs: ScreenedPairs, random: boolean): string[] =>
  Array.from({ length: pairs.length }, (_, i) => i)
    .filter((i) => pairs.screenedAt(i).random === random)
    .map((i) => pairs.at(i).join('-'));

const scores = fc.array(fc.oneof(fc.double({ min: 0, max: 4, noNaN: true }), fc.constant(UNSCREENED), fc.constant(0)), {
  minLength: 2,
  maxLength: 12,
});

describe('screened pairs', () => {
  test('are, by hand, those of the most harmful targets, and of equal ones the first', () => {
    // √: 3, 0, 2, 2 and unknown: pairs 0-2 and 0-3 are equal, 2-3 is next, and those with 1 are 0.
    const found = screenedPairs(all(5), { keep: 2, random: 9 }, [9, 0, 4, 4, UNSCREENED], [1, 'kernel']);
    expect(named(found, false)).toEqual(['0-2', '0-3']);
    expect(named(found, true)).toEqual(['0-1', '1-2', '1-3', '2-3']);
    expect(found.screenedAt(0).screening).toEqual({ kept: 2, rest: 4, random: 4, unknown: 4 });
    const one = screenedPairs(all(5), { keep: 1, random: 2 }, [9, 0, 4, 4, UNSCREENED], [1, 'kernel']);
    expect(named(one, false)).toEqual(['0-2']);
    expect([weightOf(one.screenedAt(0)), weightOf(one.screenedAt(1)), weightOf(undefined)]).toEqual([1, 5 / 2, 1]);
  });

  test('are none before it is known what each target does alone', () => {
    expect(screenedPairs(all(5), { keep: 2, random: 2 }, undefined, [1, 'kernel'])).toHaveLength(0);
  });

  test('that are kept are never worse than one that is not, and each pair stands once, with weights that add up to all', () => {
    fc.assert(
      fc.property(
        scores,
        fc.integer({ min: 1, max: 80 }),
        fc.integer({ min: 2, max: 80 }),
        fc.nat(),
        (own, keep, random, seed) => {
          const found = screenedPairs(all(own.length), { keep, random }, own, [seed, 'kernel']);
          const [kept, drawn] = [named(found, false), named(found, true)];
          expect(new Set([...kept, ...drawn]).size).toBe(found.length);
          const rank = (name: string): number =>
            name.split('-').reduce((product, place) => product * Math.sqrt(own[Number(place)] as number), 1);
          const least = Math.min(...kept.map(rank));
          const others = Array.from({ length: all(own.length).length }, (_, i) => pairAt(own.length, i))
            .filter((pair) => pair.every((place) => (own[place] as number) >= 0) && !kept.includes(pair.join('-')))
            .map((pair) => pair.join('-'));
          for (const other of others) expect(rank(other)).toBeLessThanOrEqual(least);
          for (const one of drawn) expect(others).toContain(one);
          const weights = Array.from({ length: found.length }, (_, i) => weightOf(found.screenedAt(i)));
          expect(weights.reduce((sum, weight) => sum + weight, 0)).toBeCloseTo(kept.length + others.length, 9);
          const more = screenedPairs(all(own.length), { keep, random: random + 3 }, own, [seed, 'kernel']);
          expect(named(more, true)).toEqual(expect.arrayContaining(drawn));
        },
      ),
      { numRuns: 200 },
    );
  });

  test('by chance are each of the others equally often', () => {
    const counts = new Map<string, number>();
    const draws = 3000;
    for (let seed = 0; seed < draws; seed++)
      for (const name of named(
        screenedPairs(all(6), { keep: 3, random: 4 }, [9, 8, 7, 1, 1, 1], [seed, 'kernel']),
        true,
      ))
        counts.set(name, (counts.get(name) ?? 0) + 1);
    expect(counts.size).toBe(12);
    const error = Math.sqrt(((1 / 3) * (2 / 3)) / draws);
    for (const count of counts.values()) expect(Math.abs(count / draws - 1 / 3)).toBeLessThan(4 * error);
  });
});
