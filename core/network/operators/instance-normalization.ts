import { float32 } from '../../tensor.js';
import { floatsAt, invalidNode, numberOf, shapeAt } from './attribute.js';
import { elementsPerImage, ownChannels } from './layout.js';
import { narrowFirstAxis } from './narrow.js';
import { normalisedAdjoint } from './normalised.js';
import type { Operator } from './operator.js';
import { constantAt, cotangentOf, inputAt, NoAdjoint } from './term.js';

/**
 * scale·(x − mean) / √(variance + epsilon) + bias, mean and variance of each channel of each image over its own map.
 * Inputs: x, scale, bias. Group normalisation is written with it too. Sums in float64.
 */
export const instanceNormalization: Operator = {
  role: () => 'normalisation',
  arithmetic: 'normalise',
  rectifies: () => false,
  infer(node, inputs) {
    const x = shapeAt(node, inputs, 0);
    for (const index of [1, 2]) {
      const parameter = shapeAt(node, inputs, index);
      if (parameter.length !== 1 || parameter[0] !== x[1]) {
        throw invalidNode(node, `input ${index} must hold one number for each of ${x[1]} channels`);
      }
    }
    return [x];
  },
  macs: () => 0,
  adjoint(passage) {
    const { node, write, wanted } = passage;
    if (wanted[1] === true || wanted[2] === true)
      throw new NoAdjoint('its scales or shifts are computed in the network, not constants');
    const [x, scale] = [inputAt(passage, 0), constantAt(passage, 1, 'scales')];
    const each = [1, scale.data.length, ...x.shape.slice(2).map(() => 1)];
    const cotangent = write.multiply(cotangentOf(passage), write.constant(each, scale.data));
    const axes = [...x.shape.keys()].slice(2);
    return [normalisedAdjoint(write, x, cotangent, axes, Math.fround(numberOf(node, 'epsilon')))];
  },
  channels: (_, __, outputs) => ownChannels(outputs[0]),
  imagesMeet: (_node, _inputs, _input, images) => images > 1,
  window: () => 'global',
  narrow: narrowFirstAxis,
  emit: (node) => ({ opType: 'InstanceNormalization', attributes: { epsilon: numberOf(node, 'epsilon') } }),
  evaluate(node, inputs) {
    const [x, scale, bias] = [floatsAt(node, inputs, 0), floatsAt(node, inputs, 1), floatsAt(node, inputs, 2)];
    const epsilon = Math.fround(numberOf(node, 'epsilon'));
    const plane = elementsPerImage(x.shape.slice(2));
    const channels = x.shape[1] as number;
    const result = new Float32Array(x.data.length);
    for (let start = 0, row = 0; start < result.length; start += plane, row++) {
      let [sum, squares] = [0, 0];
      for (let i = start; i < start + plane; i++) sum += x.data[i] as number;
      const mean = sum / plane;
      for (let i = start; i < start + plane; i++) squares += ((x.data[i] as number) - mean) ** 2;
      const factor = (scale.data[row % channels] as number) / Math.sqrt(squares / plane + epsilon);
      const shift = bias.data[row % channels] as number;
      for (let i = start; i < start + plane; i++) result[i] = ((x.data[i] as number) - mean) * factor + shift;
    }
    return [float32(x.shape, result)];
  },
};
