import type { Baseline } from '../../../analysis/damage.js';
import type { ConditionResult, ModelResults } from '../../reading/model-results.js';

/** The intact network on the images that a condition rests on, in the condition's order. */
export function baselineOf({ labels, baseline }: ModelResults, { images }: ConditionResult): Baseline {
  const { predicted, loss } = baseline;
  if (!images) return { labels, predicted, loss };
  return {
    labels: Uint16Array.from(images, (place) => labels[place] as number),
    predicted: Uint16Array.from(images, (place) => predicted[place] as number),
    loss: Float32Array.from(images, (place) => loss[place] as number),
  };
}
