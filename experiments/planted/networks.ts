import { randomStream } from '../../core/random.js';
import type { Graph } from '../../core/network/graph.js';
import { kernelOf, PlantedChain } from './chain.js';
import { kindOf, unrelated, type Instance, type KindName, type Unit } from './kinds.js';

/** Layers of the chain into which kinds are planted: two of one resolution, and one behind a pool. */
export interface Plots {
  readonly first: number;
  readonly second: number;
  readonly third: number;
}

/** The trained network and what is known of the kernels of its first plot. */
export interface Soil {
  readonly graph: Graph;
  readonly plots: Plots;
  /** Kernels of `first` by their mean activation over images, the largest first. */
  readonly sources: readonly { readonly kernel: number; readonly mean: number }[];
  readonly seed: number;
  /** How often each kind is planted. */
  readonly instances: number;
}

/** A network with one kind planted into it several times, beside as many kernels that have nothing to do with anything. */
export interface PlantedNetwork {
  readonly kind: KindName;
  readonly chain: PlantedChain;
  readonly instances: readonly Instance[];
  /** What its scores are compared with, at the layers of its units: random kernels that nothing reads, or the network's own. */
  readonly noise: readonly Unit[];
}

export function plantKind(soil: Soil, kind: KindName): PlantedNetwork {
  const { plots, sources, seed, instances } = soil;
  const chain = new PlantedChain(soil.graph);
  const random = randomStream(seed, 'planted', kind);
  const { plant, against } = kindOf(kind);
  const taken = sources.slice(0, instances);
  const planted = taken.map(({ kernel, mean }, i) =>
    plant({
      ...plots,
      chain,
      source: kernel,
      mean,
      others: [1, 2].map((step) => taken[(i + step) % taken.length]!.kernel),
      random,
    }),
  );
  const layers = [...new Set(planted.flatMap(({ units }) => units.map(([layer]) => layer)))];
  const copied = new Set(taken.map(({ kernel }) => kernel));
  const noise = layers.flatMap((layer): Unit[] => {
    const { kernels } = chain.layers[layer]!;
    const own = Array.from({ length: kernels }, (_, kernel) => kernel);
    switch (against) {
      case 'own':
        return own.filter((kernel) => layer !== plots.first || !copied.has(kernel)).map((kernel) => [layer, kernel]);
      case 'idle':
        return own.slice(0, instances).map((kernel) => {
          const small = unrelated(kernelOf(chain.graph, chain.layers[layer]!, kernel), random);
          return [layer, chain.plant(layer, chain.widened(layer, small))];
        });
    }
  });
  return { kind, chain, instances: planted, noise };
}
