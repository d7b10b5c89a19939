import { randomStream } from '../../core/random.js';
import { type OnnxNode, floats, onnxFile } from '../builders/onnx-model.js';

/** conv1 → ReLU → conv2 → ReLU → mean over positions → linear → a head whose outputs some lesions make no numbers. */
export interface HeadedNetwork {
  readonly head: Head;
  /** [4 × 3], [4 × 4], [4 kernels × 3 classes]. */
  readonly conv1: readonly (readonly number[])[];
  readonly conv2: readonly (readonly number[])[];
  readonly fc: readonly (readonly number[])[];
}

export const heads = ['plain', 'l2norm', 'log', 'division', 'sqrt', 'exp'] as const;
export type Head = (typeof heads)[number];

export const CLASSES = 3;
export const KERNELS = 4;
const CHANNELS = 3;
const AREA = 4;
/** exp(STEEP · y) is above the largest float32 where y is above 88.7 / STEEP. */
const STEEP = 8.5;

/**
 * Kernel 0 of conv2 makes every output of the linear part large, 1 raises and 2 and 3 lower it. Without 0, logarithms
 * and roots of some images are no numbers. What `division` divides by is kernel 1.
 */
export function headedNetwork(head: Head): HeadedNetwork {
  const random = randomStream(11, 'headed network');
  const row = (count: number, of: (k: number) => number): number[] => Array.from({ length: count }, (_, k) => of(k));
  const conv1 = row(KERNELS, () => 0).map(() => row(CHANNELS, () => 0.2 + random.uniform()));
  const conv2 = row(KERNELS, () => 0).map((_, k) =>
    row(KERNELS, () => (k < 2 ? 0.2 + random.uniform() : 2 * random.uniform() - 0.5)),
  );
  const fc = row(KERNELS, () => 0).map((_, k) =>
    row(CLASSES, (c) => [1.2 + 0.1 * c, 0.4, -0.43, -0.43].map((w) => w + 0.1 * random.uniform())[k] as number),
  );
  return { head, conv1, conv2, fc };
}

const nodesOf: { readonly [H in Head]: readonly OnnxNode[] } = {
  plain: [{ op: 'Identity', inputs: ['z'], outputs: ['y'] }],
  l2norm: [
    { op: 'ReduceL2', inputs: ['z'], outputs: ['n'], attributes: { axes: [1], keepdims: 1 } },
    { op: 'Div', inputs: ['z', 'n'], outputs: ['y'] },
  ],
  log: [{ op: 'Log', inputs: ['z'], outputs: ['y'] }],
  division: [
    { op: 'Slice', inputs: ['f'], outputs: ['k'], attributes: { starts: [1], ends: [2], axes: [1] } },
    { op: 'Div', inputs: ['z', 'k'], outputs: ['y'] },
  ],
  sqrt: [{ op: 'Sqrt', inputs: ['z'], outputs: ['y'] }],
  exp: [
    { op: 'Mul', inputs: ['z', 'steep'], outputs: ['s'] },
    { op: 'Exp', inputs: ['s'], outputs: ['t'] },
    { op: 'Mul', inputs: ['t', 'small'], outputs: ['y'] },
  ],
};

export function networkFile({ head, conv1, conv2, fc }: HeadedNetwork): Uint8Array {
  const conv = (name: string, from: string, to: string): OnnxNode => ({
    op: 'Conv',
    name,
    inputs: [from, `${name}.weight`],
    outputs: [to],
    attributes: { kernel_shape: [1, 1] },
  });
  return onnxFile({
    opset: 9,
    inputs: { x: ['n', CHANNELS, 2, 2] },
    outputs: ['y'],
    nodes: [
      conv('conv1', 'x', 'a'),
      { op: 'Relu', inputs: ['a'], outputs: ['b'] },
      conv('conv2', 'b', 'c'),
      { op: 'Relu', inputs: ['c'], outputs: ['d'] },
      { op: 'GlobalAveragePool', inputs: ['d'], outputs: ['e'] },
      { op: 'Flatten', inputs: ['e'], outputs: ['f'] },
      { op: 'MatMul', inputs: ['f', 'fc.weight'], outputs: ['z'] },
      ...nodesOf[head],
    ],
    initialisers: [
      floats('conv1.weight', [KERNELS, CHANNELS, 1, 1], conv1.flat()),
      floats('conv2.weight', [KERNELS, KERNELS, 1, 1], conv2.flat()),
      floats('fc.weight', [KERNELS, CLASSES], fc.flat()),
      ...(head === 'exp' ? [floats('steep', [1], [STEEP]), floats('small', [1], [1e-30])] : []),
    ],
  });
}

/** What the head gives for [classes] of the linear part, and the means over positions, in float64; of `exp` as float32 has it. */
const headed: { readonly [H in Head]: (z: readonly number[], means: readonly number[]) => number[] } = {
  plain: (z) => [...z],
  l2norm: (z) => z.map((x) => x / Math.hypot(...z)),
  log: (z) => z.map((x) => Math.log(x)),
  division: (z, means) => z.map((x) => x / (means[1] as number)),
  sqrt: (z) => z.map((x) => Math.sqrt(x)),
  exp: (z) => z.map((x) => Math.fround(Math.exp(STEEP * x)) * 1e-30),
};

/** Outputs of one image [3 × 4] without some kernels (`conv1[2]`), from the weights alone. */
export function outputsOf(network: HeadedNetwork, image: ArrayLike<number>, removed: ReadonlySet<string>): number[] {
  const means = Array.from({ length: KERNELS }, () => 0);
  for (let p = 0; p < AREA; p++) {
    const one = network.conv1.map((weights, k) =>
      removed.has(`conv1[${k}]`)
        ? 0
        : Math.max(
            0,
            weights.reduce((sum, w, c) => sum + w * (image[c * AREA + p] as number), 0),
          ),
    );
    network.conv2.forEach((weights, k) => {
      const value = weights.reduce((sum, w, j) => sum + w * (one[j] as number), 0);
      if (!removed.has(`conv2[${k}]`)) means[k] = (means[k] as number) + Math.max(0, value) / AREA;
    });
  }
  const z = Array.from({ length: CLASSES }, (_, c) =>
    network.fc.reduce((sum, weights, k) => sum + (weights[c] as number) * (means[k] as number), 0),
  );
  return headed[network.head](z, means);
}
