import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  distanceClass,
  pairsAcross,
  pairsOfQuadruples,
  pairsWithin,
  quadruplesOf,
  type DrawnLayer,
  type Quadruple,
} from '../../core/plan/quadruples.js';
import { hasSharedData } from '../builders/shared-data.js';
import { handAnatomy } from './hand-anatomy.js';
import { everyOf, listOf, readResnet20 } from './resnet20.js';

const layersOf = (sizes: readonly number[]): DrawnLayer[] => {
  let from = 0;
  return sizes.map((size, i) => {
    const layer = { name: `conv${i}`, from, to: from + size, depth: sizes.length < 2 ? 0 : i / (sizes.length - 1) };
    from += size;
    return layer;
  });
};
const drawn = (sizes: readonly number[], budget: number, seed = 7): readonly Quadruple[] =>
  quadruplesOf(layersOf(sizes), budget, seed, ['kernel']);
const equal = (layers: number, kernels: number): number[] => Array.from({ length: layers }, () => kernels);
const nameOf = ({ first, second }: Quadruple): string => [...first, ...second].join();

const sizes = fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 7 });
const budgets = fc.integer({ min: 1, max: 60 });

describe('quadruples', () => {
  test('are two kernels of a layer and two of a later one, no quadruple twice', () => {
    fc.assert(
      fc.property(sizes, budgets, (kernels, budget) => {
        const layers = layersOf(kernels);
        const layerOf = (place: number): number => layers.findIndex(({ from, to }) => from <= place && place < to);
        const quadruples = quadruplesOf(layers, budget, 7, ['kernel']);
        for (const { first, second } of quadruples) {
          expect(layerOf(first[0])).toBe(layerOf(first[1]));
          expect(layerOf(second[0])).toBe(layerOf(second[1]));
          expect(layerOf(first[0])).toBeLessThan(layerOf(second[0]));
          expect(first[0]).not.toBe(first[1]);
          expect(second[0]).not.toBe(second[1]);
        }
        // Which of a layer's two is called a does not matter, as long as the others change with it.
        const unordered = quadruples.map((one) => pairsAcross(one).map(String).toSorted().join(' '));
        expect(new Set(unordered).size).toBe(quadruples.length);
        expect(quadruples.length > 0).toBe(kernels.filter((size) => size > 1).length > 1);
      }),
    );
  });

  test('of a smaller budget stay the first of a larger one', () => {
    fc.assert(
      fc.property(sizes, budgets, fc.integer({ min: 0, max: 40 }), (kernels, budget, more) => {
        const few = drawn(kernels, budget).map(nameOf);
        expect(
          drawn(kernels, budget + more)
            .map(nameOf)
            .slice(0, few.length),
        ).toEqual(few);
      }),
    );
  });

  test('lie at every distance alike, and between all layers of a distance before any again', () => {
    const layers = 19;
    const quadruples = drawn(equal(layers, 16), 200);
    const between = quadruples.map(
      ({ first, second }) => [Math.floor(first[0] / 16), Math.floor(second[0] / 16)] as const,
    );
    const classes = between.map(([l, m]) => distanceClass((m - l) / (layers - 1)));
    expect([0, 1, 2, 3, 4].map((one) => classes.filter((other) => other === one).length)).toEqual([40, 40, 40, 40, 40]);
    // The farthest fifth holds ten pairs of layers: each has four of its forty turns.
    const farthest = between.filter((_, i) => classes[i] === 4).map(String);
    expect([...new Set(farthest)].map((one) => farthest.filter((other) => other === one).length)).toEqual(
      Array<number>(10).fill(4),
    );
  });

  test('take every kernel of a layer before any again', () => {
    const uses = new Map<number, number>();
    for (const { first, second } of drawn(equal(6, 16), 120)) {
      for (const place of [...first, ...second]) uses.set(place, (uses.get(place) ?? 0) + 1);
    }
    for (let layer = 0; layer < 6; layer++) {
      const counts = Array.from({ length: 16 }, (_, k) => uses.get(16 * layer + k) ?? 0);
      expect(Math.max(...counts) - Math.min(...counts)).toBeLessThanOrEqual(1);
    }
  });

  test('of another seed are others', () => {
    expect(drawn(equal(6, 16), 10, 8).map(nameOf)).not.toEqual(drawn(equal(6, 16), 10, 7).map(nameOf));
  });

  test('have two pairs across and two within, in which each kernel stands once each', () => {
    const quadruple: Quadruple = { first: [3, 1], second: [8, 9] };
    expect(pairsWithin(quadruple)).toEqual([
      [1, 3],
      [8, 9],
    ]);
    expect(pairsAcross(quadruple)).toEqual([
      [3, 9],
      [1, 8],
    ]);
    const pairs = pairsOfQuadruples([quadruple, { first: [1, 3], second: [8, 10] }], 20);
    expect(Array.from({ length: pairs.length }, (_, i) => pairs.at(i))).toEqual([
      [1, 3],
      [1, 8],
      [1, 10],
      [3, 8],
      [3, 9],
      [8, 9],
      [8, 10],
    ]);
  });
});

describe('a distance', () => {
  test('belongs to the fifth that it ends, whatever floats make of it', () => {
    expect([0, 0.2, 0.2 + 1e-12, 0.3, 0.1 + 0.2 + 0.3, 0.7, 0.8, 1].map(distanceClass)).toEqual([
      0, 0, 0, 1, 2, 3, 3, 4,
    ]);
  });
});

describe('planned quadruples', () => {
  test('are each kernel alone, then each pair once', () => {
    const all = everyOf(listOf(handAnatomy, { mode: 'quadruples', quadruples: { budget: 3 } }));
    const singles = all.filter(({ targets }) => targets.length === 1);
    const pairs = all.filter(({ targets }) => targets.length === 2);
    const nameOfTarget = ({ group, channel }: (typeof all)[number]['targets'][number]): string => `${group}${channel}`;
    const names = pairs.map(({ targets }) => targets.map(nameOfTarget).join(' '));
    expect(singles.length + pairs.length).toBe(all.length);
    expect(all.slice(0, singles.length)).toEqual(singles);
    expect(new Set(names).size).toBe(pairs.length);
    expect(new Set(singles.map(({ targets }) => targets.map(nameOfTarget).join()))).toEqual(
      new Set(pairs.flatMap(({ targets }) => targets.map(nameOfTarget))),
    );
    // Three quadruples of the same two layers: of a layer of four kernels the third meets none again but in another pair.
    expect(pairs.filter(({ targets }) => targets[0]?.group !== targets[1]?.group)).toHaveLength(6);
  });

  test.skipIf(!hasSharedData)('of ResNet-20 hold nearly every pair asked for, since few are shared', () => {
    const all = everyOf(listOf(readResnet20(), { mode: 'quadruples', quadruples: { budget: 200 } }));
    const pairs = all.filter(({ targets }) => targets.length === 2);
    expect(pairs.length).toBeGreaterThan(780);
    expect(pairs.length).toBeLessThanOrEqual(800);
    expect(pairs.filter(({ targets }) => targets[0]?.group !== targets[1]?.group)).toHaveLength(400);
  });
});
