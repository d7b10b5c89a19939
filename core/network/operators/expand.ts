import { tensor } from '../../tensor.js';
import type { Operation, Shape } from '../operation.js';
import { invalidNode, listOf, printShape, shapeAt, tensorAt } from './attribute.js';
import { broadcastIndices, broadcastShape, joinedChannels } from './broadcast.js';
import { alike, picked } from './layout.js';
import type { Operator } from './operator.js';
import { cotangentOf, inputAt } from './term.js';

function outputShape(node: Operation, x: Shape): Shape {
  const target = listOf(node, 'shape');
  const shape = broadcastShape([x, target]);
  if (shape === undefined) throw invalidNode(node, `${printShape(x)} does not broadcast to ${printShape(target)}`);
  return shape;
}

/** The input broadcast to `shape`; a 1 in `shape` keeps the input's own dimension. */
export const expand: Operator = {
  role: () => 'layout',
  arithmetic: 'expand',
  rectifies: () => false,
  infer: (node, inputs) => [outputShape(node, shapeAt(node, inputs, 0))],
  types: alike,
  macs: () => 0,
  adjoint: (passage) => [passage.write.gathered(cotangentOf(passage), inputAt(passage, 0).shape)],
  channels: (node, inputs, outputs) => joinedChannels(node, inputs, outputs[0]),
  emit: (node) => {
    const shape = listOf(node, 'shape');
    return {
      opType: 'Expand',
      attributes: {},
      constants: [tensor('int64', [shape.length], BigInt64Array.from(shape, BigInt))],
    };
  },
  evaluate(node, inputs) {
    const x = tensorAt(node, inputs, 0);
    const shape = outputShape(node, x.shape);
    return [picked(x, shape, broadcastIndices(x.shape, shape))];
  },
};
