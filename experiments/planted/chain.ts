import { PercussError } from '../../core/errors.js';
import { buildGraph } from '../../core/network/build.js';
import { wiringOf, type Graph, type Node } from '../../core/network/graph.js';
import { float32, type Tensor } from '../../core/tensor.js';

/** A convolution of a chain, of square kernels. */
export interface ChainLayer {
  readonly node: Node;
  readonly kernels: number;
  readonly inputs: number;
  readonly side: number;
  /** Its site: the value behind its activation. */
  readonly site: string;
}

/** A kernel that is planted. Weights are [inputs of the original layer, planted inputs after them] × side × side. */
export interface PlantedKernel {
  readonly weights: Float32Array;
  readonly bias: number;
}

const weightsOf = (graph: Graph, node: Node, input: number): Tensor<'float32'> =>
  graph.constants.get(node.inputs[input] as string) as Tensor<'float32'>;

/** The convolutions of a network that is a chain of Conv (with bias) → Relu → perhaps MaxPool. @throws PercussError where it is none. */
export function chainOf(graph: Graph): ChainLayer[] {
  const { consumers } = wiringOf(graph);
  return graph.nodes
    .filter(({ op }) => op === 'Conv')
    .map((node): ChainLayer => {
      const weights = weightsOf(graph, node, 1);
      const [activation, ...others] = consumers.get(node.outputs[0] as string) ?? [];
      if (activation?.op !== 'Relu' || others.length > 0 || node.inputs.length < 3 || node.attributes['group'] !== 1) {
        throw new PercussError(
          'MODEL_UNSUPPORTED',
          `${node.id} is no convolution with a bias that only a Relu reads; kernels are planted into chains of such`,
        );
      }
      const [kernels, inputs, side] = weights.shape as [number, number, number];
      return { node, kernels, inputs, side, site: activation.outputs[0] as string };
    });
}

/** The weights of one kernel of a layer, [inputs × side × side], and its bias. */
export function kernelOf(graph: Graph, { node, inputs, side }: ChainLayer, kernel: number): PlantedKernel {
  const size = inputs * side * side;
  return {
    weights: weightsOf(graph, node, 1).data.slice(kernel * size, (kernel + 1) * size),
    bias: weightsOf(graph, node, 2).data[kernel] as number,
  };
}

/** Weights that a layer's kernels read a planted kernel of the layer before with: [kernels of the original layer] × side × side. */
export type Readers = ReadonlyMap<number, Float32Array>;

/**
 * A chain with kernels added. Each planted kernel of a layer becomes an output channel behind the original ones; the next layer's
 * original kernels read it with weight 0 unless `write` is asked for.
 */
export class PlantedChain {
  readonly graph: Graph;
  readonly layers: readonly ChainLayer[];
  readonly #kernels: PlantedKernel[][];
  readonly #readers: Map<number, Float32Array>[];
  readonly #replaced: Map<number, Float32Array>[];

  constructor(graph: Graph) {
    this.graph = graph;
    this.layers = chainOf(graph);
    this.#kernels = this.layers.map(() => []);
    this.#readers = this.layers.map(() => new Map<number, Float32Array>());
    this.#replaced = this.layers.map(() => new Map<number, Float32Array>());
  }

  /** How many kernels were added to each layer. */
  get added(): readonly number[] {
    return this.#kernels.map((list) => list.length);
  }

  /** Adds a kernel; its channel. */
  plant(layer: number, kernel: PlantedKernel): number {
    const list = this.#kernels[layer] as PlantedKernel[];
    list.push(kernel);
    return (this.layers[layer] as ChainLayer).kernels + list.length - 1;
  }

  /** With which weights the original kernels of the layer after `layer` read one of its channels, [kernels × side × side]. */
  outgoing(layer: number, channel: number): Float32Array {
    const next = this.layers[layer + 1] as ChainLayer;
    const area = next.side ** 2;
    const data = weightsOf(this.graph, next.node, 1).data;
    return Float32Array.from({ length: next.kernels * area }, (_, i) => {
      const [kernel, at] = [Math.floor(i / area), i % area];
      return data[(kernel * next.inputs + channel) * area + at] as number;
    });
  }

  /** Has the original kernels of the layer after `layer` read a channel with these weights. */
  write(layer: number, channel: number, weights: Float32Array): void {
    const own = (this.layers[layer] as ChainLayer).kernels;
    ((channel < own ? this.#replaced : this.#readers)[layer] as Map<number, Float32Array>).set(channel, weights);
  }

  /** A kernel of a layer that passes planted or original channels of the layer before on: Σ weight · channel + bias, at the same place. */
  passing(layer: number, channels: ReadonlyMap<number, number>, bias = 0): PlantedKernel {
    const { side } = this.layers[layer] as ChainLayer;
    const inputs = this.#inputsOf(layer);
    const weights = new Float32Array(inputs * side * side);
    const centre = (side * side - 1) / 2;
    for (const [channel, weight] of channels) weights[channel * side * side + centre] = weight;
    return { weights, bias };
  }

  /** A kernel of the original inputs as it stands in the planted network: it doesn't read what was planted before it. */
  widened(layer: number, { weights, bias }: PlantedKernel): PlantedKernel {
    const { side } = this.layers[layer] as ChainLayer;
    const wide = new Float32Array(this.#inputsOf(layer) * side * side);
    wide.set(weights);
    return { weights: wide, bias };
  }

  #inputsOf(layer: number): number {
    const before = this.layers[layer - 1];
    const own = (this.layers[layer] as ChainLayer).inputs;
    return before ? own + (this.#kernels[layer - 1] as PlantedKernel[]).length : own;
  }

  /** The network with everything that was planted, less some kernels (zeros, as the fill `zero` has it). */
  build(removed: readonly (readonly [layer: number, channel: number])[] = []): Graph {
    const constants = new Map(this.graph.constants);
    this.layers.forEach(({ node, kernels, inputs, side }, layer) => {
      const area = side * side;
      const [all, wide] = [kernels + (this.#kernels[layer] as PlantedKernel[]).length, this.#inputsOf(layer)];
      const weights = new Float32Array(all * wide * area);
      const bias = new Float32Array(all);
      const own = weightsOf(this.graph, node, 1).data;
      bias.set(weightsOf(this.graph, node, 2).data);
      const put = (kernel: number, channel: number, values: ArrayLike<number>): void =>
        weights.set(values, (kernel * wide + channel) * area);
      for (let k = 0; k < kernels; k++) {
        for (let c = 0; c < inputs; c++) put(k, c, own.subarray((k * inputs + c) * area, (k * inputs + c + 1) * area));
        for (const readers of [this.#replaced[layer - 1], this.#readers[layer - 1]]) {
          for (const [channel, values] of readers ?? []) put(k, channel, values.subarray(k * area, (k + 1) * area));
        }
      }
      (this.#kernels[layer] as PlantedKernel[]).forEach((kernel, i) => {
        put(kernels + i, 0, kernel.weights);
        bias[kernels + i] = kernel.bias;
      });
      for (const [at, channel] of removed) {
        if (at !== layer) continue;
        weights.fill(0, channel * wide * area, (channel + 1) * wide * area);
        bias[channel] = 0;
      }
      constants.set(node.inputs[1] as string, float32([all, wide, side, side], weights));
      constants.set(node.inputs[2] as string, float32([all], bias));
    });
    const { name, inputs, outputs, nodes } = this.graph;
    return buildGraph({ name, inputs, outputs, nodes, constants });
  }
}
