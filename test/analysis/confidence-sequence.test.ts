import { describe, expect, test } from 'vitest';
import { meanBounds, meanIsAbove, meanIsBelow } from '../../core/analysis/confidence-sequence.js';
import { settlePrecision } from '../../core/analysis/precision.js';
import { waveEnds } from '../../core/data/waves.js';
import { randomStream, type RandomStream } from '../../core/random.js';
import { simulation } from './simulation.js';

const mean = (values: ArrayLike<number>): number =>
  (Array.prototype.reduce.call(values, (sum: unknown, x) => (sum as number) + (x as number), 0) as number) /
  values.length;

/** Populations in [0, 1] as damage is distributed: mostly nothing, rarely much; and others that a method could trip on. */
const populations: readonly [name: string, values: (random: RandomStream, images: number) => number[]][] = [
  ['rarely hit', (random, n) => Array.from({ length: n }, () => (random.uniform() < 0.04 ? 1 : 0))],
  ['heavy tails', (random, n) => Array.from({ length: n }, () => Math.min(1, Math.exp(2.5 * random.normal() - 5)))],
  ['uniform', (random, n) => Array.from({ length: n }, () => random.uniform())],
  ['coins', (random, n) => Array.from({ length: n }, () => (random.uniform() < 0.5 ? 1 : 0))],
];

describe('the interval of a mean, looked at after every wave', () => {
  // 0.05 is what is promised; the sequence is conservative, so that the mean of 400 runs must lie below it and 3 errors.
  simulation.each(populations)('holds it at all looks together: %s', (name, make) => {
    const runs = 400;
    const images = 300;
    const alpha = 0.1;
    let missed = 0;
    for (let run = 0; run < runs; run++) {
      const random = randomStream(11, 'coverage', name, run);
      const drawn = Float64Array.from(random.shuffled(make(random, images)));
      const truth = mean(drawn);
      const looks = waveEnds(images).map((end) =>
        meanBounds(
          { values: drawn.subarray(0, end), population: images, bound: 1 },
          { below: alpha / 2, above: alpha / 2 },
        ),
      );
      if (looks.some(({ low, high }) => truth < low - 1e-9 || truth > high + 1e-9)) missed++;
      // Once all are drawn nothing is left to chance.
      expect(looks.at(-1)?.low).toBeCloseTo(truth, 12);
      expect(looks.at(-1)?.high).toBeCloseTo(truth, 12);
    }
    expect(missed / runs).toBeLessThanOrEqual(alpha + 3 * Math.sqrt((alpha * (1 - alpha)) / runs));
  });

  simulation('stopping as soon as it is narrow enough does not break it', () => {
    const runs = 400;
    const rule = { precision: 0.06, confidence: 0.9, bound: 1 };
    let missed = 0;
    let spent = 0;
    for (let run = 0; run < runs; run++) {
      const random = randomStream(12, 'stopping', run);
      const images = 1000;
      const drawn = Float64Array.from(random.shuffled(populations[1]?.[1](random, images) ?? []));
      for (const end of waveEnds(images)) {
        const { standings, advance } = settlePrecision([{ values: drawn.subarray(0, end) }], images, rule);
        if (advance.length > 0) continue;
        const { low, high } = standings[0] as { low: number; high: number };
        if (mean(drawn) < low - 1e-9 || mean(drawn) > high + 1e-9) missed++;
        spent += end;
        break;
      }
    }
    expect(missed / runs).toBeLessThanOrEqual(0.1 + 3 * Math.sqrt(0.09 / runs));
    expect(spent).toBeLessThan(0.5 * runs * 1000);
  });

  test('where all values are 0 is about what no method can beat: (1 − n/N)^(N·m) = α', () => {
    const [images, alpha] = [500, 0.01];
    for (const n of [50, 100, 200]) {
      const { high, low } = meanBounds(
        { values: new Float64Array(n), population: images, bound: 1 },
        { below: alpha, above: alpha },
      );
      const best = Math.log(alpha) / Math.log(1 - n / images) / images;
      expect(low).toBe(0);
      expect(high).toBeGreaterThan(0.95 * best);
      // All but a twentieth of the capital is staked whole.
      expect(high).toBeLessThan((1.03 * Math.log(0.95 * alpha)) / Math.log(1 - n / images) / images);
    }
  });

  test('excludes more the further a mean is off, on either side', () => {
    const random = randomStream(13, 'monotone');
    const values = Float64Array.from({ length: 80 }, () => random.uniform() ** 3);
    const drawn = { values, population: 400, bound: 1 };
    const grid = Array.from({ length: 101 }, (_, i) => i / 100);
    const above = grid.map((m) => meanIsAbove(drawn, m, 0.05));
    const below = grid.map((m) => meanIsBelow(drawn, m, 0.05));
    expect(above).toEqual([...above].sort((a, b) => Number(b) - Number(a)));
    expect(below).toEqual([...below].sort((a, b) => Number(a) - Number(b)));
    expect(grid.some((_, i) => above[i] && below[i])).toBe(false);
  });

  test('scales with the unit of the values', () => {
    const random = randomStream(14, 'scale');
    const values = Float64Array.from({ length: 100 }, () => random.uniform());
    const alpha = { below: 0.05, above: 0.05 };
    const one = meanBounds({ values, population: 900, bound: 1 }, alpha);
    const four = meanBounds({ values: values.map((x) => 4 * x), population: 900, bound: 4 }, alpha);
    expect(four.low / 4).toBeCloseTo(one.low, 5);
    expect(four.high / 4).toBeCloseTo(one.high, 5);
  });
});
