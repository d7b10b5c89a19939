import { expect, test } from 'vitest';
import { openReference } from '../../core/engine/reference.js';
import { evaluateGraph } from '../../core/engine/reference.js';
import { buildGraph, type NodeDraft } from '../../core/network/build.js';
import { float32, type Tensor } from '../../core/tensor.js';
import { numbersOf } from './agreement.js';
import { engineConformance, uncovered } from './conformance.js';

engineConformance('reference', openReference);

test('every operator of the table has a conformance case', () => {
  expect(uncovered()).toEqual([]);
});

function valueOf(
  op: NodeDraft['op'],
  attributes: NonNullable<NodeDraft['attributes']>,
  x: Tensor,
  ...constants: Tensor[]
): Tensor {
  const fixed = constants.map((t, i) => [`c${i}`, t] as const);
  const graph = buildGraph({
    name: op,
    inputs: [{ id: 'x', shape: x.shape, dtype: 'float32' }],
    outputs: ['y'],
    nodes: [{ id: 'n', op, inputs: ['x', ...fixed.map(([id]) => id)], outputs: ['y'], attributes }],
    constants: new Map(fixed),
  });
  return evaluateGraph(graph, new Map([['x', x]])).get('y') as Tensor;
}

const windowed = { strides: [1, 1], pads: [0, 0, 0, 0], dilations: [1, 1] };

test('a convolution is a cross-correlation: the kernel is not turned round', () => {
  const impulse = float32([1, 1, 3, 3], [0, 0, 0, 0, 1, 0, 0, 0, 0]);
  const kernel = float32([1, 1, 3, 3], [1, 2, 3, 4, 5, 6, 7, 8, 9]);
  const response = valueOf('Conv', { ...windowed, pads: [1, 1, 1, 1], group: 1 }, impulse, kernel);
  expect(numbersOf(response)).toEqual([9, 8, 7, 6, 5, 4, 3, 2, 1]);
});

test('sums run in float64: a small term survives between two large ones that cancel', () => {
  const x = float32([1, 3, 1, 1], [2 ** 30, 1, -(2 ** 30)]);
  const ones = float32([1, 3, 1, 1], [1, 1, 1]);
  expect(numbersOf(valueOf('Conv', { ...windowed, group: 1 }, x, ones))).toEqual([1]);
});

test('an average pool divides by the pixels under its window, or by its places in the padded image', () => {
  const x = float32([1, 1, 2, 2], [1, 2, 3, 4]);
  const pool = { ...windowed, kernel_shape: [2, 2], pads: [1, 1, 0, 0], ceil_mode: 0 };
  expect(numbersOf(valueOf('AveragePool', { ...pool, count_include_pad: 0 }, x))).toEqual([1, 1.5, 2, 2.5]);
  expect(numbersOf(valueOf('AveragePool', { ...pool, count_include_pad: 1 }, x))).toEqual([0.25, 0.75, 1, 2.5]);
});

test('batch normalisation of its own statistics gives mean 0 and variance 1', () => {
  const x = float32([4, 1], [1, 2, 3, 4]);
  const one = float32([1], [1]);
  const y = numbersOf(
    valueOf('BatchNormalization', { epsilon: 0 }, x, one, float32([1], [0]), float32([1], [2.5]), float32([1], [1.25])),
  );
  expect(y.reduce((a, b) => a + b, 0)).toBeCloseTo(0, 6);
  expect(y.reduce((a, b) => a + b * b, 0) / 4).toBeCloseTo(1, 6);
});

test('a softmax of equal logits is uniform, however large they are', () => {
  expect(numbersOf(valueOf('Softmax', { axis: 1 }, float32([1, 4], [1e4, 1e4, 1e4, 1e4])))).toEqual([
    0.25, 0.25, 0.25, 0.25,
  ]);
});
