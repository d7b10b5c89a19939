import { randomStream, type RandomStream } from '../../core/random.js';
import type { Graph } from '../../core/network/graph.js';
import { kernelOf, PlantedChain, type PlantedKernel } from './chain.js';
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

/** One kind alone, several times. */
type Planted = Pick<PlantedNetwork, 'chain' | 'instances'> & { readonly random: RandomStream };

export function plantAlone({ graph, plots, sources, seed, instances: count }: Soil, kind: KindName): Planted {
  const chain = new PlantedChain(graph);
  const random = randomStream(seed, 'planted', kind);
  const taken = sources.slice(0, count);
  const instances = taken.map(({ kernel, mean }, i) =>
    kindOf(kind).plant({
      ...plots,
      chain,
      source: kernel,
      mean,
      others: [1, 2].map((step) => taken[(i + step) % taken.length]!.kernel),
      random,
    }),
  );
  return { chain, instances, random };
}

export function plantKind(soil: Soil, kind: KindName): PlantedNetwork {
  const { plots, sources } = soil;
  const { chain, instances, random } = plantAlone(soil, kind);
  const layers = [...new Set(instances.flatMap(({ units }) => units.map(([layer]) => layer)))];
  const copied = new Set(sources.slice(0, soil.instances).map(({ kernel }) => kernel));
  const noise = layers.flatMap((layer): Unit[] => {
    const { kernels } = chain.layers[layer]!;
    const own = Array.from({ length: kernels }, (_, kernel) => kernel);
    switch (kindOf(kind).against) {
      case 'own':
        return own.filter((kernel) => layer !== plots.first || !copied.has(kernel)).map((kernel) => [layer, kernel]);
      case 'idle':
        return own
          .slice(0, soil.instances)
          .map((kernel) => [layer, chain.plant(layer, randomKernel(chain, layer, kernel, random))]);
    }
  });
  return { kind, chain, instances, noise };
}

/** Random weights, as large as a kernel of the layer, which read the original network alone. */
function randomKernel(chain: PlantedChain, layer: number, kernel: number, random: RandomStream): PlantedKernel {
  return chain.widened(layer, unrelated(kernelOf(chain.graph, chain.layers[layer]!, kernel), random));
}

/** The trained network with as many random kernels that nothing reads as another one has planted ones, layer by layer. */
export function randomInstead({ graph, seed }: Soil, planted: PlantedChain): PlantedChain {
  const chain = new PlantedChain(graph);
  const random = randomStream(seed, 'planted', 'instead');
  planted.added.forEach((count, layer) => {
    const { kernels } = chain.layers[layer]!;
    for (let i = 0; i < count; i++) chain.plant(layer, randomKernel(chain, layer, i % kernels, random));
  });
  return chain;
}
