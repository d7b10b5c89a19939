import { zeros, type Tensor } from '../../tensor.js';
import { DYNAMIC, type Operation, type Shape } from '../operation.js';
import { axisOf, invalidNode, numberOf, printShape, shapeAt, tensorAt } from './attribute.js';
import { alike, indices, ownChannels, place, stridesOf } from './layout.js';
import type { Operator } from './operator.js';
import { cotangentOf, inputAt, NoAdjoint } from './term.js';

function present(node: Operation, shapes: readonly (Shape | undefined)[]): readonly Shape[] {
  const result = shapes.filter((shape) => shape !== undefined);
  if (result.length === 0 || result.length !== node.inputs.length) throw invalidNode(node, 'an input is missing');
  return result;
}

function outputShape(node: Operation, shapes: readonly Shape[]): Shape {
  const first = shapes[0] as Shape;
  const axis = axisOf(node, numberOf(node, 'axis'), first.length);
  return first.map((_, at) => {
    const dims = shapes.map((shape) => shape[at] ?? Number.NaN);
    if (at === axis) return dims.includes(DYNAMIC) ? DYNAMIC : dims.reduce((sum, dim) => sum + dim, 0);
    const known = new Set(dims.filter((dim) => dim !== DYNAMIC));
    if (known.size > 1 || shapes.some((shape) => shape.length !== first.length)) {
      throw invalidNode(node, `cannot join ${shapes.map(printShape).join(', ')} along axis ${axis}`);
    }
    return [...known][0] ?? DYNAMIC;
  });
}

/** The inputs behind one another along `axis`. */
export const concat: Operator = {
  role: () => 'join',
  passesSums: () => true,
  rectifies: () => false,
  infer: (node, inputs) => [outputShape(node, present(node, inputs.shapes))],
  types: alike,
  macs: () => 0,
  adjoint(passage) {
    const { node, inputs, write, wanted } = passage;
    const cotangent = cotangentOf(passage);
    const axis = axisOf(node, numberOf(node, 'axis'), cotangent.shape.length);
    if (axis === 0) throw new NoAdjoint('it joins along the axis of the images');
    let end = 0;
    return inputs.map((_, index) => {
      const length = inputAt(passage, index).shape[axis] as number;
      const start = (end += length) - length;
      return wanted[index] === true ? write.cut(cotangent, [{ axis, start, step: 1, length }]) : undefined;
    });
  },
  channels(node, inputs, outputs) {
    const shapes = present(node, inputs.shapes);
    const rank = (shapes[0] as Shape).length;
    if (axisOf(node, numberOf(node, 'axis'), rank) !== 1)
      return rank > 1 && shapes.length === 1 ? ownChannels(outputs[0]) : 'mixed';
    if (outputs[0]?.[1] === DYNAMIC) return 'mixed';
    return shapes.flatMap((shape, input) =>
      Array.from({ length: shape[1] as number }, (_, channel) => [{ input, channel }]),
    );
  },
  imagesMeet: (node, inputs, _, images) =>
    node.inputs.length > 1 && axisOf(node, numberOf(node, 'axis'), shapeAt(node, inputs, 0).length) === images,
  emit: (node) => ({ opType: 'Concat', attributes: { axis: numberOf(node, 'axis') } }),
  evaluate(node, inputs) {
    const parts: readonly Tensor[] = node.inputs.map((_, index) => tensorAt(node, inputs, index));
    const shape = outputShape(
      node,
      parts.map((part) => part.shape),
    );
    const axis = axisOf(node, numberOf(node, 'axis'), shape.length);
    const strides = stridesOf(shape);
    const result = zeros((parts[0] as Tensor).dtype, shape);
    let start = 0;
    for (const part of parts) {
      place(part, result, indices(part.shape, strides, start * (strides[axis] as number)));
      start += part.shape[axis] as number;
    }
    return [result];
  },
};
