import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { permutation } from '../../core/permutation.js';
import { pairAt, pairsOf, singlesOf, type PairList } from '../../core/plan/pairs.js';
import type { Target } from '../../core/plan/target.js';
import { pairScopes, type PairScope } from '../../core/spec/words/pair-scopes.js';
import { everyOf, KERNELS, listOf, readResnet20, removed } from './resnet20.js';
import { hasSharedData } from '../builders/shared-data.js';

const targetsIn = (layers: readonly number[]): Target[] =>
  layers.flatMap((kernels, layer) =>
    Array.from({ length: kernels }, (_, channel) => ({
      group: `conv${layer}`,
      channel,
      cuts: [{ site: `conv${layer}`, channels: [channel] }],
    })),
  );

const everyPair = (pairs: PairList): string[] => Array.from({ length: pairs.length }, (_, i) => pairs.at(i).join());

const sizes = fc.array(fc.integer({ min: 1, max: 7 }), { minLength: 1, maxLength: 6 });
const scopes = fc.constantFrom<PairScope[]>('any', 'layer', 'across');

describe('a permutation of a range', () => {
  test('meets every index once, whatever the size', () => {
    for (const size of [1, 2, 3, 5, 16, 17, 100, 1023, 5000]) {
      const place = permutation(size, 7, 'test');
      expect(new Set(Array.from({ length: size }, (_, i) => place(i)))).toEqual(
        new Set(Array.from({ length: size }, (_, i) => i)),
      );
    }
  });

  test('of five, over seeds, takes every first place about equally often, and every ordered pair too', () => {
    const firsts = new Map<string, number>();
    const runs = 8000;
    for (let seed = 0; seed < runs; seed++) {
      const place = permutation(5, seed);
      for (const name of [`${place(0)}`, `${place(0)}${place(1)}`]) firsts.set(name, (firsts.get(name) ?? 0) + 1);
    }
    expect(firsts.size).toBe(5 + 20);
    for (const [name, count] of firsts) {
      const expected = runs / (name.length === 1 ? 5 : 20);
      expect(Math.abs(count - expected) / Math.sqrt(expected)).toBeLessThan(4.5);
    }
  });

  test('is another one for another seed or purpose, and reaches across ranges that no list could hold', () => {
    const size = 2 ** 50;
    const first = (...of: [number, string]): number => permutation(size, ...of)(0);
    expect(new Set([first(7, 'a'), first(8, 'a'), first(7, 'b')]).size).toBe(3);
    const places = Array.from({ length: 2000 }, (_, i) => permutation(size, 7)(i) / size);
    expect(places.reduce((sum, place) => sum + place, 0) / places.length).toBeCloseTo(0.5, 1);
    expect(() => permutation(0, 7)).toThrow(RangeError);
  });
});

describe('pairs by index', () => {
  test('are every pair once, by ascending first', () => {
    for (const n of [2, 3, 10, 57]) {
      const listed: (readonly [number, number])[] = [];
      for (let a = 0; a < n; a++) for (let b = a + 1; b < n; b++) listed.push([a, b]);
      expect(listed.map((_, index) => pairAt(n, index))).toEqual(listed);
    }
  });

  test('are found at both ends of ranges of a million units', () => {
    const n = 1_000_000;
    const last = (n * (n - 1)) / 2 - 1;
    expect(pairAt(n, 0)).toEqual([0, 1]);
    expect(pairAt(n, n - 2)).toEqual([0, n - 1]);
    expect(pairAt(n, n - 1)).toEqual([1, 2]);
    expect(pairAt(n, last)).toEqual([n - 2, n - 1]);
    expect(pairAt(n, last - 1)).toEqual([n - 3, n - 1]);
  });

  test('of any scope are those of nested loops, and as many as a spec is told', () => {
    fc.assert(
      fc.property(sizes, scopes, (layers, scope) => {
        const targets = targetsIn(layers);
        const wanted: string[] = [];
        targets.forEach((one, a) =>
          targets.forEach((other, b) => {
            const same = one.group === other.group;
            if (a < b && (scope === 'any' || same === (scope === 'layer'))) wanted.push(`${a},${b}`);
          }),
        );
        const found = everyPair(pairsOf({ within: [scope], budget: undefined }, 'kernel', targets, 7));
        expect(found).toEqual(wanted);
        expect(pairScopes[scope].count(layers)).toBe(wanted.length);
      }),
    );
  });
});

describe('a budget', () => {
  const targets = targetsIn([30, 40, 50]);
  const sample = (budget: number, within: readonly PairScope[] = ['any'], seed = 7): string[] =>
    everyPair(pairsOf({ within, budget }, 'kernel', targets, seed));

  test('takes so many different pairs; a larger one keeps them', () => {
    const [few, more] = [sample(200), sample(6000)];
    expect(new Set(few).size).toBe(200);
    expect(new Set(more).size).toBe(6000);
    expect(few.every((pair) => more.includes(pair))).toBe(true);
    expect(sample(1e9)).toHaveLength((120 * 119) / 2);
  });

  test('is drawn by the seed, and evenly: each layer’s share of the pairs is its share of all', () => {
    expect(sample(50, ['any'], 8)).not.toEqual(sample(50));
    const within = sample(3000).filter((pair) => {
      const [a, b] = pair.split(',').map((i) => targets[Number(i)]?.group);
      return a === b;
    });
    // 2440 of 7140 pairs lie within a layer.
    expect(within.length / 3000).toBeCloseTo(2440 / 7140, 1);
  });

  test('is shared equally by pairs within layers and across them', () => {
    const both = sample(401, ['layer', 'across']);
    const groups = both.map((pair) => pair.split(',').map((i) => targets[Number(i)]?.group));
    expect(both).toHaveLength(400);
    expect(groups.filter(([a, b]) => a === b)).toHaveLength(200);
  });

  test('puts neighbours in order of their first units, so that they share beginnings', () => {
    const firsts = sample(3000).map((pair) => Number(pair.split(',')[0]));
    expect(firsts).toEqual(firsts.toSorted((a, b) => a - b));
  });

  test('needs alone only the units that some pair holds', () => {
    const pairs = pairsOf({ within: ['any'], budget: 10 }, 'kernel', targets, 7);
    const used = new Set(everyPair(pairs).flatMap((pair) => pair.split(',').map(Number)));
    expect(singlesOf(pairs, targets)).toEqual([...used].sort((a, b) => a - b));
    const crowded = pairsOf({ within: ['any'], budget: 1000 }, 'kernel', targets, 7);
    expect(singlesOf(crowded, targets)).toHaveLength(120);
  });
});

describe.skipIf(!hasSharedData)('conditions of mode pairs on ResNet-20', () => {
  const anatomy = hasSharedData
    ? readResnet20()
    : { sites: [], layers: [], blocks: [], streams: [], gates: [], outputs: 0 };
  const pairs = { within: ['layer', 'across'], budget: 2000 } as const;

  test('are the single kernels, exactly as mode each has them, and then pairs of these', () => {
    const each = everyOf(listOf(anatomy, { fill: ['zero', 'mean'] }));
    const all = everyOf(listOf(anatomy, { mode: 'pairs', fill: ['zero', 'mean'], pairs }));
    const [singles, joint] = [0, 1].map((i) => all.filter((one) => one.targets.length === i + 1));
    expect(joint).toHaveLength(2 * 2000);
    const known = new Set(each.map((one) => JSON.stringify(one.condition)));
    expect(singles?.every((one) => known.has(JSON.stringify(one.condition)))).toBe(true);
    const alone = new Set(singles?.flatMap(removed));
    expect(joint?.every((one) => removed(one).length === 2 && removed(one).every((name) => alone.has(name)))).toBe(
      true,
    );
    expect(new Set(joint?.map((one) => JSON.stringify(one.condition))).size).toBe(2 * 2000);
  });

  test('of all pairs are planned by number without being listed', () => {
    const all = listOf(anatomy, { mode: 'pairs', pairs: { within: ['any'], budget: undefined } });
    expect(all.length).toBe(KERNELS + (KERNELS * (KERNELS - 1)) / 2);
    expect(removed(all.at(KERNELS))).toEqual(['conv1#0', 'conv1#1']);
    expect(removed(all.at(all.length - 1))).toHaveLength(2);
  });

  test('of streams cut both channels at all their writers', () => {
    const all = everyOf(listOf(anatomy, { mode: 'pairs', unit: 'stream', pairs: { within: ['layer'], budget: 20 } }));
    for (const { targets, condition } of all.filter((one) => one.targets.length === 2)) {
      expect(targets[0]?.group).toBe(targets[1]?.group);
      const sites = new Set(targets.flatMap((target) => target.cuts.map((cut) => cut.site)));
      expect(condition.edits).toHaveLength(sites.size);
      expect(condition.edits.some((edit) => edit.channels.length === 2)).toBe(true);
    }
  });
});
