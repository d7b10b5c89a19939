import { float32, tensor } from '../../tensor.js';
import type { Operation, Shape } from '../operation.js';
import { axisOf, floatsAt, listOf, numberOf, shapeAt } from './attribute.js';
import { indices, ownChannels, stridesOf } from './layout.js';
import type { Operator } from './operator.js';
import { cotangentOf, inputAt, NoAdjoint, type Passage, type Term, type TermWriter } from './term.js';

interface Reduction {
  readonly start: number;
  combine(total: number, x: number): number;
  finish(total: number, count: number): number;
  /** Whether the result cannot be negative, whatever is reduced. */
  readonly rectifies?: boolean;
  /** The opset since which ONNX takes the axes as an input and no longer as an attribute. */
  readonly axesInput: number;
  /** The cotangent of what is reduced; `y` and `cotangent` have the reduced axes with extent 1. */
  adjoint(at: Reduced): Term;
}

interface Reduced {
  readonly write: TermWriter;
  readonly x: Term;
  readonly y: Term;
  readonly cotangent: Term;
  readonly axes: readonly number[];
}

function adjointOf(passage: Passage, adjoint: Reduction['adjoint']): readonly Term[] {
  const { node, write, outputs } = passage;
  const x = inputAt(passage, 0);
  const axes = axesOf(node, x.shape.length);
  if (axes.has(0)) throw new NoAdjoint('it gathers along the axis of the images');
  const kept = x.shape.map((dim, axis) => (axes.has(axis) ? 1 : dim));
  const [y, cotangent] = [outputs[0] as Term, cotangentOf(passage)].map((term) => write.reshaped(term, kept));
  return [adjoint({ write, x, y: y as Term, cotangent: cotangent as Term, axes: [...axes] })];
}

function axesOf(node: Operation, rank: number): ReadonlySet<number> {
  return new Set(listOf(node, 'axes').map((axis) => axisOf(node, axis, rank)));
}

function outputShape(node: Operation, x: Shape): Shape {
  const axes = axesOf(node, x.length);
  return numberOf(node, 'keepdims') === 1
    ? x.map((dim, axis) => (axes.has(axis) ? 1 : dim))
    : x.filter((_, axis) => !axes.has(axis));
}

const beforeSpace = (axes: ReadonlySet<number>): boolean => axes.has(0) || axes.has(1);

/** One number for all elements along `axes`, gathered in float64 in the order of the input. */
export function reduction(definition: Reduction): Operator {
  return {
    role: (node, inputs) => (beforeSpace(axesOf(node, shapeAt(node, inputs, 0).length)) ? 'other' : 'pooling'),
    arithmetic: 'statistic',
    rectifies: () => definition.rectifies ?? false,
    infer: (node, inputs) => [outputShape(node, shapeAt(node, inputs, 0))],
    macs: () => 0,
    adjoint: (passage) => adjointOf(passage, definition.adjoint),
    channels: (node, inputs, outputs) =>
      beforeSpace(axesOf(node, shapeAt(node, inputs, 0).length)) ? 'mixed' : ownChannels(outputs[0]),
    window(node, inputs) {
      const rank = shapeAt(node, inputs, 0).length;
      return [...axesOf(node, rank)].some((axis) => axis > 1) ? 'global' : undefined;
    },
    emit(node, opset) {
      const [axes, keepdims] = [listOf(node, 'axes'), numberOf(node, 'keepdims')];
      if (opset < definition.axesInput) return { opType: node.op, attributes: { axes, keepdims } };
      const listed = tensor('int64', [axes.length], BigInt64Array.from(axes, BigInt));
      return { opType: node.op, attributes: { keepdims }, constants: [listed] };
    },
    evaluate(node, inputs) {
      const x = floatsAt(node, inputs, 0);
      const axes = axesOf(node, x.shape.length);
      const kept = x.shape.map((dim, axis) => (axes.has(axis) ? 1 : dim));
      const strides = stridesOf(kept).map((stride, axis) => (axes.has(axis) ? 0 : stride));
      const to = indices(x.shape, strides);
      const totals = new Float64Array(kept.reduce((product, dim) => product * dim, 1)).fill(definition.start);
      for (let i = 0; i < to.length; i++) {
        const place = to[i] as number;
        totals[place] = definition.combine(totals[place] as number, x.data[i] as number);
      }
      const count = x.data.length / totals.length;
      return [
        float32(
          outputShape(node, x.shape),
          Float32Array.from(totals, (total) => definition.finish(total, count)),
        ),
      ];
    },
  };
}
