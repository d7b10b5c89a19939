import type { RandomStream } from '../../core/random.js';
import { kernelOf, type PlantedChain, type PlantedKernel } from './chain.js';

/** A kernel of the planted network: place of its layer in the chain, and channel. */
export type Unit = readonly [layer: number, channel: number];

/** One planting of a kind. */
export interface Instance {
  /** The kernels that are of this kind. */
  readonly units: readonly Unit[];
  /** Two kernels that back each other up. */
  readonly pair?: readonly [Unit, Unit];
}

/** Where a kind is planted: layers `first` and `second` see the same resolution, `third` follows behind a pool. */
export interface Plot {
  readonly chain: PlantedChain;
  readonly first: number;
  readonly second: number;
  readonly third: number;
  /** The original kernel of `first` that this instance copies, and its mean activation. */
  readonly source: number;
  readonly mean: number;
  /** Other original kernels of `first`. */
  readonly others: readonly number[];
  readonly random: RandomStream;
}

/** A kind of planted kernel. Its row is all that is to be written of it. */
export interface Kind {
  readonly what: string;
  /** With what its scores are compared: `idle`, kernels of random weights that nothing reads; `own`, kernels of the network itself. */
  readonly against: 'idle' | 'own';
  readonly plant: (plot: Plot) => Instance;
}

const times = (values: Float32Array, factor: number): Float32Array => values.map((value) => factor * value);
export const scaled = ({ weights, bias }: PlantedKernel, factor: number): PlantedKernel => ({
  weights: times(weights, factor),
  bias: factor * bias,
});
const sourceOf = ({ chain, first, source }: Plot): PlantedKernel => kernelOf(chain.graph, chain.layers[first]!, source);
const norm = (values: Float32Array): number => Math.sqrt(values.reduce((sum, value) => sum + value * value, 0));

/** A kernel with noise of so many times its own size on its weights. */
export function noisy(kernel: PlantedKernel, share: number, random: RandomStream): PlantedKernel {
  const noise = kernel.weights.map(() => random.normal());
  const factor = (share * norm(kernel.weights)) / norm(noise);
  return { weights: kernel.weights.map((value, i) => value + factor * noise[i]!), bias: kernel.bias };
}

/** A kernel of random weights, as large as another. */
export function unrelated(kernel: PlantedKernel, random: RandomStream): PlantedKernel {
  const noise = kernel.weights.map(() => random.normal());
  return { weights: times(noise, norm(kernel.weights) / norm(noise)), bias: kernel.bias };
}

/** A kernel of `first`, planted, that nothing reads. */
const idle =
  (make: (plot: Plot, source: PlantedKernel) => PlantedKernel): Kind['plant'] =>
  (plot) => ({ units: [[plot.first, plot.chain.plant(plot.first, make(plot, sourceOf(plot)))]] });

/** Weights one row down, each input channel for itself; what leaves the window is lost. */
export function shifted(
  { chain, first }: Pick<Plot, 'chain' | 'first'>,
  { weights, bias }: PlantedKernel,
): PlantedKernel {
  const { side } = chain.layers[first]!;
  const area = side * side;
  return { weights: weights.map((_, i) => (i % area < side ? 0 : weights[i - side]!)), bias };
}

/** The source and `factor` times its copy share what the source alone gave. */
const split =
  (factor: number): Kind['plant'] =>
  (plot) => {
    const { chain, first, source } = plot;
    const copy = chain.plant(first, scaled(sourceOf(plot), factor));
    const out = chain.outgoing(first, source);
    chain.write(first, source, times(out, 0.5));
    chain.write(first, copy, times(out, 0.5 / factor));
    return {
      units: [[first, copy]],
      pair: [
        [first, source],
        [first, copy],
      ],
    };
  };

/** What reads kernels of `second` for a back-up: as some original kernel of it is read. */
function readAs({ chain, second, source }: Plot, channels: readonly number[]): void {
  const out = chain.outgoing(second, source % chain.layers[second]!.kernels);
  for (const channel of channels) chain.write(second, channel, out);
}

/** `share` copies that add up to the source, and a gate that lets their sum through where `a` is missing: a + max(Σ − a, 0). */
function gated(plot: Plot, shares: number): { a: number; parts: number[]; gate: number; through: number } {
  const { chain, first, second } = plot;
  const source = sourceOf(plot);
  const a = chain.plant(first, source);
  const parts = Array.from({ length: shares }, () => chain.plant(first, scaled(source, 1 / shares)));
  const through = chain.plant(second, chain.passing(second, new Map([[a, 1]])));
  const gate = chain.plant(
    second,
    chain.passing(second, new Map([[a, -1], ...parts.map((part) => [part, 1] as const)])),
  );
  readAs(plot, [through, gate]);
  return { a, parts, gate, through };
}

/** A copy of the source, passed on by layers of kernels that do nothing else, up to `to`; nothing reads the last. */
function carried(plot: Plot, to: number, factor: number): Instance {
  const { chain, first, source } = plot;
  let channel = source;
  for (let layer = first + 1; layer <= to; layer++) {
    channel = chain.plant(layer, chain.passing(layer, new Map([[channel, layer === to ? factor : 1]])));
  }
  return { units: [[to, channel]] };
}

/** The kinds of design §2, 'Planted truth'. */
export const kinds = {
  'idle copy': {
    what: 'weights of another kernel of its layer; nothing reads it',
    against: 'idle',
    plant: idle((_, source) => source),
  },
  rescaled: {
    what: 'three times another kernel; nothing reads it',
    against: 'idle',
    plant: idle((_, source) => scaled(source, 3)),
  },
  shifted: {
    what: 'another kernel one row lower; nothing reads it',
    against: 'idle',
    plant: idle(shifted),
  },
  noisy: {
    what: 'another kernel with noise of 0.3 of its size on its weights; nothing reads it',
    against: 'idle',
    plant: idle(({ random }, source) => noisy(source, 0.3, random)),
  },
  'near miss': {
    what: 'the same with noise as large as itself',
    against: 'idle',
    plant: idle(({ random }, source) => noisy(source, 1, random)),
  },
  'linear mixture': {
    what: '0.6, −0.5 and 0.7 of three kernels, before the activation; nothing reads it',
    against: 'idle',
    plant: idle(({ chain, first, others }, source) => {
      const [b, c] = [0, 1].map((i) => kernelOf(chain.graph, chain.layers[first]!, others[i]!));
      return {
        weights: source.weights.map((value, i) => 0.6 * value - 0.5 * b!.weights[i]! + 0.7 * c!.weights[i]!),
        bias: 0.6 * source.bias - 0.5 * b!.bias + 0.7 * c!.bias,
      };
    }),
  },
  dead: {
    what: 'weights of 0 and a bias of −1: never active',
    against: 'idle',
    plant: idle((_, source) => ({ weights: source.weights.map(() => 0), bias: -1 })),
  },
  'carried copy': {
    what: 'a kernel of the layer before, passed on; nothing reads it',
    against: 'idle',
    plant: (plot) => carried(plot, plot.second, 1),
  },
  'carried twice': {
    what: 'twice a kernel of two layers before, behind a pool, passed on; nothing reads it',
    against: 'idle',
    plant: (plot) => carried(plot, plot.third, 2),
  },
  'carried, read': {
    what: 'a kernel of the layer before, passed on and read as one of the network’s own',
    against: 'own',
    plant: (plot) => {
      const { chain, second, source } = plot;
      const copy = chain.plant(second, chain.passing(second, new Map([[source, 1]])));
      readAs(plot, [copy]);
      return { units: [[second, copy]] };
    },
  },
  'sum, read': {
    what: '0.6 and 0.7 of two kernels of the layer before, passed on and read as one of the network’s own',
    against: 'own',
    plant: (plot) => {
      const { chain, second, source, others } = plot;
      const parts = new Map([
        [source, 0.6],
        [others[0]!, 0.7],
      ]);
      const sum = chain.plant(second, chain.passing(second, parts));
      readAs(plot, [sum]);
      return { units: [[second, sum]] };
    },
  },
  'split copy': {
    what: 'a copy that gives half of what the original gave alone',
    against: 'own',
    plant: split(1),
  },
  'split, rescaled': {
    what: 'the same, three times as active and read with a third of the weight',
    against: 'own',
    plant: split(3),
  },
  'gated back-up': {
    what: 'a and b alike, of which the next layer makes max(a, b) = a + max(b − a, 0): each free, both harmful',
    against: 'own',
    plant: (plot) => {
      const { a, parts } = gated(plot, 1);
      return {
        units: [
          [plot.first, a],
          [plot.first, parts[0]!],
        ],
        pair: [
          [plot.first, a],
          [plot.first, parts[0]!],
        ],
      };
    },
  },
  'back-up across only': {
    what: 'a, and in the next layer a gate that gives its sum of eight kernels where a is missing: no two of one layer cover for each other',
    against: 'own',
    plant: (plot) => {
      const { a, gate } = gated(plot, 8);
      return {
        units: [
          [plot.first, a],
          [plot.second, gate],
        ],
        pair: [
          [plot.first, a],
          [plot.second, gate],
        ],
      };
    },
  },
  'back-up within only': {
    what: 'a and b alike, of which the next layer makes min(a + b, t) by two kernels that are both needed',
    against: 'own',
    plant: (plot) => {
      const { chain, first, second, mean, source } = plot;
      const copy = scaled(sourceOf(plot), 8);
      const [a, b] = [chain.plant(first, copy), chain.plant(first, copy)];
      const both = new Map([
        [a, 1],
        [b, 1],
      ]);
      const sum = chain.plant(second, chain.passing(second, both));
      const above = chain.plant(second, chain.passing(second, both, -4 * mean));
      const out = chain.outgoing(second, source % chain.layers[second]!.kernels);
      chain.write(second, sum, out);
      chain.write(second, above, times(out, -1));
      return {
        units: [
          [first, a],
          [first, b],
        ],
        pair: [
          [first, a],
          [first, b],
        ],
      };
    },
  },
} as const satisfies Readonly<Record<string, Kind>>;

export type KindName = keyof typeof kinds;
export const kindNames = Object.keys(kinds) as readonly KindName[];

/** The row of a kind, without what only its own literal says. */
export const kindOf = (name: KindName): Kind => kinds[name];
