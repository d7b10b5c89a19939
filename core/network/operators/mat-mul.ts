import { float32, sizeOf, type Tensor } from '../../tensor.js';
import { DYNAMIC, type Operation, type Shape } from '../operation.js';
import { floatsAt, inputsOf, invalidNode, printShape, shapeAt } from './attribute.js';
import { broadcastIndices, broadcastShape } from './broadcast.js';
import { elementsPerImage } from './layout.js';
import { along } from './narrow.js';
import type { NodeInputs, Operator } from './operator.js';
import { cotangentOf, inputAt, NoAdjoint, type Term, type TermWriter } from './term.js';

function outputShape(node: Operation, inputs: NodeInputs): Shape {
  const [a, b] = [shapeAt(node, inputs, 0), shapeAt(node, inputs, 1)];
  const stacks = broadcastShape([a.slice(0, -2), b.slice(0, -2)]);
  const [inner, same] = [a.at(-1), b.at(-2)];
  const fits = inner === same || inner === DYNAMIC || same === DYNAMIC;
  if (a.length < 2 || b.length < 2 || stacks === undefined || !fits) {
    throw invalidNode(node, `cannot multiply ${printShape(a)} by ${printShape(b)}`);
  }
  return [...stacks, a.at(-2) as number, b.at(-1) as number];
}

function matrixTurned(write: TermWriter, matrix: Tensor<'float32'>): Term {
  const { shape, data } = matrix;
  const [rows, columns] = shape.slice(-2) as [number, number];
  const result = new Float32Array(data.length);
  for (let start = 0; start < data.length; start += rows * columns) {
    for (let i = 0; i < rows; i++) {
      for (let j = 0; j < columns; j++) result[start + j * rows + i] = data[start + i * columns + j] as number;
    }
  }
  return write.constant([...shape.slice(0, -2), columns, rows], result);
}

/** Matrix product over the last two axes, the leading ones broadcast; summed in float64. */
export const matMul: Operator = {
  role: (_, inputs) => (inputs.constants[1]?.shape.length === 2 ? 'dense' : 'other'),
  rectifies: () => false,
  infer: (node, inputs) => [outputShape(node, inputs)],
  macs: (node, inputs, outputs) =>
    elementsPerImage(outputs[0] as Shape) * Math.abs(shapeAt(node, inputs, 1).at(-2) as number),
  work: (node, inputs, outputs) => sizeOf(outputs[0] as Shape) * (shapeAt(node, inputs, 0).at(-1) as number),
  adjoint(passage) {
    const { write, wanted } = passage;
    const [a, b, cotangent] = [inputAt(passage, 0), inputAt(passage, 1), cotangentOf(passage)];
    const turned = (x: Term): Term => {
      const rank = x.shape.length;
      const constant = x === b ? passage.constants[1] : undefined;
      if (constant) return matrixTurned(write, constant as Tensor<'float32'>);
      return write.transposed(x, [...x.shape.keys()].slice(0, -2).concat(rank - 1, rank - 2));
    };
    if (wanted[1] === true && b.shape.length === 2) throw new NoAdjoint('its second matrix has the images as rows');
    return [
      wanted[0] === true ? write.gathered(write.apply('MatMul', [cotangent, turned(b)]), a.shape) : undefined,
      wanted[1] === true ? write.gathered(write.apply('MatMul', [turned(a), cotangent]), b.shape) : undefined,
    ];
  },
  channels: () => 'mixed',
  narrow: (_, inputs, kept) => ({
    attributes: {},
    constants: new Map([[1, along(along(inputs.constants[1] as Tensor, 0, kept.inputs[0]), 1, kept.outputs[0])]]),
  }),
  readAxis: () => 0,
  window: () => 'global',
  emit: () => ({ opType: 'MatMul', attributes: {} }),
  evaluate(node, inputs) {
    const [a, b] = [floatsAt(node, inputs, 0), floatsAt(node, inputs, 1)];
    const shape = outputShape(node, inputsOf(inputs));
    const [rows, columns] = shape.slice(-2) as [number, number];
    const inner = a.shape.at(-1) as number;
    const stacks = shape.slice(0, -2);
    const [ofA, ofB] = [broadcastIndices(a.shape.slice(0, -2), stacks), broadcastIndices(b.shape.slice(0, -2), stacks)];
    const result = new Float32Array(sizeOf(shape));
    let o = 0;
    for (let stack = 0; stack < ofA.length; stack++) {
      const [startA, startB] = [(ofA[stack] as number) * rows * inner, (ofB[stack] as number) * inner * columns];
      for (let i = 0; i < rows; i++) {
        for (let j = 0; j < columns; j++, o++) {
          let sum = 0;
          for (let k = 0; k < inner; k++) {
            sum += (a.data[startA + i * inner + k] as number) * (b.data[startB + k * columns + j] as number);
          }
          result[o] = sum;
        }
      }
    }
    return [float32(shape, result)];
  },
};
