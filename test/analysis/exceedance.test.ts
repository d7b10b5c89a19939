import { describe, expect, test } from 'vitest';
import { exceedances } from '../../core/analysis/exceedance.js';
import { randomStream, type RandomStream } from '../../core/random.js';

/** Numbers of `count` networks: `shared` of their variance is that of the whole network, of its rows and columns, or of nothing. */
function networks(
  random: RandomStream,
  { side, count, shared, by }: { side: number; count: number; shared: number; by: 'network' | 'row' },
): number[][] {
  return Array.from({ length: count }, () => {
    const whole = random.normal();
    const lines = Array.from({ length: 2 * side }, () => random.normal());
    return Array.from({ length: side * side }, (_, cell) => {
      const line = ((lines[Math.floor(cell / side)] as number) + (lines[side + (cell % side)] as number)) / Math.SQRT2;
      // Cells differ in level and in spread, as those of a matrix do.
      const noise = Math.sqrt(shared) * (by === 'network' ? whole : line) + Math.sqrt(1 - shared) * random.normal();
      return (cell % 7) / 10 + (0.01 + 0.05 * (cell % 3)) * noise;
    });
  });
}

describe('a null that is scored as a network', () => {
  test.each([
    ['of independent numbers', 0, 'network'],
    ['that is above or below others as a whole', 0.5, 'network'],
    ['and nearly nothing else', 0.9, 'network'],
    ['in whole rows and columns', 0.9, 'row'],
  ] as const)('%s has discoveries in at most one of twenty', (name, shared, by) => {
    const trials = 200;
    let found = 0;
    for (let trial = 0; trial < trials; trial++) {
      const [own, ...nulls] = networks(randomStream(trial, name), { side: 8, count: 20, shared, by });
      if (exceedances(own as number[], nulls).some((one) => one !== null && one.adjusted <= 0.05)) found++;
    }
    // 0.05 and three Monte Carlo errors.
    expect(found / trials).toBeLessThan(0.05 + 3 * Math.sqrt((0.05 * 0.95) / trials));
  });

  test('has a rank p by number that is uniform', () => {
    const counts = new Uint32Array(21);
    for (let trial = 0; trial < 60; trial++) {
      const [own, ...nulls] = networks(randomStream(trial, 'uniform'), { side: 6, count: 20, shared: 0, by: 'row' });
      for (const one of exceedances(own as number[], nulls)) counts[Math.round(20 * (one?.p ?? 0))]!++;
    }
    const expected = (60 * 36) / 20;
    const chi = [...counts.subarray(1)].reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0);
    // Chi-squared of 19 degrees of freedom: 0.001 lie above 43.8.
    expect([counts[0], chi < 43.8]).toEqual([0, true]);
  });
});

describe('what is above the nulls', () => {
  const planted = (count: number, by: number): boolean[] => {
    const [own, ...nulls] = networks(randomStream(by, 'planted', count), { side: 8, count: 20, shared: 0, by: 'row' });
    const raised = (own as number[]).map((value, cell) => value + (cell < count ? by * 0.1 : 0));
    return exceedances(raised, nulls).map((one) => (one?.adjusted ?? 1) <= 0.05);
  };

  test('is found, and what is not is not', () => {
    const found = planted(24, 8);
    expect(found.slice(0, 24).every(Boolean)).toBe(true);
    expect(found.slice(24).filter(Boolean).length).toBeLessThanOrEqual(2);
  });

  test('by hand: two numbers, one null', () => {
    // Both deviations are √2/2 of the difference, scores ± of one size; the null's best is −own.
    const [first, second] = exceedances([1, 3], [[0, 4]]);
    expect([first, second]).toEqual([
      { spread: null, p: 1 / 2, adjusted: 1 },
      { spread: null, p: 1, adjusted: 1 },
    ]);
  });

  test('is nothing where fewer nulls were asked than the rate needs', () => {
    const own = Array.from({ length: 40 }, (_, cell) => 100 + cell);
    const nulls = (count: number) =>
      networks(randomStream(1), { side: 8, count, shared: 0, by: 'row' }).map((one) => one.slice(0, 40));
    expect(exceedances(own, nulls(18)).every((one) => one?.adjusted === 1 / 19)).toBe(true);
    expect(exceedances(own, nulls(19)).every((one) => one?.adjusted === 1 / 20)).toBe(true);
  });

  test('has no answer where a number is missing, and needs nulls', () => {
    expect(exceedances([1, null, 2, 3], [[0, 0, null, 0]]).map((one) => one === null)).toEqual([
      false,
      true,
      true,
      false,
    ]);
    expect(exceedances([1, 2], [])).toEqual([null, null]);
    expect(exceedances([], [[], []])).toEqual([]);
    // What never varies is like any other.
    expect(
      exceedances(
        [1, 1],
        [
          [1, 1],
          [1, 1],
        ],
      ),
    ).toEqual(Array(2).fill({ spread: 0, p: 1, adjusted: 1 }));
  });
});
