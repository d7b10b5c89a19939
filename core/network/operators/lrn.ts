import { float32, sizeOf } from '../../tensor.js';
import { floatsAt, invalidNode, numberOf, shapeAt } from './attribute.js';
import type { Operator } from './operator.js';
import { cotangentOf, inputAt, type Term, type TermWriter } from './term.js';

/** Sums over the channels from c − before to c + after that exist, of [images, C, positions, 1]. */
function neighbours(write: TermWriter, x: Term, before: number, after: number): Term {
  const channels = x.shape[1] as number;
  const band = Array.from({ length: channels * channels }, (_, i) => {
    const apart = (i % channels) - Math.floor(i / channels);
    return apart >= -before && apart <= after ? 1 : 0;
  });
  return write.apply('Conv', [x, write.constant([channels, channels, 1, 1], band)], {
    dilations: [1, 1],
    group: 1,
    pads: [0, 0, 0, 0],
    strides: [1, 1],
  });
}

/**
 * Local response normalisation across channels (AlexNet): x / (bias + alpha/size · Σ x²)^beta, the sum over the channels
 * from c − ⌊(size−1)/2⌋ to c + ⌈(size−1)/2⌉ that exist.
 */
export const lrn: Operator = {
  role: () => 'normalisation',
  arithmetic: 'normalise',
  rectifies: () => false,
  keepsSign: () => true,
  infer(node, inputs) {
    const size = numberOf(node, 'size');
    if (!(Number.isInteger(size) && size >= 1))
      throw invalidNode(node, `its size must be a whole number of at least 1, got ${size}`);
    return [shapeAt(node, inputs, 0)];
  },
  macs: () => 0,
  adjoint(passage) {
    const { node, write } = passage;
    const [given, size] = [inputAt(passage, 0), numberOf(node, 'size')];
    const [alpha, beta, bias] = ['alpha', 'beta', 'bias'].map((name) => Math.fround(numberOf(node, name)));
    const channels = given.shape[1] as number;
    const map = [given.shape[0] as number, channels, sizeOf(given.shape.slice(2)), 1];
    const [x, cotangent] = [write.reshaped(given, map), write.reshaped(cotangentOf(passage), map)];
    const [before, after] = [Math.floor((size - 1) / 2), Math.ceil((size - 1) / 2)];
    const factor = (alpha as number) / size;
    const sums = write.scaled(neighbours(write, write.multiply(x, x), before, after), factor);
    const base = write.shifted(sums, bias as number);
    const power = (exponent: number): Term => write.apply('Pow', [base, write.number(exponent)]);
    const own = write.multiply(cotangent, power(-(beta as number)));
    const shared = write.multiply(cotangent, write.multiply(x, power(-(beta as number) - 1)));
    // Whose window a channel is in: the window turned round.
    const others = write.multiply(neighbours(write, shared, after, before), x);
    const back = write.subtract(own, write.scaled(others, 2 * factor * (beta as number)));
    return [write.reshaped(back, given.shape)];
  },
  work: (node, inputs) =>
    sizeOf(shapeAt(node, inputs, 0)) * Math.min(numberOf(node, 'size'), shapeAt(node, inputs, 0)[1] ?? 1),
  channels: () => 'mixed',
  imagesMeet: (_node, _inputs, _input, images) => images > 0,
  emit: (node) => ({
    opType: 'LRN',
    attributes: Object.fromEntries(['alpha', 'beta', 'bias', 'size'].map((name) => [name, numberOf(node, name)])),
  }),
  evaluate(node, inputs) {
    const x = floatsAt(node, inputs, 0);
    const [alpha, beta, bias] = ['alpha', 'beta', 'bias'].map((name) => Math.fround(numberOf(node, name)));
    const size = numberOf(node, 'size');
    const [before, after] = [Math.floor((size - 1) / 2), Math.ceil((size - 1) / 2)];
    const [images, channels, ...space] = x.shape as [number, number, ...number[]];
    const plane = space.reduce((product, dim) => product * dim, 1);
    const result = new Float32Array(x.data.length);
    for (let n = 0; n < images; n++) {
      for (let c = 0; c < channels; c++) {
        for (let p = 0; p < plane; p++) {
          let sum = 0;
          for (let k = Math.max(0, c - before); k <= Math.min(channels - 1, c + after); k++) {
            sum += (x.data[(n * channels + k) * plane + p] as number) ** 2;
          }
          const i = (n * channels + c) * plane + p;
          result[i] = (x.data[i] as number) / ((bias as number) + ((alpha as number) / size) * sum) ** (beta as number);
        }
      }
    }
    return [float32(x.shape, result)];
  },
};
