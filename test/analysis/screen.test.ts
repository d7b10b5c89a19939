import { describe, expect, test } from 'vitest';
import { hypergeometricCdf, markedInterval } from '../../core/analysis/hypergeometric.js';
import { meanInteraction, type UnitPair } from '../../core/analysis/interaction.js';
import { judgedRanks, missedBeyond } from '../../core/analysis/screen.js';
import { pairAt } from '../../core/plan/pairs.js';
import { screenedPairs, weightOf } from '../../core/plan/screen.js';
import { randomStream } from '../../core/random.js';

describe('how many of all are marked', () => {
  test('has the probabilities of the hypergeometric, by counting', () => {
    // 3 of 10, of which 4 are marked: C(6,3), C(4,1) C(6,2), C(4,2) C(6,1), C(4,3) of C(10,3) = 120.
    [20, 80, 116, 120].forEach((count, x) => expect(hypergeometricCdf(x, 10, 4, 3)).toBeCloseTo(count / 120, 12));
    expect(hypergeometricCdf(1, 5, 4, 3)).toBe(0);
  });

  test('is, by hand, from the fewest to the most that are not too improbable', () => {
    // 0 of 5 out of 10: C(10 − m, 5) / 252 is 56, 21, 6, 1 / 252 for m = 2, 3, 4, 5: above 0.025 up to 3.
    expect(markedInterval(0, 5, 10)).toEqual({ low: 0, high: 3, estimate: 0, level: 0.95 });
    expect(markedInterval(5, 5, 10)).toEqual({ low: 7, high: 10, estimate: 10, level: 0.95 });
    expect(markedInterval(4, 10, 10)).toEqual({ low: 4, high: 4, estimate: 4, level: 0.95 });
    expect(markedInterval(0, 0, 10)).toBeNull();
  });

  test('is covered, for every number, at least at the level: summed over all draws', () => {
    for (const level of [0.8, 0.95])
      for (const [size, drawn] of [
        [12, 5],
        [40, 9],
        [279, 60],
      ] as const) {
        const intervals = Array.from({ length: drawn + 1 }, (_, x) => markedInterval(x, drawn, size, level)!);
        for (let marked = 0; marked <= size; marked++) {
          let covered = 0;
          for (let x = 0; x <= Math.min(drawn, marked); x++) {
            const p =
              hypergeometricCdf(x, size, marked, drawn) - (x > 0 ? hypergeometricCdf(x - 1, size, marked, drawn) : 0);
            if (intervals[x]!.low <= marked && marked <= intervals[x]!.high) covered += p;
          }
          expect(covered).toBeGreaterThanOrEqual(level - 1e-9);
        }
      }
  });
});

describe('what a screen missed', () => {
  test('is, by hand, what is larger among the random ones, for all that were left out', () => {
    const values = { kept: [5, -4, 3, 2, 1, 0, 0, 0, 0, 0], random: [4.5, 0.5, -3.5, 0, 0], rest: 5 };
    expect(missedBeyond(values, 3, 1e-6)).toEqual({
      rank: 3,
      found: 3,
      threshold: 3,
      beyond: 2,
      missed: { estimate: 2, low: 2, high: 2, level: 0.95 },
      share: { estimate: 0.6, low: 0.6, high: 0.6, level: 0.95 },
    });
    expect(judgedRanks(120)).toEqual([12, 40, 120]);
    expect(judgedRanks(1)).toEqual([1]);
    expect(judgedRanks(0)).toEqual([]);
  });

  test('is not what rounding leaves of 0', () => {
    const found = missedBeyond({ kept: [1e-9, 2e-9], random: [1e-8, 0], rest: 9 }, 2, 1e-6);
    expect(found).toMatchObject({ found: 0, beyond: 0, threshold: 1e-6, share: null, missed: { low: 0 } });
  });
});

/** Pairs of 40 units with sizes of a long tail; an interaction between them that grows with both, and back-up of some harmless ones. */
function population(seed: number) {
  const random = randomStream(seed, 'screened population');
  const scores = Array.from({ length: 40 }, () => Math.exp(1.5 * random.normal()));
  const all = { length: 780, at: (index: number) => pairAt(40, index) };
  const values = Array.from({ length: all.length }, (_, index) => {
    const [a, b] = all.at(index);
    const backUp = random.uniform() < 0.02 ? 3 : 0;
    return 0.2 * Math.sqrt(scores[a]! * scores[b]!) * (1 + random.normal()) + backUp + 0.05;
  });
  return { scores, all, values };
}

describe('simulated screens', () => {
  const trials = 600;
  const { scores, all, values } = population(1);
  const truth = values.reduce((sum, value) => sum + value, 0) / values.length;
  const screens = Array.from({ length: trials }, (_, seed) => {
    const place = new Map(values.map((_value, index) => [all.at(index).join(), index]));
    const pairs = screenedPairs(all, { keep: 120, random: 100 }, scores, [seed, 'kernel']);
    return Array.from({ length: pairs.length }, (_, i) => ({
      pair: pairs.at(i),
      value: values[place.get(pairs.at(i).join())!]!,
      ...pairs.screenedAt(i),
    }));
  });

  test('state an interval that holds what was missed, at least at its level less three Monte Carlo errors', () => {
    for (const rank of judgedRanks(120)) {
      let covered = 0;
      for (const screen of screens) {
        const of = (random: boolean): number[] =>
          screen.filter((one) => one.random === random).map(({ value }) => value);
        const { threshold, missed, found } = missedBeyond({ kept: of(false), random: of(true), rest: 660 }, rank, 0);
        const left = values.filter((value) => Math.abs(value) > threshold).length - (found - 1);
        if (missed!.low <= left && left <= missed!.high) covered++;
      }
      expect(covered / trials).toBeGreaterThanOrEqual(0.95 - 3 * Math.sqrt((0.95 * 0.05) / trials));
    }
  });

  test('give the mean over all pairs by weights, which the screened ones as a sample do not', () => {
    const estimate = (weigh: boolean): { mean: number; error: number; covered: number } => {
      const found = screens.map((screen) => {
        const pairs = screen.map(({ pair: [a, b], random, screening }): UnitPair => ({
          a,
          b,
          across: false,
          singles: 1,
          weight: weigh ? weightOf({ random, screening }) : 1,
        }));
        const sample = { pairs, values: (i: number) => Float64Array.of(screen[i]!.value, screen[i]!.value) };
        return meanInteraction(sample, [...pairs.keys()])!;
      });
      const mean = found.reduce((sum, one) => sum + one.estimate, 0) / trials;
      const spread = Math.sqrt(found.reduce((sum, one) => sum + (one.estimate - mean) ** 2, 0) / (trials - 1));
      const covered = found.filter(({ low, high }) => low <= truth && truth <= high).length / trials;
      return { mean, error: spread / Math.sqrt(trials), covered };
    };
    const [weighted, plain] = [estimate(true), estimate(false)];
    expect(Math.abs(weighted.mean - truth)).toBeLessThan(4 * weighted.error);
    expect(weighted.covered).toBeGreaterThanOrEqual(0.95 - 3 * Math.sqrt((0.95 * 0.05) / trials));
    expect(Math.abs(plain.mean - truth)).toBeGreaterThan(4 * plain.error);
  });
});
