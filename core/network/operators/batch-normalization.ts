import { float32 } from '../../tensor.js';
import { floatsAt, invalidNode, numberOf, shapeAt } from './attribute.js';
import { ownChannels } from './layout.js';
import { narrowFirstAxis } from './narrow.js';
import type { Operator } from './operator.js';
import { constantAt, cotangentOf, inputAt, NoAdjoint } from './term.js';

/** scale·(x − mean) / √(variance + epsilon) + bias for each channel: the inference form. Inputs: x, scale, bias, mean, variance. */
export const batchNormalization: Operator = {
  role: () => 'normalisation',
  arithmetic: 'normalise',
  rectifies: () => false,
  infer(node, inputs) {
    const x = shapeAt(node, inputs, 0);
    for (let index = 1; index < 5; index++) {
      const parameter = shapeAt(node, inputs, index);
      if (parameter.length !== 1 || parameter[0] !== x[1]) {
        throw invalidNode(node, `input ${index} must hold one number for each of ${x[1]} channels`);
      }
    }
    return [x];
  },
  macs: () => 0,
  adjoint(passage) {
    const [scale, variance] = [constantAt(passage, 1, 'scales'), constantAt(passage, 4, 'variances')];
    if (passage.wanted.some((wanted, index) => wanted && index > 0))
      throw new NoAdjoint('its shifts or means are computed in the network, not constants');
    const epsilon = Math.fround(numberOf(passage.node, 'epsilon'));
    const factors = Array.from(scale.data, (s, c) => s / Math.sqrt((variance.data[c] as number) + epsilon));
    const { shape } = inputAt(passage, 0);
    const each = [1, factors.length, ...shape.slice(2).map(() => 1)];
    return [passage.write.multiply(cotangentOf(passage), passage.write.constant(each, factors))];
  },
  statistics: [3, 4],
  channels: (_, __, outputs) => ownChannels(outputs[0]),
  narrow: narrowFirstAxis,
  emit: (node) => ({ opType: 'BatchNormalization', attributes: { epsilon: numberOf(node, 'epsilon') } }),
  evaluate(node, inputs) {
    const x = floatsAt(node, inputs, 0);
    const [scale, bias, mean, variance] = [1, 2, 3, 4].map((index) => floatsAt(node, inputs, index).data);
    const epsilon = Math.fround(numberOf(node, 'epsilon'));
    const [images, channels, ...space] = x.shape as [number, number, ...number[]];
    const plane = space.reduce((product, dim) => product * dim, 1);
    const result = new Float32Array(x.data.length);
    for (let row = 0, o = 0; row < images * channels; row++) {
      const c = row % channels;
      const factor = (scale?.[c] as number) / Math.sqrt((variance?.[c] as number) + epsilon);
      const [centre, shift] = [mean?.[c] as number, bias?.[c] as number];
      for (let i = 0; i < plane; i++, o++) result[o] = ((x.data[o] as number) - centre) * factor + shift;
    }
    return [float32(x.shape, result)];
  },
};
