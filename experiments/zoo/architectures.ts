import type * as tensorflow from '@tensorflow/tfjs';

import { randomStream } from '../../core/random.js';
import { classes, side } from './fashion.js';

export type TensorFlow = typeof tensorflow;
type Symbolic = tensorflow.SymbolicTensor;

/** Layers that every network is made of. Names end as in `stage1.0.conv1`; convolutions carry no bias under a norm. */
interface Builder {
  readonly tf: TensorFlow;
  conv(x: Symbolic, name: string, filters: number, options?: { stride?: number; size?: number }): Symbolic;
  depthwise(x: Symbolic, name: string, stride?: number): Symbolic;
  norm(x: Symbolic, name: string): Symbolic;
  relu(x: Symbolic, name: string): Symbolic;
  /** Convolution, norm and ReLU, named `<name>.conv`, `<name>.norm`, `<name>.relu`. */
  unit(x: Symbolic, name: string, filters: number, options?: { stride?: number; size?: number }): Symbolic;
}

function builder(tf: TensorFlow, seed: number, network: string, normalised: boolean): Builder {
  const initial = (name: string): ReturnType<TensorFlow['initializers']['heNormal']> =>
    tf.initializers.heNormal({ seed: randomStream(seed, 'zoo', 'initial', network, name).below(2 ** 31) });
  const apply = (layer: tensorflow.layers.Layer, x: Symbolic | Symbolic[]): Symbolic => layer.apply(x) as Symbolic;
  const conv: Builder['conv'] = (x, name, filters, { stride = 1, size = 3 } = {}) =>
    apply(
      tf.layers.conv2d({
        name,
        filters,
        kernelSize: size,
        strides: stride,
        padding: 'same',
        useBias: !normalised,
        kernelInitializer: initial(name),
      }),
      x,
    );
  const depthwise: Builder['depthwise'] = (x, name, stride = 1) =>
    apply(
      tf.layers.depthwiseConv2d({
        name,
        kernelSize: 3,
        strides: stride,
        padding: 'same',
        useBias: !normalised,
        depthwiseInitializer: initial(name),
      }),
      x,
    );
  const norm: Builder['norm'] = (x, name) =>
    normalised ? apply(tf.layers.batchNormalization({ name, momentum: 0.95, epsilon: 1e-3 }), x) : x;
  const relu: Builder['relu'] = (x, name) => apply(tf.layers.reLU({ name }), x);
  return {
    tf,
    conv,
    depthwise,
    norm,
    relu,
    unit: (x, name, filters, options) =>
      relu(norm(conv(x, `${name}.conv`, filters, options), `${name}.norm`), `${name}.relu`),
  };
}

type Body = (b: Builder, x: Symbolic) => Symbolic;

/** In the manner of VGG: 3x3 convolutions, max pooling between the stages. */
const plain: Body = (b, x) => {
  const pool = (y: Symbolic, name: string): Symbolic =>
    b.tf.layers.maxPooling2d({ name, poolSize: 2, strides: 2 }).apply(y) as Symbolic;
  let y = b.unit(b.unit(x, 'stage1.0', 8), 'stage1.1', 8);
  y = b.unit(b.unit(pool(y, 'pool1'), 'stage2.0', 16), 'stage2.1', 16);
  y = b.unit(b.unit(pool(y, 'pool2'), 'stage3.0', 32), 'stage3.1', 32);
  return b.unit(y, 'stage3.2', 32);
};

/** In the manner of ResNet (basic blocks, projection where the shape changes), or the same layers without the skips. */
const residual =
  (skips: boolean): Body =>
  (b, x) => {
    const block = (y: Symbolic, name: string, filters: number, stride: number): Symbolic => {
      let z = b.unit(y, `${name}.1`, filters, { stride });
      z = b.norm(b.conv(z, `${name}.2.conv`, filters), `${name}.2.norm`);
      if (skips) {
        const straight =
          stride === 1 ? y : b.norm(b.conv(y, `${name}.skip.conv`, filters, { stride, size: 1 }), `${name}.skip.norm`);
        z = b.tf.layers.add({ name: `${name}.add` }).apply([z, straight]) as Symbolic;
      }
      return b.relu(z, `${name}.relu`);
    };
    let y = b.unit(x, 'stem', 12, { stride: 2 });
    y = block(block(y, 'stage1.0', 12, 1), 'stage1.1', 12, 1);
    return block(block(y, 'stage2.0', 24, 2), 'stage2.1', 24, 1);
  };

/** In the manner of DenseNet: each layer sees the outputs of all earlier ones of its stage. */
const dense: Body = (b, x) => {
  const stage = (y: Symbolic, name: string, growth: number): Symbolic => {
    let all = y;
    for (let i = 0; i < 3; i++) {
      const fresh = b.unit(all, `${name}.${i}`, growth);
      all = b.tf.layers.concatenate({ name: `${name}.${i}.concat`, axis: -1 }).apply([all, fresh]) as Symbolic;
    }
    return all;
  };
  let y = stage(b.unit(x, 'stem', 12, { stride: 2 }), 'stage1', 10);
  y = b.unit(y, 'transition', 20, { size: 1 });
  y = b.tf.layers.averagePooling2d({ name: 'pool', poolSize: 2, strides: 2 }).apply(y) as Symbolic;
  return stage(y, 'stage2', 14);
};

/** In the manner of MobileNet: depthwise convolutions, each followed by a pointwise one. */
const separable: Body = (b, x) => {
  const pair = (y: Symbolic, name: string, filters: number, stride = 1): Symbolic => {
    const d = b.depthwise(y, `${name}.depthwise.conv`, stride);
    const z = b.relu(b.norm(d, `${name}.depthwise.norm`), `${name}.depthwise.relu`);
    return b.unit(z, `${name}.pointwise`, filters, { size: 1 });
  };
  let y = b.unit(x, 'stem', 16, { stride: 2 });
  y = pair(pair(y, 'stage1.0', 24), 'stage1.1', 32);
  return pair(pair(y, 'stage2.0', 64, 2), 'stage2.1', 80);
};

/** Few layers with many channels. */
const wide: Body = (b, x) => {
  const y = b.unit(b.unit(x, 'stage1.0', 24, { stride: 2 }), 'stage1.1', 32);
  return b.unit(b.unit(y, 'stage2.0', 48, { stride: 2 }), 'stage2.1', 64);
};

/** Many layers with few channels. */
const narrow: Body = (b, x) => {
  let y = b.unit(x, 'stage1.0', 10, { stride: 2 });
  for (let i = 1; i < 5; i++) y = b.unit(y, `stage1.${i}`, 10);
  y = b.unit(y, 'stage2.0', 20, { stride: 2 });
  for (let i = 1; i < 4; i++) y = b.unit(y, `stage2.${i}`, 20);
  return y;
};

/** Every demo network, by name. `normalised: false`: biases in the place of BatchNorm. */
export const architectures = {
  plain: { body: plain, normalised: true },
  'plain-nobn': { body: plain, normalised: false },
  residual: { body: residual(true), normalised: true },
  'residual-noskip': { body: residual(false), normalised: true },
  dense: { body: dense, normalised: true },
  separable: { body: separable, normalised: true },
  wide: { body: wide, normalised: true },
  narrow: { body: narrow, normalised: true },
} as const satisfies Record<string, { body: Body; normalised: boolean }>;

export type NetworkName = keyof typeof architectures;
export const networkNames = Object.keys(architectures) as NetworkName[];

/** An untrained network: input [N, 28, 28, 1] in 0 … 1, output [N, 10] logits. */
export function buildNetwork(tf: TensorFlow, name: NetworkName, seed: number): tensorflow.LayersModel {
  const { body, normalised } = architectures[name];
  const b = builder(tf, seed, name, normalised);
  const input = tf.input({ shape: [side, side, 1], name: 'image' });
  const features = tf.layers.globalAveragePooling2d({ name: 'mean' }).apply(body(b, input));
  const logits = tf.layers
    .dense({
      name: 'logits',
      units: classes.length,
      kernelInitializer: tf.initializers.glorotUniform({
        seed: randomStream(seed, 'zoo', 'initial', name, 'logits').below(2 ** 31),
      }),
    })
    .apply(features) as Symbolic;
  return tf.model({ name, inputs: input, outputs: logits });
}
