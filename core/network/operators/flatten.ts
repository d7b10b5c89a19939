import { DYNAMIC, type Operation, type Shape } from '../operation.js';
import { invalidNode, numberOf, shapeAt, tensorAt } from './attribute.js';
import { alike, extentOf, openAxisMoves, ownChannels, reshaped } from './layout.js';
import type { Operator } from './operator.js';
import { cotangentOf, inputAt } from './term.js';

function outputShape(node: Operation, x: Shape): Shape {
  const axis = numberOf(node, 'axis');
  const from = axis < 0 ? axis + x.length : axis;
  if (from < 0 || from > x.length) throw invalidNode(node, `axis ${axis} does not exist in ${x.length} dimensions`);
  return [extentOf(x.slice(0, from)), extentOf(x.slice(from))];
}

/** A matrix: all axes before `axis` times all others. */
export const flatten: Operator = {
  role: () => 'layout',
  passesSums: () => true,
  arithmetic: 'reshape',
  rectifies: () => false,
  infer: (node, inputs) => [outputShape(node, shapeAt(node, inputs, 0))],
  types: alike,
  macs: () => 0,
  adjoint: (passage) => [passage.write.reshaped(cotangentOf(passage), inputAt(passage, 0).shape)],
  channels(node, inputs, outputs) {
    const [x, y] = [shapeAt(node, inputs, 0), outputs[0]];
    return y !== undefined && x[0] === y[0] && x[1] === y[1] && x[1] !== DYNAMIC ? ownChannels(y) : 'mixed';
  },
  imagesMeet(node, inputs, _, images) {
    const x = shapeAt(node, inputs, 0);
    return openAxisMoves(x, images, outputShape(node, x));
  },
  emit: (node) => ({ opType: 'Flatten', attributes: { axis: numberOf(node, 'axis') } }),
  evaluate(node, inputs) {
    const x = tensorAt(node, inputs, 0);
    return [reshaped(x, outputShape(node, x.shape))];
  },
};
