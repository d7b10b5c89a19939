import type { Engine } from '../../core/engine/engine.js';
import type { Graph } from '../../core/network/graph.js';
import { nullNetwork } from '../../core/probe/null-network.js';
import { Recalibration } from '../../core/probe/recalibration.js';
import { randomStream, type RandomStream } from '../../core/random.js';
import { float32, type Tensor } from '../../core/tensor.js';
import type { BetweenRow } from '../../core/tables/schema.js';
import { chainOf, kernelOf, PlantedChain, type PlantedKernel } from './chain.js';
import { noisy, scaled, shifted, unrelated } from './kinds.js';
import type { Soil } from './networks.js';
import { alsoTrained, imagesOf, trainedNetwork } from './soil.js';
import { impulsesOn, networkName, runNetworks, siteIs, type StudySize } from './study.js';

/** What a second network is made of. */
interface Ground {
  readonly soil: Soil;
  readonly engine: Engine;
  readonly random: RandomStream;
}

/** A network beside the trained one, whose first plot it holds to a known extent. Its row is all that is to be written of it. */
interface Relative {
  readonly what: string;
  readonly make: (ground: Ground) => Graph | Promise<Graph>;
}

/** The trained network with other kernels in the first plot. */
function withKernels({ graph, plots }: Soil, change: (kernel: PlantedKernel, k: number) => PlantedKernel): Graph {
  const layer = chainOf(graph)[plots.first]!;
  const kernels = Array.from({ length: layer.kernels }, (_, k) => change(kernelOf(graph, layer, k), k));
  const constants = new Map(graph.constants);
  const [, weights, bias] = layer.node.inputs as [string, string, string];
  const put = (id: string, values: readonly number[]): void => {
    const { shape } = graph.constants.get(id) as Tensor;
    constants.set(id, float32(shape, Float32Array.from(values)));
  };
  put(
    weights,
    kernels.flatMap((kernel) => [...kernel.weights]),
  );
  put(
    bias,
    kernels.map((kernel) => kernel.bias),
  );
  return { ...graph, constants };
}

/** The same function: kernels of the first plot in another order, each times a factor that what reads it takes back. */
function renamed({ graph, plots }: Soil, random: RandomStream): Graph {
  const layers = chainOf(graph);
  const [own, next] = [layers[plots.first]!, layers[plots.first + 1]!];
  const order = random.shuffled(Array.from({ length: own.kernels }, (_, k) => k));
  const factors = order.map(() => Math.exp(random.normal()));
  const changed = withKernels({ graph, plots } as Soil, (_, k) => scaled(kernelOf(graph, own, order[k]!), factors[k]!));
  const id = next.node.inputs[1]!;
  const { shape, data } = graph.constants.get(id) as Tensor<'float32'>;
  const area = next.side ** 2;
  const read = Float32Array.from(data, (_, i) => {
    const [kernel, channel, at] = [Math.floor(i / (next.inputs * area)), Math.floor(i / area) % next.inputs, i % area];
    return data[(kernel * next.inputs + order[channel]!) * area + at]! / factors[channel]!;
  });
  return { ...changed, constants: new Map(changed.constants).set(id, float32(shape, read)) };
}

/** Each kernel a random mixture of all of them, before the activation: the same space, but for what the activation makes of it. */
function mixed(soil: Soil, random: RandomStream): Graph {
  const layer = chainOf(soil.graph)[soil.plots.first]!;
  const all = Array.from({ length: layer.kernels }, (_, k) => kernelOf(soil.graph, layer, k));
  return withKernels(soil, (kernel) => {
    const shares = all.map(() => random.normal() / Math.sqrt(all.length));
    const sum = (of: (one: PlantedKernel) => number): number => all.reduce((t, one, k) => t + shares[k]! * of(one), 0);
    return { weights: kernel.weights.map((_, i) => sum((one) => one.weights[i]!)), bias: sum((one) => one.bias) };
  });
}

/** Kinds of networks beside the trained one. */
export const relatives = {
  itself: { what: 'the same network', make: ({ soil }) => soil.graph },
  renamed: {
    what: 'its kernels in another order, each times a factor that what reads it takes back',
    make: ({ soil, random }) => renamed(soil, random),
  },
  noisy: {
    what: 'noise of 0.3 of their size on the weights of its kernels',
    make: ({ soil, random }) => withKernels(soil, (kernel) => noisy(kernel, 0.3, random)),
  },
  half: {
    what: 'random kernels in the place of half of its kernels',
    make: ({ soil, random }) => withKernels(soil, (kernel, k) => (k % 2 === 0 ? kernel : unrelated(kernel, random))),
  },
  mixed: {
    what: 'each kernel a random mixture of all, before the activation',
    make: ({ soil, random }) => mixed(soil, random),
  },
  shifted: {
    what: 'each kernel one row lower',
    make: ({ soil }) => {
      const chain = new PlantedChain(soil.graph);
      return withKernels(soil, (kernel) => shifted({ chain, first: soil.plots.first }, kernel));
    },
  },
  'trained anew': {
    what: 'the same layers, with BatchNorm, trained anew',
    make: () => trainedNetwork(alsoTrained.again),
  },
  shuffled: {
    what: 'its weights shuffled within layers, recalibrated: the null',
    make: async ({ soil, engine }) => {
      const images = await imagesOf('train', 100);
      return nullNetwork(soil.graph, new Recalibration(soil.graph, engine, [images]), soil.seed, { shuffled: 0 });
    },
  },
} as const satisfies Readonly<Record<string, Relative>>;

export type RelativeName = keyof typeof relatives;
export const relativeNames = Object.keys(relatives) as readonly RelativeName[];

/** Measures between networks, by what they are called and how they are read from a row. */
export const betweenMeasures = {
  'R² between': (row) => row.r2_low,
  CKA: (row) => row.cka,
} as const satisfies Readonly<Record<string, (row: BetweenRow) => number | null>>;

export type BetweenMeasure = keyof typeof betweenMeasures;

/** What each measure between networks says of the first plot of the trained network and the site of another at its depth. */
export async function relativeScores(
  soil: Soil,
  engine: Engine,
  size: StudySize,
): Promise<ReadonlyMap<RelativeName, Readonly<Record<BetweenMeasure, number | null>>>> {
  const networks = new Map([['trained', soil.graph]]);
  for (const name of relativeNames) {
    const make: Relative['make'] = relatives[name].make;
    networks.set(networkName(name), await make({ soil, engine, random: randomStream(soil.seed, 'relative', name) }));
  }
  const { between } = await runNetworks(networks, size, { impulses: impulsesOn(size.bases) }, ['between']);
  const layer = chainOf(soil.graph)[soil.plots.first]!.node.id;
  return new Map(
    relativeNames.map((name) => {
      const row = between.find(
        (one) =>
          one.model_a === 'trained' && one.model_b === networkName(name) && one.nearest && siteIs(one.site_a, layer),
      );
      const values = Object.entries(betweenMeasures).map(([measure, read]) => [measure, row ? read(row) : null]);
      return [name, Object.fromEntries(values) as Record<BetweenMeasure, number | null>];
    }),
  );
}
