import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { philox4x32, randomStream } from '../../core/random.js';

const words = (hex: string): number[] => hex.split(' ').map((word) => Number.parseInt(word, 16));

// examples/kat_vectors of Random123 1.14: counter, key, output.
const vectors = [
  ['00000000 00000000 00000000 00000000', '00000000 00000000', '6627e8d5 e169c58d bc57ac4c 9b00dbd8'],
  ['ffffffff ffffffff ffffffff ffffffff', 'ffffffff ffffffff', '408f276d 41c83b0e a20bc7c6 6d5451fd'],
  ['243f6a88 85a308d3 13198a2e 03707344', 'a4093822 299f31d0', 'd16cfe09 94fdcceb 5001e420 24126ea1'],
] as const;

/** Pearson's statistic against equal counts. */
const chiSquare = (counts: readonly number[]): number => {
  const expected = counts.reduce((sum, count) => sum + count, 0) / counts.length;
  return counts.reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0);
};

describe('philox4x32-10', () => {
  test.each(vectors)('gives the published words for counter %s and key %s', (counter, key, output) => {
    const four = words(counter) as [number, number, number, number];
    expect(philox4x32(four, words(key) as [number, number])).toEqual(words(output));
  });
});

describe('a random stream', () => {
  test('is a function of its seed and purpose alone', () => {
    const draw = (...name: [number, ...string[]]): number[] => {
      const stream = randomStream(...name);
      return Array.from({ length: 9 }, () => stream.uint32());
    };
    expect(draw(7, 'a', 'b')).toEqual(draw(7, 'a', 'b'));
    const names: [number, ...string[]][] = [
      [7, 'a', 'b'],
      [8, 'a', 'b'],
      [7, 'ab'],
      [7, 'a'],
      [7, 'b', 'a'],
    ];
    expect(new Set(names.map((name) => draw(...name).join())).size).toBe(names.length);
    expect(new Set(draw(7, 'a')).size).toBe(9);
  });

  test('does not confuse numbers with the words that print like them', () => {
    expect(randomStream(1, 2).uint32()).not.toBe(randomStream(1, '2').uint32());
  });

  test('has the words that it had when results were first stored', () => {
    const stream = randomStream(7, 'golden');
    expect(Array.from({ length: 6 }, () => stream.uint32())).toEqual([
      3567451088, 3150725037, 1250833606, 683896608, 652773405, 2971043115,
    ]);
  });

  test('below draws every integer alike, without the bias of a remainder', () => {
    const stream = randomStream(1, 'below');
    const counts = Array.from({ length: 7 }, () => 0);
    for (let i = 0; i < 70_000; i++) counts[stream.below(7)]! += 1;
    // 22.46: the 0.999 quantile of chi-square with 6 degrees of freedom.
    expect(chiSquare(counts)).toBeLessThan(22.46);
    // A remainder of 32 bits would fall into the lower third of 3·2³⁰ twice as often as into the others.
    const thirds = [0, 0, 0];
    for (let i = 0; i < 30_000; i++) thirds[Math.floor(stream.below(3 * 2 ** 30) / 2 ** 30)]! += 1;
    // 13.82: 2 degrees of freedom.
    expect(chiSquare(thirds)).toBeLessThan(13.82);
    expect(randomStream(1, 'whole').below(2 ** 32)).toBe(randomStream(1, 'whole').uint32());
  });

  test.each([0, -1, 1.5, Number.NaN, 2 ** 32 + 1])('below refuses %s instead of searching for ever', (bound) => {
    expect(() => randomStream(1, 'below').below(bound)).toThrow(RangeError);
  });

  test('uniform lies in [0, 1) with mean 1/2 and variance 1/12; normal has mean 0, variance 1 and no skew', () => {
    const stream = randomStream(3, 'moments');
    const count = 40_000;
    const moments = (draw: () => number): number[] => {
      const values = Array.from({ length: count }, draw);
      const mean = values.reduce((sum, x) => sum + x, 0) / count;
      const centred = (power: number): number => values.reduce((sum, x) => sum + (x - mean) ** power, 0) / count;
      return [mean, centred(2), centred(3), centred(4), Math.min(...values), Math.max(...values)];
    };
    const [mean, variance, , , low, high] = moments(stream.uniform) as [number, number, number, number, number, number];
    expect(Math.abs(mean - 0.5)).toBeLessThan(4 / Math.sqrt(12 * count));
    expect(variance).toBeCloseTo(1 / 12, 2);
    expect(low).toBeGreaterThanOrEqual(0);
    expect(high).toBeLessThan(1);
    const [m, v, skew, fourth] = moments(stream.normal) as [number, number, number, number, number, number];
    expect(Math.abs(m)).toBeLessThan(4 / Math.sqrt(count));
    expect(Math.abs(v - 1)).toBeLessThan(4 * Math.sqrt(2 / count));
    expect(Math.abs(skew)).toBeLessThan(4 * Math.sqrt(15 / count));
    expect(Math.abs(fourth - 3)).toBeLessThan(4 * Math.sqrt(96 / count));
  });

  test('shuffled gives each of the six orders of three alike and leaves its argument alone', () => {
    const stream = randomStream(5, 'orders');
    const items = Object.freeze(['a', 'b', 'c']);
    const counts = new Map<string, number>();
    for (let i = 0; i < 12_000; i++) {
      const order = stream.shuffled(items).join('');
      counts.set(order, (counts.get(order) ?? 0) + 1);
    }
    expect(counts.size).toBe(6);
    // 20.52: the 0.999 quantile with 5 degrees of freedom.
    expect(chiSquare([...counts.values()])).toBeLessThan(20.52);
  });

  test('sample gives distinct integers, ascending, each subset alike', () => {
    fc.assert(
      fc.property(fc.integer(), fc.nat(30), fc.nat(30), (seed, a, b) => {
        const [count, bound] = [Math.min(a, b), Math.max(a, b)];
        const drawn = randomStream(seed, 'sample').sample(count, bound);
        expect(drawn).toEqual([...new Set(drawn)].sort((x, y) => x - y));
        expect(drawn.length).toBe(count);
        expect(drawn.every((x) => Number.isInteger(x) && x >= 0 && x < bound)).toBe(true);
      }),
    );
    const stream = randomStream(5, 'subsets');
    const counts = new Map<string, number>();
    for (let i = 0; i < 10_000; i++) {
      const subset = stream.sample(2, 5).join();
      counts.set(subset, (counts.get(subset) ?? 0) + 1);
    }
    expect(counts.size).toBe(10);
    // 27.88: 9 degrees of freedom.
    expect(chiSquare([...counts.values()])).toBeLessThan(27.88);
  });
});
