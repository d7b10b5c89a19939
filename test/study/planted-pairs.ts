import { randomStream } from '../../core/random.js';
import { floats, onnxFile } from '../builders/onnx-model.js';

export const images = 40;
export const classes = 4;
const area = 4;

/** conv1: x0 twice (back-up), x1 twice (halves), x0 and x2 (each for itself), and a dead kernel. */
const first = [0, 0, 1, 1, 0, 2, -1];
export const [gateA, gateB, halfA, halfB, ownA, ownB, dead] = [0, 1, 2, 3, 4, 5, 6] as const;
/** conv2, by kernel of conv1: a, max(b − a, 0), the two halves added, and each of the others as it is. */
const second = [
  [1, 0, 0, 0, 0, 0, 0],
  [-1, 1, 0, 0, 0, 0, 0],
  [0, 0, 0.5, 0.5, 0, 0, 0],
  [0, 0, 0, 0, 1, 0, 0],
  [0, 0, 0, 0, 0, 1, 0],
];
/** Into the classes; the first two are a + max(b − a, 0) = max(a, b). */
const head = [
  [3, 0, 0, 0],
  [3, 0, 0, 0],
  [0, 3, 0, 0],
  [0, 0, 2, 0],
  [0, 0, 0, 2],
];

const random = randomStream(5, 'planted pairs');
export const pixels = Float32Array.from({ length: images * 3 * area }, () => random.uniform());
export const labels = Array.from({ length: images }, (_, i) => i % classes);

/** Logits of an image without some kernels, in float64, from the weights alone. */
export function logitsOf(image: number, removed: readonly string[]): number[] {
  const logits = Array.from({ length: classes }, () => 0);
  for (let p = 0; p < area; p++) {
    const one = first.map((input, k) =>
      removed.includes(`conv1[${k}]`) || input < 0 ? 0 : Math.max(0, pixels[(image * 3 + input) * area + p] as number),
    );
    second.forEach((row, k) => {
      if (removed.includes(`conv2[${k}]`)) return;
      const value = Math.max(
        0,
        row.reduce((sum, weight, j) => sum + weight * (one[j] as number), 0),
      );
      head[k]?.forEach((weight, c) => void (logits[c] = (logits[c] as number) + (weight * value) / area));
    });
  }
  return logits;
}

/** Their log-softmax. */
export function logOf(image: number, removed: readonly string[]): number[] {
  const logits = logitsOf(image, removed);
  const total = Math.log(logits.reduce((sum, x) => sum + Math.exp(x), 0));
  return logits.map((x) => x - total);
}

/** Without what the first two outputs of conv2 say, nobody notices that the gate is gone. */
const ungated = head.map((row, k) => (k < 2 ? row.map(() => 0) : row));

export const network = ({ gated = true } = {}): Uint8Array =>
  onnxFile({
    inputs: { x: ['n', 3, 2, 2] },
    outputs: ['y'],
    nodes: [
      {
        op: 'Conv',
        name: 'conv1',
        inputs: ['x', 'conv1.weight'],
        outputs: ['a'],
        attributes: { kernel_shape: [1, 1] },
      },
      { op: 'Relu', inputs: ['a'], outputs: ['b'] },
      {
        op: 'Conv',
        name: 'conv2',
        inputs: ['b', 'conv2.weight'],
        outputs: ['c'],
        attributes: { kernel_shape: [1, 1] },
      },
      { op: 'Relu', inputs: ['c'], outputs: ['d'] },
      { op: 'GlobalAveragePool', inputs: ['d'], outputs: ['e'] },
      { op: 'Flatten', inputs: ['e'], outputs: ['f'] },
      { op: 'MatMul', inputs: ['f', 'fc.weight'], outputs: ['y'] },
    ],
    initialisers: [
      floats(
        'conv1.weight',
        [7, 3, 1, 1],
        first.flatMap((input) => [0, 1, 2].map((c) => (c === input ? 1 : 0))),
      ),
      floats('conv2.weight', [5, 7, 1, 1], second.flat()),
      floats('fc.weight', [5, classes], (gated ? head : ungated).flat()),
    ],
  });
