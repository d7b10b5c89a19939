import { kernelWeights } from '../core/anatomy/kernel-weights.js';
import { kernelMeasure, type KernelMeasureName } from '../core/analysis/kernel-measures.js';
import { mean } from '../core/analysis/moments.js';
import type { ModelOutline } from '../core/plan/outline.js';
import { Lineariser } from '../core/probe/lineariser.js';
import { fills } from '../core/spec/words/fills.js';
import type { Catalog, LoadedModel } from '../core/study/catalog.js';
import type { RankedKernel } from '../core/study/pruning/kernel-choice.js';
import type { ModelResults } from '../core/study/reading/model-results.js';
import type { Tapped } from '../core/study/running/tapped-networks.js';

/** Kernels in the order in which they go. */
export type Order = readonly RankedKernel[];

export const nameOf = ({ layer, channel }: Pick<RankedKernel, 'layer' | 'channel'>): string => `${layer}[${channel}]`;

/** The least score first. */
export function byScore(kernels: Order, score: (kernel: RankedKernel) => number): Order {
  const scores = new Map(kernels.map((kernel) => [kernel, score(kernel)]));
  return kernels.toSorted((a, b) => (scores.get(a) as number) - (scores.get(b) as number));
}

/** By the rank within the layer, since such numbers cannot be compared between layers: the same share of each goes. */
export function byMeasure(results: ModelResults, kernels: Order, measure: KernelMeasureName): Order {
  const weights = kernelWeights(results.graph, results.outline.anatomy);
  const value = ({ layer, site, channel }: RankedKernel): number => {
    const profile = results.profile?.get(site);
    const activation = profile && { mean: profile.mean[channel] as number, std: profile.std[channel] as number };
    const facts = { weights: weights.get(layer)?.[channel], activation, responses: undefined, gradients: undefined };
    return kernelMeasure(measure).of({ ...facts, explained: { same: null, far: null } }) ?? Number.NaN;
  };
  const shares = new Map<string, number>();
  for (const layer of new Set(kernels.map((kernel) => kernel.layer))) {
    const own = byScore(
      kernels.filter((kernel) => kernel.layer === layer),
      value,
    );
    own.forEach((kernel, i) => shares.set(nameOf(kernel), (i + 0.5) / own.length));
  }
  return byScore(kernels, (kernel) => shares.get(nameOf(kernel)) as number);
}

/** Damage of each kernel as a preview predicts it, on the images that choose. */
export async function linearisedDamage(
  {
    outline,
    loaded,
    catalog,
    tapped,
  }: {
    readonly outline: ModelOutline;
    readonly loaded: LoadedModel;
    readonly catalog: Catalog;
    readonly tapped: Tapped;
  },
  fill: 'zero' | 'mean',
): Promise<ReadonlyMap<string, number>> {
  const { network, reference } = tapped;
  const { sites, layers } = outline.anatomy;
  const values = sites.map(({ value }) => value);
  const asked = { values, fills: [fills[fill].of(outline.reference, 0)], reference, seed: 1 };
  const lineariser = await Lineariser.open(network, { kind: outline.model.output.kind, ...asked });
  const damage = new Map<string, number[]>();
  for (const chunk of outline.chunks) {
    const { images: own } = await catalog.images(loaded, [chunk]);
    const changes = await lineariser.changes({ digest: chunk.digest, images: own });
    for (const { name, site, kernels } of layers) {
      const all = changes.of(0, network.site(site).value);
      for (let channel = 0; channel < kernels; channel++) {
        const key = nameOf({ layer: name, channel });
        const list = damage.get(key) ?? [];
        damage.set(key, list);
        const from = channel * changes.images * changes.count;
        changes.directions.forEach((direction, i) => {
          const start = from + i * changes.count;
          list.push(direction.damage(all.subarray(start, start + changes.count)));
        });
      }
    }
  }
  await lineariser.close();
  return new Map([...damage].map(([key, list]) => [key, mean(Float64Array.from(list)) ?? Number.NaN]));
}
