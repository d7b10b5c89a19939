import type { Operation, Shape } from '../operation.js';
import { axisOf, invalidNode, listOf, shapeAt, tensorAt } from './attribute.js';
import { alike, indices, ownChannels, picked, stridesOf } from './layout.js';
import type { Operator } from './operator.js';
import { cotangentOf, inputAt, NoAdjoint } from './term.js';

function permutationOf(node: Operation, rank: number): readonly number[] {
  const permutation = listOf(node, 'perm').map((axis) => axisOf(node, axis, rank));
  if (permutation.length !== rank || new Set(permutation).size !== rank)
    throw invalidNode(node, `perm must name each of ${rank} axes once`);
  return permutation;
}

/** Axis i of the result is axis perm[i] of the input. */
export const transpose: Operator = {
  role: () => 'layout',
  passesSums: () => true,
  arithmetic: 'transpose',
  rectifies: () => false,
  infer(node, inputs) {
    const x = shapeAt(node, inputs, 0);
    return [permutationOf(node, x.length).map((axis) => x[axis] as number)];
  },
  types: alike,
  macs: () => 0,
  adjoint(passage) {
    const perm = permutationOf(passage.node, inputAt(passage, 0).shape.length);
    if (perm[0] !== 0) throw new NoAdjoint('it moves the axis of the images');
    return [
      passage.write.transposed(
        cotangentOf(passage),
        perm.map((_, axis) => perm.indexOf(axis)),
      ),
    ];
  },
  channels(node, inputs, outputs) {
    const permutation = permutationOf(node, shapeAt(node, inputs, 0).length);
    return permutation[0] === 0 && permutation[1] === 1 ? ownChannels(outputs[0]) : 'mixed';
  },
  axisBehind: (node, axis) => listOf(node, 'perm').indexOf(axis),
  emit: (node) => ({ opType: 'Transpose', attributes: { perm: listOf(node, 'perm') } }),
  evaluate(node, inputs) {
    const x = tensorAt(node, inputs, 0);
    const [permutation, strides] = [permutationOf(node, x.shape.length), stridesOf(x.shape)];
    const shape: Shape = permutation.map((axis) => x.shape[axis] as number);
    return [
      picked(
        x,
        shape,
        indices(
          shape,
          permutation.map((axis) => strides[axis] as number),
        ),
      ),
    ];
  },
};
