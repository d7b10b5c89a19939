import { smallest } from '../extremes.js';
import { studentInterval, type Interval } from './interval.js';
import { adjustFalseDiscovery } from './multiplicity.js';
import type { Prediction } from './predictor.js';
import { studentQuantile } from './special.js';

/** The predictions of one hypothesis: of one network, target and fill. */
export type PredictionFamily = readonly Prediction[];

/** What holds of a prediction among all that a study makes. */
export interface Judged {
  readonly prediction: Prediction;
  /** ρ of sites like these, of this prediction alone; null below three sites. */
  readonly interval: Interval | null;
  /** Benjamini and Yekutieli over all networks, hypotheses and predictors. */
  readonly pAdjusted: number | null;
  /**
   * How far its |z| is ahead of the strongest other's of its family, or behind it, with an interval that holds for all predictors of
   * all families at once: above 0 it is the best, below 0 it is not. Null without another, the interval below three sites.
   */
  readonly lead: { readonly estimate: number; readonly low: number | null; readonly high: number | null } | null;
}

/**
 * All predictions of a study, judged together. Which predictor is best is picked after looking; so each is compared with all others
 * of its family (multiple comparisons with the best: Hsu, Annals of Statistics 9, 1981), two-sided, at an error divided by the number
 * of comparisons and of families (Bonferroni), which needs no estimate of how differences hang together and so holds at few sites.
 */
export function judgePredictions(families: readonly PredictionFamily[], level = 0.95): Judged[][] {
  const adjusted = adjustFalseDiscovery(families.flat().map(({ p }) => p));
  const compared = families.filter((family) => family.some(({ ahead }) => ahead.length > 0)).length;
  let at = 0;
  return families.map((family) =>
    family.map((prediction): Judged => {
      const pAdjusted = adjusted[at++]!;
      const interval = intervalOf(prediction, level);
      return { prediction, interval, pAdjusted, lead: leadOf(prediction, (1 - level) / Math.max(1, compared)) };
    }),
  );
}

function intervalOf({ correlation }: Prediction, level: number): Interval | null {
  if (correlation === null || correlation.error === null) return null;
  const { low, high, estimate } = studentInterval(correlation.estimate, correlation.error, correlation.freedom, level);
  return { low: Math.tanh(low), high: Math.tanh(high), estimate: Math.tanh(estimate), level };
}

function leadOf({ ahead }: Prediction, outside: number): Judged['lead'] {
  if (ahead.length === 0) return null;
  const estimate = smallest(ahead.map((one) => one.estimate));
  const halves = ahead.map(({ error, freedom }) =>
    error === null ? null : studentQuantile(1 - outside / ahead.length / 2, freedom) * error,
  );
  if (halves.includes(null)) return { estimate, low: null, high: null };
  const ends = (sign: number): number => smallest(ahead.map((one, i) => one.estimate + sign * halves[i]!));
  return { estimate, low: ends(-1), high: ends(1) };
}
