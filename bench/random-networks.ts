import type { Graph, ValueId } from '../core/network/graph.js';
import { float32, sizeOf, type Tensor } from '../core/tensor.js';
import { NetworkWriter, Normals, side } from './network-writer.js';

/** A large network with the numbers of trainable parameters that its authors and torchvision state. */
export interface Architecture {
  readonly parameters: number;
  readonly write: (writer: NetworkWriter) => void;
}

/**
 * Networks of their papers, as torchvision has them, weights under its names: He et al., arXiv:1512.03385 (ResNet-18 and -50), Sandler
 * et al., arXiv:1801.04381 (MobileNetV2), Simonyan and Zisserman, arXiv:1409.1556 (VGG-16, without normalisation).
 */
export const architectures = {
  resnet18: { parameters: 11_689_512, write: (net) => residual(net, [2, 2, 2, 2], basicBlock, 512) },
  resnet50: { parameters: 25_557_032, write: (net) => residual(net, [3, 4, 6, 3], bottleneck, 2048) },
  mobilenet_v2: { parameters: 3_504_872, write: mobile },
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

/** Expansion, kernels, blocks and stride of each stage (table 2 of the paper). */
const mobileStages = [
  [1, 16, 1, 1],
  [6, 24, 2, 2],
  [6, 32, 3, 2],
  [6, 64, 4, 2],
  [6, 96, 3, 1],
  [6, 160, 3, 2],
  [6, 320, 1, 1],
] as const;

function mobile(net: NetworkWriter): void {
  let x = net.relu6(
    'features.0.2',
    net.norm('features.0.1', net.conv('features.0.0', net.input, 32, 3, { stride: 2, gain: 1 })),
  );
  let place = 1;
  for (const [expansion, kernels, blocks, firstStride] of mobileStages)
    for (let block = 0; block < blocks; block++, place++)
      x = invertedResidual(net, `features.${place}.conv`, x, {
        expansion,
        kernels,
        stride: block === 0 ? firstStride : 1,
      });
  x = net.relu6('features.18.2', net.norm('features.18.1', net.conv('features.18.0', x, 1280, 1, { gain: 1 })));
  net.dense('classifier.1', net.flatten(net.average(x), 1280), 1000, 1);
}

function invertedResidual(
  net: NetworkWriter,
  name: string,
  x: ValueId,
  { expansion, kernels, stride }: { readonly expansion: number; readonly kernels: number; readonly stride: number },
): ValueId {
  const width = net.channels(x) * expansion;
  let part = 0;
  let y = x;
  if (expansion > 1) {
    y = net.relu6(`${name}.0.2`, net.norm(`${name}.0.1`, net.conv(`${name}.0.0`, x, width, 1, { gain: 1 })));
    part = 1;
  }
  const depthwise = net.conv(`${name}.${part}.0`, y, width, 3, { stride, group: width });
  y = net.relu6(`${name}.${part}.2`, net.norm(`${name}.${part}.1`, depthwise));
  const residual = stride === 1 && net.channels(x) === kernels;
  const branch = net.norm(
    `${name}.${part + 2}`,
    net.conv(`${name}.${part + 1}`, y, kernels, 1),
    residual ? branchScale : 1,
  );
  return residual ? net.add(`${name}.add`, x, branch) : branch;
}
