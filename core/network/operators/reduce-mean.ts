import { float32 } from '../../tensor.js';
import type { Node, Shape } from '../graph.js';
import { axisOf, floatsAt, listOf, numberOf, shapeAt } from './attribute.js';
import { indices, ownChannels, stridesOf } from './layout.js';
import type { Operator } from './operator.js';

function axesOf(node: Node, rank: number): ReadonlySet<number> {
  return new Set(listOf(node, 'axes').map((axis) => axisOf(node, axis, rank)));
}

function outputShape(node: Node, x: Shape): Shape {
  const axes = axesOf(node, x.length);
  return numberOf(node, 'keepdims') === 1
    ? x.map((dim, axis) => (axes.has(axis) ? 1 : dim))
    : x.filter((_, axis) => !axes.has(axis));
}

const beforeSpace = (axes: ReadonlySet<number>): boolean => axes.has(0) || axes.has(1);

/** The mean over `axes`. Over rows and columns it is a global average pool. */
export const reduceMean: Operator = {
  role: (node, inputs) => (beforeSpace(axesOf(node, shapeAt(node, inputs, 0).length)) ? 'other' : 'pooling'),
  rectifies: () => false,
  infer: (node, inputs) => [outputShape(node, shapeAt(node, inputs, 0))],
  macs: () => 0,
  channels: (node, inputs, outputs) =>
    beforeSpace(axesOf(node, shapeAt(node, inputs, 0).length)) ? 'mixed' : ownChannels(outputs[0]),
  window: () => 'global',
  emit: (node) => ({
    opType: 'ReduceMean',
    attributes: { axes: listOf(node, 'axes'), keepdims: numberOf(node, 'keepdims') },
  }),
  evaluate(node, inputs) {
    const x = floatsAt(node, inputs, 0);
    const axes = axesOf(node, x.shape.length);
    const kept = x.shape.map((dim, axis) => (axes.has(axis) ? 1 : dim));
    const strides = stridesOf(kept).map((stride, axis) => (axes.has(axis) ? 0 : stride));
    const to = indices(x.shape, strides);
    const sums = new Float64Array(kept.reduce((product, dim) => product * dim, 1));
    for (let i = 0; i < to.length; i++)
      sums[to[i] as number] = (sums[to[i] as number] as number) + (x.data[i] as number);
    const count = x.data.length / sums.length;
    return [
      float32(
        outputShape(node, x.shape),
        Float32Array.from(sums, (sum) => sum / count),
      ),
    ];
  },
};
