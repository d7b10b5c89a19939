import { float32 } from '../../tensor.js';
import { axisOf, floatsAt, numberOf, shapeAt } from './attribute.js';
import { elementsPerImage } from './layout.js';
import type { Operator } from './operator.js';
import { cotangentOf, inputAt, NoAdjoint, type Term, type TermWriter } from './term.js';

/** A normalisation of each line along `axis`, from its largest element and Σ exp(x − largest). */
export function lineNormaliser(
  finish: (x: number, largest: number, sum: number) => number,
  positive: boolean,
  /** The cotangent of x, from y and that of y; `sum` is along the line. */
  adjoint: (write: TermWriter, y: Term, cotangent: Term, sum: (term: Term) => Term) => Term,
): Operator {
  return {
    role: () => 'other',
    rectifies: () => positive,
    infer(node, inputs) {
      const x = shapeAt(node, inputs, 0);
      axisOf(node, numberOf(node, 'axis'), x.length);
      return [x];
    },
    macs: () => 0,
    adjoint(passage) {
      const { node, write, outputs } = passage;
      const axis = axisOf(node, numberOf(node, 'axis'), inputAt(passage, 0).shape.length);
      if (axis === 0) throw new NoAdjoint('it compares images with one another');
      return [adjoint(write, outputs[0] as Term, cotangentOf(passage), (term) => write.sum(term, [axis]))];
    },
    channels: () => 'mixed',
    imagesMeet: (node, inputs, _, images) =>
      axisOf(node, numberOf(node, 'axis'), shapeAt(node, inputs, 0).length) === images,
    window: (node, inputs) =>
      axisOf(node, numberOf(node, 'axis'), shapeAt(node, inputs, 0).length) > 1 ? 'global' : undefined,
    emit: (node) => ({ opType: node.op, attributes: { axis: numberOf(node, 'axis') } }),
    evaluate(node, inputs) {
      const x = floatsAt(node, inputs, 0);
      const axis = axisOf(node, numberOf(node, 'axis'), x.shape.length);
      const length = x.shape[axis] as number;
      const step = elementsPerImage(x.shape.slice(axis + 1));
      const result = new Float32Array(x.data.length);
      for (let outer = 0; outer < x.data.length; outer += length * step) {
        for (let line = outer; line < outer + step; line++) {
          let largest = -Infinity;
          for (let i = line; i < line + length * step; i += step) largest = Math.max(largest, x.data[i] as number);
          let sum = 0;
          for (let i = line; i < line + length * step; i += step) sum += Math.exp((x.data[i] as number) - largest);
          for (let i = line; i < line + length * step; i += step) result[i] = finish(x.data[i] as number, largest, sum);
        }
      }
      return [float32(x.shape, result)];
    },
  };
}

/** exp(x) / Σ exp(x) along one axis. */
export const softmax = lineNormaliser(
  (x, largest, sum) => Math.exp(x - largest) / sum,
  true,
  (write, y, cotangent, sum) => write.multiply(y, write.subtract(cotangent, sum(write.multiply(cotangent, y)))),
);
