import { describe, expect, test } from 'vitest';
import { robustnessCurve } from '../../core/analysis/curve.js';
import { randomStream } from '../../core/random.js';
import { halving, printHalving } from '../../core/report/halving.js';
import type { CurveRow } from '../../core/tables/schema.js';
import { simulation } from '../analysis/simulation.js';
import { curveRow } from './hand-rows.js';

type Point = readonly [fraction: number, accuracy: number | null, low?: number | null, high?: number | null];
/** With common spaces. */
const printed = (half: ReturnType<typeof halving>): string => printHalving(half).replaceAll('\u202f', ' ');
const curve = (...points: readonly Point[]): CurveRow[] =>
  points.map(([fraction, accuracy, low = accuracy, high = accuracy]) =>
    curveRow({ fraction, accuracy, accuracy_low: low, accuracy_high: high }),
  );

describe('the fraction at which accuracy halves', () => {
  test('lies on the line between two measured fractions', () => {
    const half = halving(curve([0.1, 0.6], [0.2, 0.2]), 0.8);
    expect(half).toMatchObject({ kind: 'at', fraction: expect.closeTo(0.15, 12) as number });
    expect(printed(half)).toBe('15.0 %');
  });

  test('is never read before the smallest measured fraction', () => {
    expect(halving(curve([0.1, 0.2]), 0.8)).toMatchObject({ kind: 'before', fraction: 0.1 });
    expect(printed(halving(curve([0.1, 0.2]), 0.8))).toBe('at most 10.0 %');
  });

  test('is beyond the largest fraction where accuracy never falls so far', () => {
    expect(halving(curve([0.1, 0.7]), 0.8)).toMatchObject({ kind: 'beyond', fraction: 0.1 });
    expect(printed(halving(curve([0.1, 0.7]), 0.8))).toBe('more than 10.0 %');
  });

  test('is met where accuracy is half of it exactly, and without the intact accuracy half of the first one', () => {
    expect(halving(curve([0, 0.8], [0.2, 0.4]), undefined)).toMatchObject({ kind: 'at', fraction: 0.2 });
    expect(halving(curve([0.1, 0.5]), undefined)).toMatchObject({ kind: 'beyond', fraction: 0.1 });
  });

  test('passes over points without an accuracy, and is unknown without any', () => {
    const rows = curve([0.1, 0.6], [0.15, null], [0.2, 0.2]);
    expect(halving(rows, 0.8)).toEqual(halving([rows[0]!, rows[2]!], 0.8));
    expect(halving(curve([0.1, null]), 0.8)).toBeUndefined();
    expect(printed(undefined)).toBe('–');
  });

  test('has the interval at which that of accuracy holds the half', () => {
    // Lower ends: from 0.5 to 0.1, half of 0.8 after a quarter; upper ends: from 0.7 to 0.3, after three quarters.
    const half = halving(curve([0.1, 0.6, 0.5, 0.7], [0.2, 0.2, 0.1, 0.3]), 0.8);
    expect(half?.low).toEqual({ kind: 'at', fraction: expect.closeTo(0.125, 12) as number });
    expect(half?.high).toEqual({ kind: 'at', fraction: expect.closeTo(0.175, 12) as number });
    expect(printed(half)).toBe('15.0 % (12.5 % to 17.5 %)');
  });

  test('says that an end lies before or beyond what was measured, and none where a point has no interval', () => {
    expect(printed(halving(curve([0.1, 0.5, 0.3, 0.7], [0.2, 0.2, 0.1, 0.5]), 0.8))).toBe(
      '13.3 % (at most 10.0 % to more than 20.0 %)',
    );
    expect(printed(halving(curve([0.1, 0.6, null, 0.7], [0.2, 0.2, 0.1, 0.3]), 0.8))).toBe('15.0 %');
  });

  simulation(
    'is held by its interval as often as it should be, trials and images drawn anew',
    { timeout: 60_000 },
    () => {
      const fractions = [0.1, 0.2, 0.3, 0.4];
      const [trials, images, runs] = [12, 200, 300];
      // An image is right where its ease, the trial's luck and noise together are above what the fraction takes away.
      const takes = (fraction: number): number => 8 * fraction - 2;
      const right = (ease: number, luck: number, noise: number, fraction: number): boolean =>
        ease + 0.4 * luck + 0.5 * noise > takes(fraction);
      const long = randomStream(5, 'halving', 'truth');
      const mean = fractions.map((fraction) => {
        let count = 0;
        for (let i = 0; i < 200_000; i++) if (right(long.normal(), long.normal(), long.normal(), fraction)) count++;
        return count / 200_000;
      });
      const truth = halving(curve(...fractions.map((fraction, i): Point => [fraction, mean[i]!])), 1);
      expect(truth?.kind).toBe('at');
      let held = 0;
      for (let run = 0; run < runs; run++) {
        const random = randomStream(5, 'halving', run);
        const ease = Array.from({ length: images }, () => random.normal());
        const points = robustnessCurve(
          fractions.map((fraction) => ({
            fraction,
            trials: Array.from({ length: trials }, () => {
              const luck = random.normal();
              const correct = ease.map((one) => (right(one, luck, random.normal(), fraction) ? 1 : 0));
              return { correct, kl: correct };
            }),
          })),
        );
        const half = halving(
          curve(
            ...points.map(({ fraction, accuracy }): Point => [
              fraction,
              accuracy!.estimate,
              accuracy!.low,
              accuracy!.high,
            ]),
          ),
          1,
        );
        const at = (end: 'low' | 'high'): number =>
          half?.[end]?.kind === 'at' ? half[end].fraction : end === 'low' ? -Infinity : Infinity;
        if (at('low') <= truth!.fraction && truth!.fraction <= at('high')) held++;
      }
      expect(held / runs).toBeGreaterThan(0.93 - 3 * Math.sqrt((0.93 * 0.07) / runs));
    },
  );
});
