import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { impulseGroupsOf, type ImpulseGroup } from '../../core/plan/impulses.js';
import { nullGroupsOf } from '../../core/plan/null-groups.js';
import { positionCounts, positionsOf, type Position } from '../../core/plan/positions.js';
import { largest, smallest } from '../../core/extremes.js';
import { handAnatomy } from './hand-anatomy.js';
import { impulseSpec } from '../builders/specs.js';

const seeded = fc.record({
  seed: fc.integer({ min: 0, max: 5 }),
  stride: fc.constantFrom(1, 2, 3, 4, 5, 8),
  phases: fc.integer({ min: 1, max: 20 }),
  bases: fc.integer({ min: 1, max: 80 }),
});
const positions = (
  { seed, stride, phases, bases }: { seed: number; stride: number; phases: number; bases: number },
  map: readonly [number, number] = [40, 40],
): readonly (readonly Position[])[] => {
  const partsOf = positionsOf({ positions: { phases } }, { seed, stride, shape: [3, ...map] });
  return Array.from({ length: bases }, (_, base) => partsOf(base).flat());
};
const phaseOf = (stride: number, [row, column]: Position): string => `${row % stride} ${column % stride}`;

/** How often each phase is met, those that are not met as well. */
function timesMet(places: readonly Position[], stride: number): number[] {
  const times = new Map<string, number>();
  for (const place of places) times.set(phaseOf(stride, place), (times.get(phaseOf(stride, place)) ?? 0) + 1);
  return [...times.values(), ...Array.from({ length: stride * stride - times.size }, () => 0)];
}

describe('several seeded positions a base', () => {
  test('are each one of its own, and those of one base have different phases as long as there are any', () => {
    fc.assert(
      fc.property(seeded, (asked) => {
        for (const places of positions(asked)) {
          expect(new Set(places.map(String)).size).toBe(asked.phases);
          const different = Math.min(asked.phases, asked.stride ** 2);
          expect(new Set(places.slice(0, different).map((place) => phaseOf(asked.stride, place))).size).toBe(different);
        }
      }),
    );
  });

  test('meet each phase equally often over S² bases, one of each base as well as all together', () => {
    fc.assert(
      fc.property(seeded, fc.integer({ min: 1, max: 2 }), (asked, times) => {
        const all = positions({ ...asked, bases: times * asked.stride ** 2 });
        for (let number = 0; number < asked.phases; number++) {
          const met = timesMet(
            all.map((places) => places[number] as Position),
            asked.stride,
          );
          expect(met.every((count) => count === times)).toBe(true);
        }
      }),
      { numRuns: 40 },
    );
  });

  test('meet phases alike on any number of bases: of strides and numbers by twos none is met more than once more than another', () => {
    fc.assert(
      fc.property(seeded, (asked) => {
        const times = timesMet(positions(asked).flat(), asked.stride);
        expect(largest(times) - smallest(times)).toBeLessThanOrEqual(3);
      }),
    );
    const byTwos = fc.record({
      seed: fc.constant(7),
      stride: fc.constantFrom(1, 2, 4, 8),
      phases: fc.constantFrom(1, 2, 4, 8, 16),
      bases: fc.integer({ min: 1, max: 80 }),
    });
    fc.assert(
      fc.property(byTwos, (asked) => {
        const times = timesMet(positions(asked).flat(), asked.stride);
        expect(largest(times) - smallest(times)).toBeLessThanOrEqual(1);
      }),
    );
  });

  test('keep those of fewer, and of fewer bases', () => {
    fc.assert(
      fc.property(seeded, fc.integer({ min: 0, max: 10 }), (asked, more) => {
        const own = positions(asked);
        const larger = positions({ ...asked, phases: asked.phases + more, bases: asked.bases + more });
        expect(own).toEqual(larger.slice(0, asked.bases).map((places) => places.slice(0, asked.phases)));
      }),
    );
  });

  test('also fit into maps smaller than the stride, all of them different, up to every element', () => {
    for (const places of positions({ seed: 1, stride: 8, phases: 15, bases: 20 }, [3, 5])) {
      expect(new Set(places.map(String)).size).toBe(15);
      expect(places.every(([row, column]) => row < 3 && column < 5)).toBe(true);
    }
  });
});

describe('groups of several seeded positions', () => {
  const groupsOf = (images: number, phases: number): readonly ImpulseGroup[] =>
    impulseGroupsOf(impulseSpec({ bases: { images }, positions: phases === 1 ? 'phases' : { phases } }), {
      seed: 7,
      anatomy: handAnatomy,
      image: [3, 24, 20],
    });

  test('are one for each position of a base, so that more of them ask again for what is stored', () => {
    const groups = groupsOf(5, 3);
    expect(groups.map(({ base, positions: own }) => [base, own.length])).toEqual(
      [0, 1, 2, 3, 4].flatMap((image) => [1, 1, 1].map((count) => [{ image }, count])),
    );
    const [one, wider] = [groupsOf(5, 1), groupsOf(8, 4)].map((all) => all.map((group) => JSON.stringify(group)));
    expect(groups.filter((_, i) => i % 3 === 0).map((group) => JSON.stringify(group))).toEqual(one);
    expect(groups.every((group) => wider?.includes(JSON.stringify(group)))).toBe(true);
  });

  test('are asked of nulls position by position, so that those of the first stay when more are added', () => {
    const nullsOf = (phases: number) => nullGroupsOf(groupsOf(70, phases), [{ shuffled: 0 }], handAnatomy.sites);
    expect(nullsOf(3).map(({ bases }) => bases.length)).toEqual([64, 6, 64, 6, 64, 6]);
    expect(nullsOf(3).slice(0, 2)).toEqual(nullsOf(1));
    expect(nullsOf(3).flatMap(({ bases }) => bases)).toHaveLength(210);
  });

  test('are counted as they come', () => {
    expect(positionCounts({ positions: { phases: 3 } })).toEqual({ parts: 3, each: 1 });
    expect(positionCounts({ positions: 'center' })).toEqual({ parts: 1, each: 1 });
    expect(positionCounts({ positions: [[0, 0], [1, 1]] })).toEqual({ parts: 1, each: 2 }); // prettier-ignore
  });
});
