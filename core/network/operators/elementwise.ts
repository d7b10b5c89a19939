import { float32 } from '../../tensor.js';
import type { Operation } from '../operation.js';
import { floatsAt, numberOf, shapeAt } from './attribute.js';
import { ownChannels } from './layout.js';
import type { Arithmetic, Operator, Range } from './operator.js';
import { anything } from './range.js';
import { cotangentOf, inputAt, type Adjoint, type Term, type TermWriter } from './term.js';

/** Of a function: where its derivative is taken, x, and what the function is there, y. */
export interface Slope {
  readonly node: Operation;
  readonly write: TermWriter;
  readonly x: Term;
  readonly y: Term;
}

/** The derivative of a function at each element; or why it is 0 wherever there is one. */
export type Derivative = ((at: Slope) => Term) | { readonly nothing: string };

function adjointOf(derivative: Derivative): Adjoint {
  if (typeof derivative !== 'function') return derivative;
  return (passage) => {
    const { node, write, outputs } = passage;
    const slope = derivative({ node, write, x: inputAt(passage, 0), y: outputs[0] as Term });
    return [write.multiply(cotangentOf(passage), slope)];
  };
}

interface UnaryDefinition {
  /** Names of its attributes, all numbers. */
  readonly attributes?: readonly string[];
  rectifies(node: Operation): boolean;
  /** Whether numbers that are not negative stay so; by default they do. */
  keepsSign?(node: Operation): boolean;
  /** Whether a larger number never gives a smaller one: the ends of what comes in are then the ends of what goes out. */
  readonly rises?: boolean;
  /** Between which numbers all its results lie, where it does not rise. */
  readonly within?: Range;
  readonly arithmetic?: Arithmetic;
  readonly since?: number;
  readonly derivative: Derivative;
  /** The function, for the attributes of one node. */
  at(node: Operation): (x: number) => number;
}

/** An activation function: float32 in, float32 of the same shape out. */
export function unary(definition: UnaryDefinition): Operator {
  const between = (node: Operation, { low, high }: Range): Range => {
    const apply = definition.at(node);
    const ends = { low: apply(low), high: apply(high) };
    return Number.isNaN(ends.low) || Number.isNaN(ends.high) ? anything : ends;
  };
  return {
    role: () => 'activation',
    ...(definition.since === undefined ? {} : { since: definition.since }),
    rectifies: (node) => definition.rectifies(node),
    keepsSign: (node) => definition.keepsSign?.(node) ?? true,
    ...(definition.arithmetic === undefined ? {} : { arithmetic: definition.arithmetic }),
    ...(definition.rises === true ? { range: (node, [x = anything]) => between(node, x) } : {}),
    ...(definition.within === undefined ? {} : { range: () => definition.within as Range }),
    infer: (node, inputs) => [shapeAt(node, inputs, 0)],
    macs: () => 0,
    adjoint: adjointOf(definition.derivative),
    channels: (_, __, outputs) => ownChannels(outputs[0]),
    emit: (node) => ({
      opType: node.op,
      attributes: Object.fromEntries((definition.attributes ?? []).map((name) => [name, numberOf(node, name)])),
    }),
    evaluate(node, inputs) {
      const x = floatsAt(node, inputs, 0);
      const result = new Float32Array(x.data.length);
      const apply = definition.at(node);
      for (let i = 0; i < result.length; i++) result[i] = apply(x.data[i] as number);
      return [float32(x.shape, result)];
    },
  };
}
