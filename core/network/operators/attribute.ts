import { PercussError } from '../../errors.js';
import type { Tensor } from '../../tensor.js';
import { DYNAMIC, type Operation, type Shape } from '../operation.js';
import type { NodeInputs } from './operator.js';

/** Of windows, their steps and pads: what engines hold in 32 bits. */
const largest = 2 ** 31 - 1;

/** A complaint about one node, naming it. */
export function invalidNode(node: Operation, complaint: string): PercussError {
  const name = node.path === node.id ? node.id : `${node.path} (${node.id})`;
  return new PercussError('MODEL_INVALID', `${node.op} "${name}": ${complaint}`, {
    details: { node: node.id, operator: node.op },
  });
}

/** A number among the attributes. @throws PercussError MODEL_INVALID naming the node. */
export function numberOf(node: Operation, name: string): number {
  const value = node.attributes[name];
  if (typeof value !== 'number') throw invalidNode(node, `the attribute ${name} must be a number`);
  return value;
}

/** A list of numbers among the attributes. @throws PercussError MODEL_INVALID naming the node. */
export function listOf(node: Operation, name: string): readonly number[] {
  const value = node.attributes[name];
  if (typeof value !== 'object') throw invalidNode(node, `the attribute ${name} must be a list of numbers`);
  return value;
}

/** Two whole numbers of at least 1: rows, columns. @throws PercussError MODEL_INVALID naming the node. */
export function pairOf(node: Operation, name: string): readonly [number, number] {
  const [first, second, ...rest] = listOf(node, name);
  if (first === undefined || second === undefined || rest.length > 0) {
    throw invalidNode(node, `the attribute ${name} must have two numbers, for rows and columns`);
  }
  if (![first, second].every((number) => Number.isInteger(number) && number >= 1 && number <= largest)) {
    throw invalidNode(node, `the attribute ${name} must be whole numbers of at least 1, got ${first}, ${second}`);
  }
  return [first, second];
}

/** Four pads: top, left, bottom, right. @throws PercussError MODEL_INVALID naming the node. */
export function padsOf(node: Operation): readonly [number, number, number, number] {
  const [top, left, bottom, right, ...rest] = listOf(node, 'pads');
  if (
    top === undefined ||
    left === undefined ||
    bottom === undefined ||
    right === undefined ||
    rest.length > 0 ||
    ![top, left, bottom, right].every((pad) => Number.isInteger(pad) && pad >= 0 && pad <= largest)
  ) {
    throw invalidNode(node, 'the attribute pads must have four non-negative numbers: top, left, bottom, right');
  }
  return [top, left, bottom, right];
}

/** The shape of an input that must be there. @throws PercussError MODEL_INVALID naming the node. */
export function shapeAt(node: Operation, inputs: NodeInputs, index: number): Shape {
  const shape = inputs.shapes[index];
  if (shape === undefined) throw invalidNode(node, `input ${index} is missing`);
  return shape;
}

/** An NCHW shape. @throws PercussError MODEL_INVALID naming the node. */
export function imageShapeAt(
  node: Operation,
  inputs: NodeInputs,
  index: number,
): readonly [number, number, number, number] {
  const [images, channels, height, width, ...rest] = shapeAt(node, inputs, index);
  if (
    images === undefined ||
    channels === undefined ||
    height === undefined ||
    width === undefined ||
    rest.length > 0
  ) {
    throw invalidNode(
      node,
      `input ${index} must be [images, channels, height, width], got ${printShape(inputs.shapes[index])}`,
    );
  }
  return [images, channels, height, width];
}

/** An axis counted from the front. @throws PercussError MODEL_INVALID naming the node. */
export function axisOf(node: Operation, axis: number, rank: number): number {
  const positive = axis < 0 ? axis + rank : axis;
  if (positive < 0 || positive >= rank) throw invalidNode(node, `axis ${axis} does not exist in ${rank} dimensions`);
  return positive;
}

/** Tensor number `index` of an evaluation. @throws PercussError MODEL_INVALID naming the node. */
export function tensorAt(node: Operation, inputs: readonly (Tensor | undefined)[], index: number): Tensor {
  const found = inputs[index];
  if (found === undefined) throw invalidNode(node, `input ${index} is missing`);
  return found;
}

/** A float32 tensor of an evaluation. @throws PercussError MODEL_INVALID naming the node. */
export function floatsAt(node: Operation, inputs: readonly (Tensor | undefined)[], index: number): Tensor<'float32'> {
  const found = tensorAt(node, inputs, index);
  if (!isFloat32(found)) throw invalidNode(node, `input ${index} must be float32, got ${found.dtype}`);
  return found;
}

export function isFloat32(t: Tensor): t is Tensor<'float32'> {
  return t.dtype === 'float32';
}

/** A shape for people: `[?, 3, 32, 32]`. */
export function printShape(shape: Shape | undefined): string {
  return shape === undefined ? '(none)' : `[${shape.map((dim) => (dim === DYNAMIC ? '?' : dim)).join(', ')}]`;
}

/** The shapes and constants of tensors that are all at hand, so that `infer` can serve `evaluate`. */
export function inputsOf(tensors: readonly (Tensor | undefined)[]): NodeInputs {
  return { shapes: tensors.map((t) => t?.shape), constants: tensors };
}
