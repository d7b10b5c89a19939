import type { Anatomy } from '../../anatomy/site.js';
import { mean } from '../../analysis/moments.js';
import { PercussError } from '../../errors.js';
import { estimands, removesAs } from '../../spec/words/estimands.js';
import { isSound, type ModelResults } from '../reading/model-results.js';

/** A kernel with what its removal was measured to do on the images that choose. */
export interface RankedKernel {
  readonly layer: string;
  readonly site: string;
  readonly channel: number;
  /** Mean KL from the intact network, nat; 0 where nothing changes. */
  readonly kl: number;
}

/** What may stand in a removed kernel's place in a smaller network: a number, or what the kernels that stay at its site say about it. */
export const pruningFills = ['zero', 'mean', 'substitute'] as const;
export type PruningFill = (typeof pruningFills)[number];

/** Kernels by damage, and how many more the study was to remove whose damage is not known: not run, failed, or not finite. */
export interface Ranking {
  readonly kernels: readonly RankedKernel[];
  readonly unknown: number;
}

/**
 * Kernels from the least damage to the largest, on some of the images; of equals the earlier layer, the lower channel. One without a finite
 * damage on these images is left out: nothing is known of its removal.
 *
 * @param choosing Places of the images that choose.
 * @throws PercussError NOT_FOUND where the study has not removed kernels one by one with that fill.
 */
export function rankKernels(results: ModelResults, fill: PruningFill, choosing: readonly number[]): Ranking {
  const sites = new Map(results.outline.anatomy.layers.map(({ name, site }) => [name, site]));
  const asked = new Set<string>();
  const known = new Map<string, RankedKernel>();
  for (const ablation of results.ablations) {
    if (!removesAs(ablation, estimands.kernel) || ablation.stop) continue;
    for (const { labelled, result } of ablation.conditions) {
      const [target] = labelled.targets;
      const site = sites.get(target?.group ?? '');
      if (labelled.fill !== fill || target?.channel === undefined || site === undefined) continue;
      const name = `${target.group}[${target.channel}]`;
      asked.add(name);
      if (known.has(name) || !isSound(result)) continue;
      const kl = mean(Float64Array.from(choosing, (image) => result.kl[image] as number));
      if (kl === null || !Number.isFinite(kl)) continue;
      known.set(name, { layer: target.group, site, channel: target.channel, kl });
    }
  }
  if (known.size === 0) {
    throw new PercussError(
      'NOT_FOUND',
      `the study has no damage of single kernels of ${results.outline.model.name} on all images, filled with ${fill}: add an ablation of mode each and unit kernel, without stop, with fill: ${fill} to its spec, run it, and prune then`,
    );
  }
  const order = new Map(results.outline.anatomy.layers.map(({ name }, i) => [name, i]));
  const place = ({ layer, channel }: RankedKernel): number => (order.get(layer) ?? 0) * 1e6 + channel;
  const kernels = [...known.values()].sort((a, b) => a.kl - b.kl || place(a) - place(b));
  return { kernels, unknown: asked.size - known.size };
}

/** How many kernels a network has that can be removed. */
export const kernelCount = ({ layers }: Anatomy): number => layers.reduce((sum, { kernels }) => sum + kernels, 0);
