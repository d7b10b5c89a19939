import { float32 } from '../../tensor.js';
import { floatsAt, invalidNode, printShape, shapeAt } from './attribute.js';
import { broadcastIndices, broadcastShape } from './broadcast.js';
import { ownChannels } from './layout.js';
import type { Operator } from './operator.js';

/** x for x ≥ 0, slope·x below; the slope is broadcast to x (ONNX allows no other direction). */
export const pRelu: Operator = {
  role: () => 'activation',
  rectifies: () => false,
  infer(node, inputs) {
    const [x, slope] = [shapeAt(node, inputs, 0), shapeAt(node, inputs, 1)];
    if (slope.length > x.length || broadcastShape([x, slope]) === undefined) {
      throw invalidNode(node, `a slope of shape ${printShape(slope)} does not fit ${printShape(x)}`);
    }
    return [x];
  },
  macs: () => 0,
  channels: (_, __, outputs) => ownChannels(outputs[0]),
  emit: () => ({ opType: 'PRelu', attributes: {} }),
  evaluate(node, inputs) {
    const [x, slope] = [floatsAt(node, inputs, 0), floatsAt(node, inputs, 1)];
    const at = broadcastIndices(slope.shape, x.shape);
    const result = new Float32Array(x.data.length);
    for (let i = 0; i < result.length; i++) {
      const value = x.data[i] as number;
      result[i] = value < 0 ? value * (slope.data[at[i] as number] as number) : value;
    }
    return [float32(x.shape, result)];
  },
};
