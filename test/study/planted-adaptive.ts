import { randomStream } from '../../core/random.js';
import { floats, onnxFile } from '../builders/onnx-model.js';

export const images = 300;
export const classes = 4;
export const kernels = 16;
export const seed = 3;
export const mode = { engine: 'reference', precision: 'float32', device: 'cpu' } as const;

/** How much each kernel, which passes on an input channel of its own, adds to a class: a few matter, the last is dead. */
export const strength = Array.from({ length: kernels }, (_, k) =>
  k < 4 ? 5 - k : k === kernels - 1 ? 0 : 0.4 - 0.02 * k,
);

const random = randomStream(5, 'planted adaptive');
export const pixels = Float32Array.from({ length: images * kernels }, () => random.uniform() ** 2);
export const labels = Array.from({ length: images }, (_, i) => i % classes);

/** Log-probabilities of an image without one kernel, in float64, from the weights alone. */
export function logOf(image: number, removed = -1): number[] {
  const logits = Array.from({ length: classes }, () => 0);
  strength.forEach((weight, k) => {
    if (k === removed) return;
    logits[k % classes] =
      (logits[k % classes] as number) + Math.fround(weight) * (pixels[image * kernels + k] as number);
  });
  const total = Math.log(logits.reduce((sum, x) => sum + Math.exp(x), 0));
  return logits.map((x) => x - total);
}

export const klAt = (image: number, kernel: number): number => {
  const [p, q] = [logOf(image), logOf(image, kernel)];
  return p.reduce((sum, x, c) => sum + Math.exp(x) * (x - (q[c] as number)), 0);
};
export const meanOver = (places: ArrayLike<number>, of: (image: number) => number): number =>
  Array.from(places, of).reduce((sum, x) => sum + x, 0) / places.length;
export const everywhere = Array.from({ length: images }, (_, i) => i);
export const clip = 0.5;
export const clippedKl = everywhere.map((i) => strength.map((_, k) => Math.min(clip, klAt(i, k))));
export const exact = strength.map((_, k) => meanOver(everywhere, (i) => clippedKl[i]?.[k] as number));

export const network = (): Uint8Array =>
  onnxFile({
    inputs: { x: ['n', kernels, 1, 1] },
    outputs: ['y'],
    nodes: [
      { op: 'Conv', name: 'conv', inputs: ['x', 'conv.weight'], outputs: ['a'], attributes: { kernel_shape: [1, 1] } },
      { op: 'Relu', inputs: ['a'], outputs: ['b'] },
      { op: 'GlobalAveragePool', inputs: ['b'], outputs: ['c'] },
      { op: 'Flatten', inputs: ['c'], outputs: ['d'] },
      { op: 'MatMul', inputs: ['d', 'fc.weight'], outputs: ['y'] },
    ],
    initialisers: [
      floats(
        'conv.weight',
        [kernels, kernels, 1, 1],
        strength.flatMap((_, k) => strength.map((_weight, c) => (c === k && k < kernels - 1 ? 1 : 0))),
      ),
      floats(
        'fc.weight',
        [kernels, classes],
        strength.flatMap((weight, k) => Array.from({ length: classes }, (_, c) => (c === k % classes ? weight : 0))),
      ),
    ],
  });
