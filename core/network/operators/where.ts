import { zeros } from '../../tensor.js';
import { invalidNode, printShape, shapeAt, tensorAt } from './attribute.js';
import { broadcastIndices, broadcastShape, joinedChannels } from './broadcast.js';
import { picked, place } from './layout.js';
import type { NodeInputs, Operator } from './operator.js';
import { cotangentOf, inputAt, type Term } from './term.js';
import { anything, sharedRange, unionRange } from './range.js';
import type { Operation, Shape } from '../operation.js';

function outputShape(node: Operation, inputs: NodeInputs): Shape {
  const shapes = [0, 1, 2].map((index) => shapeAt(node, inputs, index));
  const shape = broadcastShape(shapes);
  if (shape === undefined) throw invalidNode(node, `shapes ${shapes.map(printShape).join(', ')} do not broadcast`);
  return shape;
}

/** condition ? x : y, elementwise with broadcasting of all three; what is not chosen is not touched, so ∞ does no harm. */
export const where: Operator = {
  role: () => 'choice',
  rectifies: () => false,
  types: ([condition, x, y]) => (condition === 'bool' && x === 'float32' && y === 'float32' ? 'float32' : undefined),
  range({ inputs }, [condition, x = anything, y = anything]) {
    const implied = condition?.implied;
    return unionRange(
      implied && implied.value === inputs[1] ? sharedRange(x, implied.where) : x,
      implied && implied.value === inputs[2] ? sharedRange(y, implied.elsewhere) : y,
    );
  },
  infer: (node, inputs) => [outputShape(node, inputs)],
  macs: () => 0,
  adjoint(passage) {
    const { write, wanted } = passage;
    const [condition, x, y] = [0, 1, 2].map((index) => inputAt(passage, index)) as [Term, Term, Term];
    const [cotangent, nothing] = [cotangentOf(passage), write.number(0)];
    return [
      undefined,
      wanted[1] === true ? write.gathered(write.choose(condition, cotangent, nothing), x.shape) : undefined,
      wanted[2] === true ? write.gathered(write.choose(condition, nothing, cotangent), y.shape) : undefined,
    ];
  },
  channels: (node, inputs, outputs) => joinedChannels(node, inputs, outputs[0]),
  emit: () => ({ opType: 'Where', attributes: {} }),
  evaluate(node, inputs) {
    const [condition, x, y] = [tensorAt(node, inputs, 0), tensorAt(node, inputs, 1), tensorAt(node, inputs, 2)];
    if (condition.dtype !== 'bool') throw invalidNode(node, `the condition must be bool, got ${condition.dtype}`);
    if (x.dtype !== y.dtype) throw invalidNode(node, `cannot choose between ${x.dtype} and ${y.dtype}`);
    const shape = outputShape(node, { shapes: inputs.map((t) => t?.shape), constants: inputs });
    const result = zeros(x.dtype, shape);
    const at = broadcastIndices(condition.shape, shape);
    const [chosen, other] = [
      picked(x, shape, broadcastIndices(x.shape, shape)),
      picked(y, shape, broadcastIndices(y.shape, shape)),
    ];
    const everywhere = Int32Array.from(at, (_, i) => i);
    place(other, result, everywhere);
    const kept = everywhere.filter((i) => condition.data[at[i] as number] === 1);
    place(picked(chosen, [kept.length], kept), result, kept);
    return [result];
  },
};
