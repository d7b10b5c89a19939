import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { indicesOf, lengthOf, rangesOf, unitsOf, type Stage, type UnitGroup } from '../../core/plan/stage.js';

const indices = fc.uniqueArray(fc.nat(60), { maxLength: 40 }).map((list) => list.sort((a, b) => a - b));

const groupOf = (missing: readonly number[], name: string): UnitGroup => ({
  kind: 'cells',
  model: 'm',
  name,
  chunk: 0,
  missing: rangesOf(missing),
  seconds: 1,
});

describe('ranges', () => {
  test('stand for exactly the indices that they were made of, as few of them as possible', () => {
    fc.assert(
      fc.property(indices, (list) => {
        const ranges = rangesOf(list);
        expect(indicesOf(ranges, 0, lengthOf(ranges))).toEqual(list);
        expect(lengthOf(ranges)).toBe(list.length);
        ranges.slice(1).forEach(([from], i) => expect(from).toBeGreaterThan((ranges[i] as [number, number])[1]));
      }),
    );
  });

  test('give any part of their indices', () => {
    fc.assert(
      fc.property(indices, fc.nat(50), fc.nat(50), (list, a, b) => {
        const [from, to] = [Math.min(a, b), Math.max(a, b)];
        expect(indicesOf(rangesOf(list), from, to)).toEqual(list.slice(from, to));
      }),
    );
  });
});

describe('units of a stage', () => {
  const stages = fc.array(indices, { maxLength: 6 }).map((lists): Stage => ({
    index: 1,
    groups: lists.map((list, i) => groupOf(list, `group ${i}`)),
    scores: {},
  }));
  const flat = (units: ReturnType<typeof unitsOf>): string[] =>
    units.flatMap(({ group, indices: own }) => own.map((index) => `${group.name} ${index}`));
  const total = (stage: Stage): number => stage.groups.reduce((sum, group) => sum + lengthOf(group.missing), 0);

  test('are numbered through the groups: any batches that tile a stage cover every unit once, in order', () => {
    fc.assert(
      fc.property(stages, fc.integer({ min: 1, max: 17 }), (stage, size) => {
        const whole = flat(unitsOf(stage, 0, total(stage)));
        expect(new Set(whole).size).toBe(total(stage));
        const batches: string[] = [];
        for (let from = 0; from < total(stage); from += size) batches.push(...flat(unitsOf(stage, from, from + size)));
        expect(batches).toEqual(whole);
      }),
    );
  });

  test('know the number of the first of them', () => {
    fc.assert(
      fc.property(stages, fc.nat(60), fc.nat(60), (stage, a, b) => {
        let next = Math.min(a, b);
        for (const { indices: own, first } of unitsOf(stage, Math.min(a, b), Math.max(a, b))) {
          expect(own.length).toBeGreaterThan(0);
          expect(first).toBe(next);
          next += own.length;
        }
      }),
    );
  });
});
