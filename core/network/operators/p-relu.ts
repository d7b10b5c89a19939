import { float32 } from '../../tensor.js';
import { floatsAt, invalidNode, printShape, shapeAt } from './attribute.js';
import { broadcastIndices, broadcastShape } from './broadcast.js';
import { ownChannels } from './layout.js';
import type { Operator } from './operator.js';
import { cotangentOf, inputAt, type Term } from './term.js';

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
  // As in PyTorch: at 0 the slope is that below.
  adjoint(passage) {
    const { write, wanted } = passage;
    const [x, slope, cotangent] = [inputAt(passage, 0), inputAt(passage, 1), cotangentOf(passage)];
    const above = write.apply('Greater', [x, write.number(0)]);
    const one = write.number(1);
    const bent = (): Term => write.multiply(cotangent, write.choose(above, write.number(0), x));
    return [
      wanted[0] === true ? write.multiply(cotangent, write.choose(above, one, slope)) : undefined,
      wanted[1] === true ? write.gathered(bent(), slope.shape) : undefined,
    ];
  },
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
