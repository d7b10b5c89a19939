import { buildGraph, type NodeDraft } from '../core/network/build.js';
import { DYNAMIC, type Graph, type ValueId } from '../core/network/graph.js';
import { randomStream } from '../core/random.js';
import { float32, sizeOf, type Tensor } from '../core/tensor.js';

/** A large network with the numbers of trainable parameters that its authors and torchvision state. */
export interface Architecture {
  readonly parameters: number;
  readonly write: (writer: NetworkWriter) => void;
}

/**
 * Networks of their papers, as torchvision has them: He et al., arXiv:1512.03385 (ResNet-18 and -50), Simonyan and Zisserman,
 * arXiv:1409.1556 (VGG-16, without normalisation).
 */
export const architectures = {
  resnet18: { parameters: 11_689_512, write: (net) => residual(net, [2, 2, 2, 2], basicBlock, 512) },
  resnet50: { parameters: 25_557_032, write: (net) => residual(net, [3, 4, 6, 3], bottleneck, 2048) },
  vgg16: { parameters: 138_357_544, write: vgg },
} as const satisfies Readonly<Record<string, Architecture>>;

export type ArchitectureName = keyof typeof architectures;

export const isArchitecture = (name: string): name is ArchitectureName => name in architectures;

/**
 * A network with random weights: what a sweep takes does not depend on training. Weights are He-initialised, residual
 * branches weigh a quarter of the stream, so that activations keep about the size of the image's all the way.
 */
export function randomNetwork(name: ArchitectureName, seed = 7): Graph {
  const writer = new NetworkWriter(name, seed);
  architectures[name].write(writer);
  return writer.graph();
}

/** Images [n, 3, 224, 224] of independent normal numbers, as preprocessed images have about the same size. */
export function randomImages(count: number, seed = 7): Tensor<'float32'> {
  const shape = [count, 3, side, side];
  return float32(shape, new Normals(seed, 'images').take(sizeOf(shape), 1));
}

const side = 224;

/** Normal numbers from a table of a prime length, each time from another place in it: drawing 138 million takes a minute. */
class Normals {
  static readonly #length = 999_983;
  readonly #table: Float32Array;
  readonly #places;

  constructor(seed: number, purpose: string) {
    const stream = randomStream(seed, 'random network', purpose);
    this.#table = Float32Array.from({ length: Normals.#length }, () => stream.normal());
    this.#places = randomStream(seed, 'random network', purpose, 'places');
  }

  take(count: number, deviation: number): Float32Array {
    const data = new Float32Array(count);
    let place = this.#places.below(Normals.#length);
    for (let i = 0; i < count; i++) {
      data[i] = deviation * (this.#table[place] as number);
      place = place + 1 === Normals.#length ? 0 : place + 1;
    }
    return data;
  }
}

class NetworkWriter {
  readonly #name: string;
  readonly #normals: Normals;
  readonly #nodes: NodeDraft[] = [];
  readonly #constants = new Map<ValueId, Tensor>();
  readonly #channels = new Map<ValueId, number>([['input', 3]]);
  readonly input = 'input';

  constructor(name: string, seed: number) {
    this.#name = name;
    this.#normals = new Normals(seed, name);
  }

  channels(value: ValueId): number {
    return this.#channels.get(value) as number;
  }

  #node(
    id: string,
    op: NodeDraft['op'],
    inputs: readonly ValueId[],
    attributes: NodeDraft['attributes'] = {},
  ): ValueId {
    this.#nodes.push({ id, op, inputs, outputs: [id], attributes });
    this.#channels.set(id, this.channels(inputs[0] as ValueId));
    return id;
  }

  #constant(id: string, shape: readonly number[], data: Float32Array): ValueId {
    this.#constants.set(id, float32(shape, data));
    return id;
  }

  /** `gain`: what a second moment becomes; 2 makes up for a ReLU before it, 1 leaves a sum of squares as it is. */
  conv(
    name: string,
    x: ValueId,
    kernels: number,
    window: number,
    options: { readonly stride?: number; readonly pad?: number; readonly bias?: boolean; readonly gain?: number } = {},
  ): ValueId {
    const { stride = 1, pad = window >> 1, bias = false, gain = 2 } = options;
    const shape = [kernels, this.channels(x), window, window];
    const deviation = Math.sqrt(gain / sizeOf(shape.slice(1)));
    const inputs = [x, this.#constant(`${name}.weight`, shape, this.#normals.take(sizeOf(shape), deviation))];
    if (bias) inputs.push(this.#constant(`${name}.bias`, [kernels], this.#normals.take(kernels, 0.05)));
    const attributes = {
      kernel_shape: [window, window],
      strides: [stride, stride],
      pads: [pad, pad, pad, pad],
      dilations: [1, 1],
      group: 1,
    };
    const value = this.#node(name, 'Conv', inputs, attributes);
    this.#channels.set(value, kernels);
    return value;
  }

  /** Scales of about `scale`, shifts and means about zero, variances about one. */
  norm(name: string, x: ValueId, scale = 1): ValueId {
    const channels = this.channels(x);
    const about = (center: number, deviation: number): Float32Array =>
      this.#normals.take(channels, deviation).map((number) => center + number);
    const constant = (part: string, data: Float32Array): ValueId => this.#constant(`${name}.${part}`, [channels], data);
    const inputs = [
      x,
      constant('weight', about(scale, 0.1 * scale)),
      constant('bias', about(0, 0.05)),
      constant('running_mean', about(0, 0.05)),
      constant('running_var', about(1, 0.05)),
    ];
    return this.#node(name, 'BatchNormalization', inputs, { epsilon: 1e-5 });
  }

  relu(name: string, x: ValueId): ValueId {
    return this.#node(name, 'Relu', [x]);
  }

  add(name: string, a: ValueId, b: ValueId): ValueId {
    return this.#node(name, 'Add', [a, b]);
  }

  maxPool(name: string, x: ValueId, window: number, stride: number, pad: number): ValueId {
    const attributes = {
      kernel_shape: [window, window],
      strides: [stride, stride],
      pads: [pad, pad, pad, pad],
      dilations: [1, 1],
      ceil_mode: 0,
    };
    return this.#node(name, 'MaxPool', [x], attributes);
  }

  average(x: ValueId): ValueId {
    return this.#node('avgpool', 'GlobalAveragePool', [x]);
  }

  flatten(x: ValueId, features: number): ValueId {
    const value = this.#node('flatten', 'Flatten', [x], { axis: 1 });
    this.#channels.set(value, features);
    return value;
  }

  dense(name: string, x: ValueId, features: number, gain: number): ValueId {
    const inner = this.channels(x);
    const weight = this.#normals.take(features * inner, Math.sqrt(gain / inner));
    const inputs = [
      x,
      this.#constant(`${name}.weight`, [features, inner], weight),
      this.#constant(`${name}.bias`, [features], this.#normals.take(features, 0.05)),
    ];
    const value = this.#node(name, 'Gemm', inputs, { alpha: 1, beta: 1, transA: 0, transB: 1 });
    this.#channels.set(value, features);
    return value;
  }

  graph(): Graph {
    return buildGraph({
      name: this.#name,
      inputs: [{ id: this.input, shape: [DYNAMIC, 3, side, side], dtype: 'float32' }],
      outputs: [this.#nodes.at(-1)?.id ?? ''],
      nodes: this.#nodes,
      constants: this.#constants,
    });
  }
}

/** What a branch weighs against its stream. */
const branchScale = 0.25;

type Block = (net: NetworkWriter, name: string, x: ValueId, width: number, stride: number) => ValueId;

const basicBlock: Block = (net, name, x, width, stride) => {
  const first = net.relu(`${name}.relu1`, net.norm(`${name}.bn1`, net.conv(`${name}.conv1`, x, width, 3, { stride })));
  const branch = net.norm(`${name}.bn2`, net.conv(`${name}.conv2`, first, width, 3), branchScale);
  return net.relu(`${name}.relu`, net.add(`${name}.add`, branch, shortcut(net, name, x, width, stride)));
};

const bottleneck: Block = (net, name, x, width, stride) => {
  const first = net.relu(`${name}.relu1`, net.norm(`${name}.bn1`, net.conv(`${name}.conv1`, x, width, 1)));
  const second = net.conv(`${name}.conv2`, first, width, 3, { stride });
  const third = net.conv(`${name}.conv3`, net.relu(`${name}.relu2`, net.norm(`${name}.bn2`, second)), 4 * width, 1);
  const branch = net.norm(`${name}.bn3`, third, branchScale);
  return net.relu(`${name}.relu`, net.add(`${name}.add`, branch, shortcut(net, name, x, 4 * width, stride)));
};

function shortcut(net: NetworkWriter, name: string, x: ValueId, kernels: number, stride: number): ValueId {
  if (stride === 1 && net.channels(x) === kernels) return x;
  const conv = net.conv(`${name}.downsample.0`, x, kernels, 1, { stride, pad: 0, gain: 1 });
  return net.norm(`${name}.downsample.1`, conv);
}

function residual(net: NetworkWriter, blocks: readonly number[], block: Block, features: number): void {
  const stem = net.norm('bn1', net.conv('conv1', net.input, 64, 7, { stride: 2, gain: 1 }));
  let x = net.maxPool('maxpool', net.relu('relu', stem), 3, 2, 1);
  blocks.forEach((count, stage) => {
    for (let i = 0; i < count; i++) {
      const stride = stage > 0 && i === 0 ? 2 : 1;
      x = block(net, `layer${stage + 1}.${i}`, x, 64 * 2 ** stage, stride);
    }
  });
  net.dense('fc', net.flatten(net.average(x), features), 1000, 1);
}

function vgg(net: NetworkWriter): void {
  let x: ValueId = net.input;
  let place = 0;
  for (const [kernels, count] of [
    [64, 2],
    [128, 2],
    [256, 3],
    [512, 3],
    [512, 3],
  ] as const) {
    for (let i = 0; i < count; i++, place += 2) {
      x = net.conv(`features.${place}`, x, kernels, 3, { bias: true, gain: x === net.input ? 1 : 2 });
      x = net.relu(`features.${place + 1}`, x);
    }
    x = net.maxPool(`features.${place++}`, x, 2, 2, 0);
  }
  x = net.relu('classifier.1', net.dense('classifier.0', net.flatten(x, 512 * 7 * 7), 4096, 2));
  x = net.relu('classifier.4', net.dense('classifier.3', x, 4096, 2));
  net.dense('classifier.6', x, 1000, 1);
}
