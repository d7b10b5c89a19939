import { crossedMean, type CrossedMean } from './crossed.js';
import { isWhole } from './damage.js';

/** Leave-one-out damage of a layer's kernels: kl[kernel][image]. */
export interface LayerDamage {
  readonly layer: string;
  readonly kl: readonly ArrayLike<number>[];
}

export interface LayerSensitivity {
  readonly layer: string;
  readonly kernels: number;
  /** Mean over kernels and images of KL; null below two images or where a KL is not finite. */
  readonly kl: CrossedMean | null;
}

/**
 * How much a layer's kernels matter one at a time: the mean over kernels of their mean KL, with an interval that counts
 * kernels and images as sampled (`crossedMean`).
 */
export function layerSensitivity(layers: readonly LayerDamage[], level = 0.95): LayerSensitivity[] {
  return layers.map(({ layer, kl }) => ({
    layer,
    kernels: kl.length,
    kl: kl.every(isWhole) ? crossedMean(kl, level, { least: 0 }) : null,
  }));
}
