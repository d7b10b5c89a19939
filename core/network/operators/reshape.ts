import { sizeOf, tensor } from '../../tensor.js';
import { DYNAMIC, type Operation, type Shape } from '../operation.js';
import { invalidNode, listOf, printShape, shapeAt, tensorAt } from './attribute.js';
import { alike, elementsPerImage, openAxisMoves, ownChannels, reshaped } from './layout.js';
import type { ChannelSources, Operator } from './operator.js';
import { cotangentOf, inputAt } from './term.js';

/** The shape that a target with 0 (as before) and at most one −1 (the rest) gives. */
function outputShape(node: Operation, x: Shape): Shape {
  const target = listOf(node, 'shape');
  const copied = target.map((dim, axis) => {
    if (dim !== 0) return dim;
    const own = x[axis];
    if (own === undefined) throw invalidNode(node, `a 0 at place ${axis} of the target needs an input of as many axes`);
    return own;
  });
  const rest = target.indexOf(DYNAMIC);
  const openOnPurpose = target.filter((dim, axis) => dim === 0 && x[axis] === DYNAMIC).length;
  const openBefore = x.filter((dim) => dim === DYNAMIC).length;
  const [before, after] = [elementsPerImage(x), elementsPerImage(copied)];
  if (target.indexOf(DYNAMIC, rest + 1) >= 0 && rest >= 0) throw invalidNode(node, 'the target has more than one −1');
  const complaint = `${printShape(x)} does not fit into ${printShape(target)}`;
  if (openBefore > openOnPurpose) return copied;
  if (rest < 0) {
    if (before !== after) throw invalidNode(node, complaint);
    return copied;
  }
  if (after === 0 ? before !== 0 : before % after !== 0) throw invalidNode(node, complaint);
  return copied.map((dim, axis) => (axis === rest ? (after === 0 ? 0 : before / after) : dim));
}

/** Channels survive where the axes before and at the channel axis, and all behind it together, stay as they are. */
function channelsThrough(x: Shape, y: Shape | undefined): ChannelSources {
  if (y === undefined || x.length < 2 || y.length < 2 || x[0] !== y[0] || x[1] !== y[1]) return 'mixed';
  return ownChannels(y);
}

/** The same elements, row-major, in another shape. `shape`: 0 keeps a dimension, one −1 takes the rest. */
export const reshape: Operator = {
  role: () => 'layout',
  passesSums: () => true,
  arithmetic: 'reshape',
  rectifies: () => false,
  infer: (node, inputs) => [outputShape(node, shapeAt(node, inputs, 0))],
  types: alike,
  macs: () => 0,
  adjoint: (passage) => [passage.write.reshaped(cotangentOf(passage), inputAt(passage, 0).shape)],
  channels: (node, inputs, outputs) => channelsThrough(shapeAt(node, inputs, 0), outputs[0]),
  narrow(node, _, kept) {
    const left = kept.outputs[0];
    const shape = listOf(node, 'shape');
    const stated = left !== undefined && (shape[1] as number) > 0;
    return { attributes: stated ? { shape: shape.with(1, left.length) } : {}, constants: new Map() };
  },
  imagesMeet(node, inputs, _, images) {
    const x = shapeAt(node, inputs, 0);
    return openAxisMoves(x, images, outputShape(node, x));
  },
  emit: (node) => {
    const shape = listOf(node, 'shape');
    return {
      opType: 'Reshape',
      attributes: {},
      constants: [tensor('int64', [shape.length], BigInt64Array.from(shape, BigInt))],
    };
  },
  evaluate(node, inputs) {
    const x = tensorAt(node, inputs, 0);
    const shape = outputShape(node, x.shape);
    if (sizeOf(shape) !== x.data.length)
      throw invalidNode(node, `${printShape(x.shape)} does not fit into ${printShape(shape)}`);
    return [reshaped(x, shape)];
  },
};
