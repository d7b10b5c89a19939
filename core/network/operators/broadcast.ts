import { float32, type Tensor } from '../../tensor.js';
import { DYNAMIC, type Operation, type Shape } from '../operation.js';
import { floatsAt, invalidNode, printShape, shapeAt } from './attribute.js';
import { indices, stridesOf } from './layout.js';
import type { Arithmetic, ChannelSource, ChannelSources, NodeInputs, Operator, Range, Role } from './operator.js';
import { anything } from './range.js';
import { cotangentOf, inputAt, type Passage, type Term, type TermWriter } from './term.js';

/** Where the derivative of a function of two is taken, what the function is there, and the cotangent of that. */
export interface SlopeOfTwo {
  readonly write: TermWriter;
  readonly a: Term;
  readonly b: Term;
  readonly y: Term;
  readonly cotangent: Term;
}

/** The shape that all broadcast to, by NumPy's rules; undefined if there is none. An open dimension yields to a known one above 1. */
export function broadcastShape(shapes: readonly Shape[]): Shape | undefined {
  const rank = Math.max(...shapes.map((shape) => shape.length));
  const result: number[] = [];
  for (let axis = 0; axis < rank; axis++) {
    const dims = shapes.map((shape) => shape[axis - rank + shape.length] ?? 1);
    const known = new Set(dims.filter((dim) => dim !== 1 && dim !== DYNAMIC));
    if (known.size > 1) return undefined;
    const [dim] = known;
    result.push(dim ?? (dims.includes(DYNAMIC) ? DYNAMIC : 1));
  }
  return result;
}

/** Where each element of `to` is read from in an array of `shape` that is broadcast to it. */
export function broadcastIndices(shape: Shape, to: Shape): Int32Array {
  const own = stridesOf(shape);
  const lead = to.length - shape.length;
  return indices(
    to,
    to.map((_, axis) => (axis < lead || shape[axis - lead] === 1 ? 0 : (own[axis - lead] as number))),
  );
}

/** Channel sources of an elementwise operator: what each of its inputs brings to each channel. */
export function joinedChannels(node: Operation, inputs: NodeInputs, output: Shape | undefined): ChannelSources {
  const count = output?.[1];
  if (output === undefined || count === undefined || count === DYNAMIC) return 'mixed';
  const activations = node.inputs.flatMap((_, input) => {
    const shape = inputs.shapes[input];
    return shape !== undefined && inputs.constants[input] === undefined ? [{ input, shape }] : [];
  });
  if (activations.some(({ shape }) => shape.length !== output.length || shape[1] !== count)) return 'mixed';
  return Array.from({ length: count }, (_, channel) =>
    activations.map(({ input }): ChannelSource => ({ input, channel })),
  );
}

interface BinaryDefinition {
  /** What it is if one operand is a constant that does not enlarge the other, and if none is. */
  readonly withConstant: Role;
  readonly withActivation: Role;
  readonly arithmetic: Arithmetic;
  /** Between which numbers the result lies; `alike`: both operands are one value. */
  range(a: Range, b: Range, alike: boolean): Range;
  /** The cotangents of both operands, before what was broadcast is summed. */
  readonly adjoint: readonly [(at: SlopeOfTwo) => Term, (at: SlopeOfTwo) => Term];
  apply(a: number, b: number): number;
}

/** The shape to which a node's two operands broadcast. @throws PercussError MODEL_INVALID naming the node. */
export function outputShape(node: Operation, inputs: NodeInputs): Shape {
  const [a, b] = [shapeAt(node, inputs, 0), shapeAt(node, inputs, 1)];
  const shape = broadcastShape([a, b]);
  if (shape === undefined) throw invalidNode(node, `shapes ${printShape(a)} and ${printShape(b)} do not broadcast`);
  return shape;
}

/** An elementwise operator of two float32 operands with NumPy broadcasting. */
export function binary(definition: BinaryDefinition): Operator {
  return {
    role(node, inputs) {
      const constants = [0, 1].filter((index) => inputs.constants[index] !== undefined);
      if (constants.length === 0) return definition.withActivation;
      if (constants.length === 2) return 'other';
      const activation = shapeAt(node, inputs, constants[0] === 0 ? 1 : 0);
      return printShape(activation) === printShape(outputShape(node, inputs)) ? definition.withConstant : 'other';
    },
    rectifies: () => false,
    range: (node, [a = anything, b = anything]) => definition.range(a, b, node.inputs[0] === node.inputs[1]),
    arithmetic: definition.arithmetic,
    infer: (node, inputs) => [outputShape(node, inputs)],
    macs: () => 0,
    adjoint: (passage) => operandsBack(passage, definition.adjoint),
    channels: (node, inputs, outputs) => joinedChannels(node, inputs, outputs[0]),
    emit: (node) => ({ opType: node.op, attributes: {} }),
    evaluate(node, inputs) {
      const [a, b] = [floatsAt(node, inputs, 0), floatsAt(node, inputs, 1)];
      return [combine(node, a, b, definition.apply)];
    },
  };
}

function operandsBack(passage: Passage, adjoint: BinaryDefinition['adjoint']): readonly (Term | undefined)[] {
  const { write, outputs, wanted } = passage;
  const [a, b] = [inputAt(passage, 0), inputAt(passage, 1)];
  const at = { write, a, b, y: outputs[0] as Term, cotangent: cotangentOf(passage) };
  return [a, b].map((operand, index) => {
    const back = adjoint[index];
    return wanted[index] === true && back ? write.gathered(back(at), operand.shape) : undefined;
  });
}

function combine(
  node: Operation,
  a: Tensor<'float32'>,
  b: Tensor<'float32'>,
  apply: (a: number, b: number) => number,
): Tensor {
  const shape = broadcastShape([a.shape, b.shape]);
  if (shape === undefined) {
    throw invalidNode(node, `shapes ${printShape(a.shape)} and ${printShape(b.shape)} do not broadcast`);
  }
  const [fromA, fromB] = [broadcastIndices(a.shape, shape), broadcastIndices(b.shape, shape)];
  const result = new Float32Array(fromA.length);
  for (let i = 0; i < result.length; i++) {
    result[i] = apply(a.data[fromA[i] as number] as number, b.data[fromB[i] as number] as number);
  }
  return float32(shape, result);
}
