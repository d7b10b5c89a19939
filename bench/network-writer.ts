import { buildGraph, type NodeDraft } from '../core/network/build.js';
import { DYNAMIC, type Graph, type ValueId } from '../core/network/graph.js';
import { randomStream } from '../core/random.js';
import { float32, sizeOf, type Tensor } from '../core/tensor.js';

/** Height and width of an image. */
export const side = 224;

/** Normal numbers from a table of a prime length, each time from another place in it: drawing 138 million takes a minute. */
export class Normals {
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

/** Writes a network layer by layer, with weights of normal numbers. */
export class NetworkWriter {
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
    options: {
      readonly stride?: number;
      readonly pad?: number;
      readonly bias?: boolean;
      readonly gain?: number;
      readonly group?: number;
    } = {},
  ): ValueId {
    const { stride = 1, pad = window >> 1, bias = false, gain = 2, group = 1 } = options;
    const shape = [kernels, this.channels(x) / group, window, window];
    const deviation = Math.sqrt(gain / sizeOf(shape.slice(1)));
    const inputs = [x, this.#constant(`${name}.weight`, shape, this.#normals.take(sizeOf(shape), deviation))];
    if (bias) inputs.push(this.#constant(`${name}.bias`, [kernels], this.#normals.take(kernels, 0.05)));
    const attributes = {
      kernel_shape: [window, window],
      strides: [stride, stride],
      pads: [pad, pad, pad, pad],
      dilations: [1, 1],
      group,
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

  relu6(name: string, x: ValueId): ValueId {
    return this.#node(name, 'Clip', [x], { min: 0, max: 6 });
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
