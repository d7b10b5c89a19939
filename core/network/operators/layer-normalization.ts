import { float32 } from '../../tensor.js';
import type { Operation, Shape } from '../operation.js';
import { axisOf, floatsAt, invalidNode, numberOf, printShape, shapeAt } from './attribute.js';
import { broadcastIndices, broadcastShape } from './broadcast.js';
import { elementsPerImage, ownChannels } from './layout.js';
import { normalisedAdjoint } from './normalised.js';
import type { NodeInputs, Operator } from './operator.js';
import { cotangentOf, inputAt, NoAdjoint } from './term.js';

/** Where the normalised axes begin. */
function fromAxis(node: Operation, inputs: NodeInputs): number {
  const x = shapeAt(node, inputs, 0);
  const axis = axisOf(node, numberOf(node, 'axis'), x.length);
  const rest: Shape = x.slice(axis);
  for (const index of [1, 2]) {
    const own = inputs.shapes[index];
    if (own === undefined && index === 2) continue;
    if (own === undefined || own.length > rest.length || !fits(own, rest)) {
      throw invalidNode(node, `input ${index} of shape ${printShape(own)} does not fit axes ${printShape(rest)}`);
    }
  }
  return axis;
}

const fits = (own: Shape, rest: Shape): boolean => printShape(broadcastShape([own, rest])) === printShape(rest);

/**
 * (x − mean) / √(variance + epsilon) · scale + bias, mean and variance of each line over all axes from `axis` on (Ba,
 * Kiros and Hinton 2016). Inputs: x, scale, and maybe bias. Sums in float64.
 */
export const layerNormalization: Operator = {
  since: 17,
  role: () => 'normalisation',
  arithmetic: 'normalise',
  rectifies: () => false,
  infer(node, inputs) {
    fromAxis(node, inputs);
    return [shapeAt(node, inputs, 0)];
  },
  macs: () => 0,
  adjoint(passage) {
    const { node, write, wanted } = passage;
    if (wanted[1] === true || wanted[2] === true)
      throw new NoAdjoint('its scales or shifts are computed in the network, not constants');
    const [x, scale] = [inputAt(passage, 0), inputAt(passage, 1)];
    const axis = axisOf(node, numberOf(node, 'axis'), x.shape.length);
    if (axis === 0) throw new NoAdjoint('it normalises along the axis of the images');
    const cotangent = write.multiply(cotangentOf(passage), scale);
    const axes = [...x.shape.keys()].slice(axis);
    return [normalisedAdjoint(write, x, cotangent, axes, Math.fround(numberOf(node, 'epsilon')))];
  },
  channels: (node, inputs, outputs) => (fromAxis(node, inputs) < 2 ? 'mixed' : ownChannels(outputs[0])),
  imagesMeet: (node, inputs, _, images) => fromAxis(node, inputs) <= images,
  window: (node, inputs) => (shapeAt(node, inputs, 0).length > 3 ? 'global' : undefined),
  emit: (node) => ({
    opType: 'LayerNormalization',
    attributes: { axis: numberOf(node, 'axis'), epsilon: numberOf(node, 'epsilon') },
  }),
  evaluate(node, inputs) {
    const x = floatsAt(node, inputs, 0);
    const axis = fromAxis(node, { shapes: inputs.map((t) => t?.shape), constants: inputs });
    const rest = x.shape.slice(axis);
    const length = elementsPerImage(rest);
    const epsilon = Math.fround(numberOf(node, 'epsilon'));
    const [scale, bias] = [1, 2].map((index) => (inputs[index] ? floatsAt(node, inputs, index) : undefined));
    const [ofScale, ofBias] = [scale, bias].map((t) => t && broadcastIndices(t.shape, rest));
    const result = new Float32Array(x.data.length);
    for (let start = 0; start < result.length; start += length) {
      let [sum, squares] = [0, 0];
      for (let i = start; i < start + length; i++) sum += x.data[i] as number;
      const mean = sum / length;
      for (let i = start; i < start + length; i++) squares += ((x.data[i] as number) - mean) ** 2;
      const factor = 1 / Math.sqrt(squares / length + epsilon);
      for (let i = 0; i < length; i++) {
        const own = scale && ofScale ? (scale.data[ofScale[i] as number] as number) : 1;
        const shift = bias && ofBias ? (bias.data[ofBias[i] as number] as number) : 0;
        result[start + i] = ((x.data[start + i] as number) - mean) * factor * own + shift;
      }
    }
    return [float32(x.shape, result)];
  },
};
