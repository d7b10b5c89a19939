import { sizeOf, tensor } from '../../tensor.js';
import { DYNAMIC, type Operation, type Shape } from '../operation.js';
import { axisOf, invalidNode, listOf, numberOf, printShape, shapeAt, tensorAt } from './attribute.js';
import { alike, ownChannels, picked } from './layout.js';
import type { Operator } from './operator.js';
import { scattered } from './placing.js';
import { cotangentOf, inputAt, NoAdjoint } from './term.js';

interface Picks {
  readonly axis: number;
  readonly wanted: readonly number[];
  readonly shape: Shape;
}

function picksOf(node: Operation, x: Shape): Picks {
  const axis = axisOf(node, numberOf(node, 'axis'), x.length);
  const [wanted, size] = [listOf(node, 'indices'), x[axis] as number];
  if (wanted.length === 0 || wanted.some((at) => at < 0 || (size !== DYNAMIC && at >= size))) {
    throw invalidNode(node, `indices ${wanted.join(', ')} do not exist in axis ${axis} of ${printShape(x)}`);
  }
  return { axis, wanted, shape: x.map((dim, at) => (at === axis ? wanted.length : dim)) };
}

/** The slices `indices` of one axis, in that order. Along channels: a choice, a permutation, a channel shuffle. */
export const gather: Operator = {
  role: () => 'layout',
  passesSums: () => true,
  rectifies: () => false,
  infer: (node, inputs) => [picksOf(node, shapeAt(node, inputs, 0)).shape],
  types: alike,
  macs: () => 0,
  adjoint(passage) {
    const { shape } = inputAt(passage, 0);
    const { axis, wanted } = picksOf(passage.node, shape);
    if (axis === 0) throw new NoAdjoint('it picks images');
    return [scattered(passage.write, cotangentOf(passage), axis, wanted, shape[axis] as number)];
  },
  channels(node, inputs, outputs) {
    const { axis, wanted } = picksOf(node, shapeAt(node, inputs, 0));
    return axis === 1 ? wanted.map((channel) => [{ input: 0, channel }]) : ownChannels(outputs[0]);
  },
  narrow(node, inputs, kept) {
    const { axis, wanted } = picksOf(node, shapeAt(node, inputs, 0));
    const [read, left] = [kept.inputs[0], kept.outputs[0]];
    const picks = axis === 1 && left ? left.map((c) => wanted[c] as number) : wanted;
    return {
      attributes: { indices: axis === 1 && read ? picks.map((pick) => read.indexOf(pick)) : picks },
      constants: new Map(),
    };
  },
  window: (node, inputs) => (picksOf(node, shapeAt(node, inputs, 0)).axis > 1 ? 'global' : undefined),
  emit(node) {
    const wanted = listOf(node, 'indices');
    return {
      opType: 'Gather',
      attributes: { axis: numberOf(node, 'axis') },
      constants: [tensor('int64', [wanted.length], BigInt64Array.from(wanted, BigInt))],
    };
  },
  evaluate(node, inputs) {
    const x = tensorAt(node, inputs, 0);
    const { axis, wanted, shape } = picksOf(node, x.shape);
    const [size, inner] = [x.shape[axis] as number, sizeOf(x.shape.slice(axis + 1))];
    const from = new Int32Array(sizeOf(shape));
    for (let o = 0, line = 0; o < from.length; line += size) {
      for (const pick of wanted) for (let i = 0; i < inner; i++, o++) from[o] = (line + pick) * inner + i;
    }
    return [picked(x, shape, from)];
  },
};
