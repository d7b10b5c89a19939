import { describe, expect, test } from 'vitest';
import { replaceability } from '../../core/analysis/replaceability.js';
import { signedMeanInterval } from '../../core/analysis/interval.js';
import { randomStream } from '../../core/random.js';

describe('replaceability', () => {
  test('is the share of what is lost that is made up for', () => {
    const lost = [1, 2, 3, 2, 1, 3, 2, 2];
    const half = replaceability(
      lost.map((kl) => kl / 2),
      lost,
    );
    // Each image loses half: whatever images are drawn, so do they.
    expect(half?.estimate).toBeCloseTo(0.5, 12);
    expect(half?.low).toBeCloseTo(0.5, 8);
    expect(half?.high).toBeCloseTo(0.5, 8);
    const all = replaceability(
      lost.map(() => 0),
      lost,
    );
    expect(all?.estimate).toBe(1);
    expect(all?.low).toBeGreaterThan(1 - 1e-6);
    expect(all?.high).toBe(1);
    expect(replaceability([2, 4, 6, 4, 2, 6, 4, 4], lost)?.estimate).toBeCloseTo(-1, 12);
  });

  test('is over images on which both are finite, and none where nothing is lost', () => {
    expect(replaceability([1, Number.NaN, 1, 1], [2, 5, 2, 2])?.estimate).toBe(0.5);
    expect(replaceability([0, 0], [0, 0])).toBeNull();
    expect(replaceability([1, 1], [0, 0])).toBeNull();
    expect(replaceability([1], [2])).toBeNull();
    expect(replaceability([Number.NaN, 1], [2, 2])).toBeNull();
  });

  test('has no interval where what is lost is not told from 0', () => {
    const lost = [5, ...Array.from({ length: 19 }, () => 0)];
    const found = replaceability(
      lost.map((kl) => 0.4 * kl),
      lost,
    );
    expect(found).toMatchObject({ estimate: 0.6, low: null, high: null });
  });

  test('ends where the mean of what is left is told from 0', () => {
    const random = randomStream(3, 'pairs');
    const lost = Array.from({ length: 60 }, () => Math.exp(random.normal()));
    const told = lost.map((kl) => kl * 0.5 * Math.exp(0.5 * random.normal()));
    const { low, high } = replaceability(told, lost) as { low: number; high: number };
    const at = (theta: number) => signedMeanInterval(told.map((kl, i) => kl - theta * (lost[i] as number)));
    expect(at(1 - low)?.high).toBeCloseTo(0, 8);
    expect(at(1 - high)?.low).toBeCloseTo(0, 8);
    // More confidence, wider.
    const wide = replaceability(told, lost, 0.99) as { low: number; high: number };
    expect(wide.low).toBeLessThan(low);
    expect(wide.high).toBeGreaterThan(high);
  });

  test('covers what images like these have, also with long tails', () => {
    const random = randomStream(8, 'coverage');
    for (const [sigma, own] of [
      [1, 0.5],
      [1.5, 0.5],
      [1.5, 1],
    ] as const) {
      const factor = 0.3;
      // E of a lognormal that is independent of the other: exp(own² / 2).
      const truth = 1 - factor * Math.exp(own ** 2 / 2);
      let [covered, resolved] = [0, 0];
      const repeats = 300;
      for (let r = 0; r < repeats; r++) {
        const lost = Array.from({ length: 500 }, () => Math.exp(sigma * random.normal()));
        const told = lost.map((kl) => factor * kl * Math.exp(own * random.normal()));
        const found = replaceability(told, lost);
        if (found?.low === null || found?.high === null || !found) continue;
        resolved++;
        if (found.low <= truth && truth <= found.high) covered++;
      }
      expect(resolved).toBeGreaterThan(0.95 * repeats);
      // 0.93, less three Monte Carlo errors.
      expect(covered / resolved, `${sigma} ${own}`).toBeGreaterThan(0.93 - 3 * Math.sqrt((0.93 * 0.07) / repeats));
    }
  });
});
