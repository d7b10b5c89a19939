import { tensor } from '../../tensor.js';
import { inputsOf, invalidNode, tensorAt } from './attribute.js';
import { broadcastIndices, joinedChannels, outputShape } from './broadcast.js';
import type { ElementType, Operator, Range } from './operator.js';
import type { Operation } from '../operation.js';

interface TruthDefinition {
  types(inputs: readonly ElementType[]): ElementType | undefined;
  range?(node: Operation, a: Range, b: Range): Range;
  holds(a: number, b: number): boolean;
}

const truth: Range = { low: 0, high: 1 };

/** An elementwise operator of two operands with NumPy broadcasting whose results are truth values. */
export function truthOfTwo(definition: TruthDefinition): Operator {
  return {
    role: () => 'choice',
    rectifies: () => true,
    range: (node, [a, b]) => (a && b && definition.range?.(node, a, b)) ?? truth,
    types: (inputs) => definition.types(inputs),
    infer: (node, inputs) => [outputShape(node, inputs)],
    macs: () => 0,
    adjoint: { nothing: 'it gives truth values' },
    channels: (node, inputs, outputs) => joinedChannels(node, inputs, outputs[0]),
    emit: (node) => ({ opType: node.op, attributes: {} }),
    evaluate(node, inputs) {
      const [a, b] = [tensorAt(node, inputs, 0), tensorAt(node, inputs, 1)];
      if (a.dtype !== b.dtype) throw invalidNode(node, `cannot compare ${a.dtype} with ${b.dtype}`);
      const shape = outputShape(node, inputsOf(inputs));
      const [fromA, fromB] = [broadcastIndices(a.shape, shape), broadcastIndices(b.shape, shape)];
      const result = new Uint8Array(fromA.length);
      for (let i = 0; i < result.length; i++) {
        result[i] = definition.holds(Number(a.data[fromA[i] as number]), Number(b.data[fromB[i] as number])) ? 1 : 0;
      }
      return [tensor('bool', shape, result)];
    },
  };
}

const ofNumbers = (inputs: readonly ElementType[]): ElementType | undefined =>
  inputs.every((type) => type === 'float32') ? 'bool' : undefined;

const ofTruths = (inputs: readonly ElementType[]): ElementType | undefined =>
  inputs.every((type) => type === 'bool') ? 'bool' : undefined;

const atLeast = (x: Range, low: number): Range => ({ low: Math.max(x.low, low), high: x.high });
const atMost = (x: Range, high: number): Range => ({ low: x.low, high: Math.min(x.high, high) });

/** Both ways round, what a comparison says of the value it compares: of the first where that varies, else of the second. */
const ordered =
  (sense: 'greater' | 'less') =>
  (node: Operation, a: Range, b: Range): Range => {
    const [first, second] = node.inputs;
    const constant = a.low === a.high;
    const [value, x, other] = constant ? [second, b, a] : [first, a, b];
    const above = atLeast(x, other.low);
    const below = atMost(x, other.high);
    const greater = (sense === 'greater') !== constant;
    const implied = { value: value as string, where: greater ? above : below, elsewhere: greater ? below : above };
    return { ...truth, implied };
  };

/** Comparisons of numbers; NaN is neither above nor below nor equal. */
export const greater = truthOfTwo({ types: ofNumbers, range: ordered('greater'), holds: (a, b) => a > b });
export const greaterOrEqual = truthOfTwo({ types: ofNumbers, range: ordered('greater'), holds: (a, b) => a >= b });
export const less = truthOfTwo({ types: ofNumbers, range: ordered('less'), holds: (a, b) => a < b });
export const lessOrEqual = truthOfTwo({ types: ofNumbers, range: ordered('less'), holds: (a, b) => a <= b });

/** Of two numbers, or of two truth values. */
export const equal = truthOfTwo({
  types: (inputs) => ofNumbers(inputs) ?? ofTruths(inputs),
  holds: (a, b) => a === b,
});

export const and = truthOfTwo({ types: ofTruths, holds: (a, b) => a === 1 && b === 1 });
export const or = truthOfTwo({ types: ofTruths, holds: (a, b) => a === 1 || b === 1 });
export const xor = truthOfTwo({ types: ofTruths, holds: (a, b) => a !== b });
