import { describe, expect, test } from 'vitest';
import { judgePredictions } from '../../core/analysis/leading.js';
import type { Prediction } from '../../core/analysis/predictor.js';
import { studentQuantile } from '../../core/analysis/special.js';

const mean = (estimate: number, error: number | null = 0.1, freedom = 9) => ({ estimate, error, freedom });
const prediction = (own: Partial<Prediction>): Prediction => ({
  predictor: 'x',
  sites: 10,
  kernels: 100,
  correlation: mean(0.5),
  p: 0.01,
  between: 0,
  partial: 0,
  reliability: 1,
  ceiling: 1,
  ahead: [],
  ...own,
});

describe('predictions judged together', () => {
  test('are adjusted over all predictors, hypotheses and networks', () => {
    const families = [
      [prediction({ p: 0.01 }), prediction({ p: 0.5 })],
      [prediction({ p: 0.02 }), prediction({ p: null })],
    ];
    // Benjamini-Yekutieli over three tests: p · 3 / rank · (1 + 1/2 + 1/3).
    const factor = 1 + 1 / 2 + 1 / 3;
    const adjusted = judgePredictions(families).map((family) => family.map(({ pAdjusted }) => pAdjusted));
    expect(adjusted[0]![0]).toBeCloseTo(0.03 * factor, 12);
    expect(adjusted[1]![0]).toBeCloseTo(0.03 * factor, 12);
    expect(adjusted[0]![1]).toBeCloseTo(0.5 * factor, 12);
    expect(adjusted[1]![1]).toBeNull();
  });

  test('have Student’s interval of their own, back on the scale of ρ; none below three sites', () => {
    const [[one, few, none]] = judgePredictions(
      [[prediction({}), prediction({ correlation: mean(0.5, null) }), prediction({ correlation: null })]],
      0.9,
    ) as [ReturnType<typeof judgePredictions>[number]];
    const half = studentQuantile(0.95, 9) * 0.1;
    expect(one!.interval).toEqual({
      low: Math.tanh(0.5 - half),
      high: Math.tanh(0.5 + half),
      estimate: Math.tanh(0.5),
      level: 0.9,
    });
    expect([few!.interval, none!.interval]).toEqual([null, null]);
  });

  test('lead by the least of their distances, at an error shared by comparisons and families', () => {
    const of = (families: number) =>
      judgePredictions([
        [prediction({ ahead: [mean(0.6, 0.1, 9), mean(0.5, 0.05, 9)] })],
        ...Array.from({ length: families - 1 }, () => [prediction({ ahead: [mean(0)] })]),
        // Nothing to compare with: no family of comparisons.
        [prediction({})],
      ])[0]![0]!.lead!;
    for (const families of [1, 3]) {
      const t = studentQuantile(1 - 0.05 / families / 2 / 2, 9);
      const { estimate, low, high } = of(families);
      expect(estimate).toBe(0.5);
      expect(low).toBeCloseTo(Math.min(0.6 - 0.1 * t, 0.5 - 0.05 * t), 12);
      expect(high).toBeCloseTo(Math.min(0.6 + 0.1 * t, 0.5 + 0.05 * t), 12);
    }
  });

  test('have no ends of a lead where one of the others is known from too few sites, and none without others', () => {
    const [[few, alone]] = judgePredictions([
      [prediction({ ahead: [mean(0.6), mean(0.5, null)] }), prediction({})],
    ]) as [ReturnType<typeof judgePredictions>[number]];
    expect(few!.lead).toEqual({ estimate: 0.5, low: null, high: null });
    expect(alone!.lead).toBeNull();
  });
});
