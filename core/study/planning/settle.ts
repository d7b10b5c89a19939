import { settlePrecision } from '../../analysis/precision.js';
import { settleTop } from '../../analysis/top.js';
import type { Verdict } from '../../analysis/verdict.js';
import type { StopSpec } from '../../spec/study-spec.js';
import type { ConditionResult } from '../reading/model-results.js';

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
 */
export function verdictOf(
  stop: StopSpec,
  results: readonly (ConditionResult | undefined)[],
  population: number,
): Verdict {
  const { confidence, clip: bound } = stop;
  const drawn = results.map((result) => (result && result.state !== 'partial' ? clipped(result.kl, bound) : undefined));
  return 'top' in stop
    ? settleTop(drawn, population, { top: stop.top, epsilon: stop.epsilon, confidence, bound })
    : settlePrecision(drawn, population, { precision: stop.precision, confidence, bound });
}
