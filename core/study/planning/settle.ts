import { spearman } from '../../analysis/rank.js';
import { settlePrecision } from '../../analysis/precision.js';
import { settleTop } from '../../analysis/top.js';
import type { Verdict } from '../../analysis/verdict.js';
import type { StopSpec } from '../../spec/study-spec.js';
import type { AblationPreview } from '../reading/ablation-preview.js';
import type { ConditionResult } from '../reading/model-results.js';

/** Favourites are so many times as many as are wanted: of ResNet-20's top 20 all are among the first 38 of those predicted. */
const FAVOURITES = 2.5;

/** Rank correlation of tried conditions, on the images that they were tried on, from which on predictions say which conditions matter. */
const TRUSTED = 0.65;

/**
 * Per image KL clipped at a bound, in nats. What is not finite counts as the bound: outputs that have become infinite or
 * no numbers are damage beyond any measure.
 */
export function clipped(kl: Float32Array, bound: number): Float64Array {
  return Float64Array.from(kl, (value) => (value < bound ? value : bound));
}

/**
 * How an adaptive ablation stands: what is settled, and which conditions need more images. A condition without results,
 * or with some that are missing, is undecided.
 *
 * @param preview what conditions are predicted to do; undefined: nothing is known of images before.
 */
export function verdictOf(
  stop: StopSpec,
  results: readonly (ConditionResult | undefined)[],
  population: number,
  preview?: AblationPreview,
): Verdict {
  const { confidence, clip: bound } = stop;
  const conditions = results.map((result, index) =>
    result && result.state !== 'partial'
      ? { values: clipped(result.kl, bound), predicted: preview && clipped(preview.kl[index] as Float32Array, bound) }
      : undefined,
  );
  return 'top' in stop
    ? settleTop(conditions, population, {
        top: stop.top,
        epsilon: stop.epsilon,
        confidence,
        bound,
        favourites: preview && favouritesOf(preview, stop.top, bound),
      })
    : settlePrecision(conditions, population, { precision: stop.precision, confidence, bound });
}

/**
 * The conditions of the largest predicted means, where the trial has shown that predictions rank conditions; none where it hasn't. Neither follows
 * from the order of the images, so that the rule may rest on it.
 */
function favouritesOf({ kl, tried }: AblationPreview, top: number, bound: number): ReadonlySet<number> | undefined {
  const meanOf = (values: Float32Array): number => clipped(values, bound).reduce((sum, value) => sum + value, 0);
  const correlation = spearman(
    tried.map(({ predicted }) => meanOf(predicted)),
    tried.map(({ measured }) => meanOf(measured)),
  );
  if (correlation === null || correlation < TRUSTED) return undefined;
  const means = kl.map(meanOf);
  const order = [...means.keys()].sort((a, b) => (means[b] as number) - (means[a] as number) || a - b);
  return new Set(order.slice(0, Math.ceil(FAVOURITES * top)));
}
