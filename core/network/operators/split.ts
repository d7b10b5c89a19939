import { tensor } from '../../tensor.js';
import { DYNAMIC, type Operation, type Shape } from '../operation.js';
import { axisOf, invalidNode, listOf, numberOf, printShape, shapeAt, tensorAt } from './attribute.js';
import { alike, indices, ownChannels, picked, stridesOf } from './layout.js';
import type { Operator } from './operator.js';
import { inputAt } from './term.js';

function outputShapes(node: Operation, x: Shape): readonly Shape[] {
  const axis = axisOf(node, numberOf(node, 'axis'), x.length);
  const sizes = listOf(node, 'split');
  const total = sizes.reduce((sum, size) => sum + size, 0);
  if (
    sizes.length !== node.outputs.length ||
    sizes.some((size) => !(size >= 0)) ||
    (x[axis] !== DYNAMIC && total !== x[axis])
  ) {
    throw invalidNode(node, `parts of ${sizes.join(', ')} do not make up axis ${axis} of ${printShape(x)}`);
  }
  return sizes.map((size) => x.map((dim, at) => (at === axis ? size : dim)));
}

/** Consecutive parts of sizes `split` along `axis`, one output each. */
export const split: Operator = {
  role: () => 'layout',
  passesSums: () => true,
  rectifies: () => false,
  infer: (node, inputs) => outputShapes(node, shapeAt(node, inputs, 0)),
  types: alike,
  macs: () => 0,
  adjoint(passage) {
    const { node, cotangents, write } = passage;
    const { shape } = inputAt(passage, 0);
    const axis = axisOf(node, numberOf(node, 'axis'), shape.length);
    const sizes = listOf(node, 'split');
    if (cotangents.every((part) => part !== undefined)) return [write.apply('Concat', cotangents, { axis })];
    let end = 0;
    const parts = cotangents.flatMap((part, i) => {
      const length = sizes[i] as number;
      const start = (end += length) - length;
      const pads = new Map([[axis, [start, (shape[axis] as number) - end] as const]]);
      return part ? [write.padded(part, pads)] : [];
    });
    return [parts.reduce((sum, part) => write.add(sum, part))];
  },
  channels(node, inputs, outputs, output) {
    const x = shapeAt(node, inputs, 0);
    if (axisOf(node, numberOf(node, 'axis'), x.length) !== 1) return ownChannels(outputs[output]);
    if (x[1] === DYNAMIC) return 'mixed';
    const sizes = listOf(node, 'split');
    const start = sizes.slice(0, output).reduce((sum, size) => sum + size, 0);
    return Array.from({ length: sizes[output] as number }, (_, c) => [{ input: 0, channel: start + c }]);
  },
  narrow(node, inputs, kept) {
    const along = axisOf(node, numberOf(node, 'axis'), shapeAt(node, inputs, 0).length);
    const sizes = listOf(node, 'split');
    return {
      attributes: along === 1 ? { split: sizes.map((size, i) => kept.outputs[i]?.length ?? size) } : {},
      constants: new Map(),
    };
  },
  emit: (node) => {
    const sizes = listOf(node, 'split');
    return {
      opType: 'Split',
      attributes: { axis: numberOf(node, 'axis') },
      constants: [tensor('int64', [sizes.length], BigInt64Array.from(sizes, BigInt))],
    };
  },
  evaluate(node, inputs) {
    const x = tensorAt(node, inputs, 0);
    const strides = stridesOf(x.shape);
    const axis = axisOf(node, numberOf(node, 'axis'), x.shape.length);
    let start = 0;
    return outputShapes(node, x.shape).map((shape) => {
      const part = picked(x, shape, indices(shape, strides, start * (strides[axis] as number)));
      start += shape[axis] as number;
      return part;
    });
  },
};
