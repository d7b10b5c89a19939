import { describe, expect, test } from 'vitest';
import { evaluateGraph } from '../../core/engine/reference.js';
import { buildGraph, type NodeDraft } from '../../core/network/build.js';
import { DYNAMIC, type Attribute, type Graph } from '../../core/network/graph.js';
import { emitOnnx } from '../../core/network/emit-onnx.js';
import { importOnnx } from '../../core/import/onnx/import-onnx.js';
import type { OperatorName } from '../../core/network/operators/table.js';
import { float32, sizeOf, type Tensor } from '../../core/tensor.js';

const ramp = (shape: readonly number[]): Tensor<'float32'> =>
  float32(
    shape,
    Float32Array.from({ length: sizeOf(shape) }, (_, i) => ((37 * i) % 101) / 50 - 1),
  );

type Step = (x: string) => readonly NodeDraft[];

const step =
  (op: OperatorName, attributes: Readonly<Record<string, Attribute>> = {}, ...more: readonly string[]): Step =>
  (x) => [{ id: `${op}(${x})`, op, inputs: [x, ...more], outputs: ['y'], attributes }];

/** [N, 4, 5, 6] with channels brought to the end, one step, and the channels brought back. */
function between(nodes: readonly NodeDraft[], back: boolean): Graph {
  return buildGraph({
    name: 'between',
    inputs: [{ id: 'x', shape: [DYNAMIC, 4, 5, 6], dtype: 'float32' }],
    outputs: [back ? 'z' : 'y'],
    nodes: [
      { id: 'last', op: 'Transpose', inputs: ['x'], outputs: ['l'], attributes: { perm: [0, 2, 3, 1] } },
      ...nodes,
      ...(back
        ? [{ id: 'first', op: 'Transpose' as const, inputs: ['y'], outputs: ['z'], attributes: { perm: [0, 3, 1, 2] } }]
        : []),
    ],
    constants: new Map([
      ['list', ramp([4])],
      ['places', ramp([5, 6, 4])],
      ['rows', ramp([5, 1, 1])],
      ['one', ramp([1])],
    ]),
  });
}

const moved: Readonly<Record<string, Step>> = {
  'a number a channel': step('Add', {}, 'list'),
  'a number an element': step('Mul', {}, 'places'),
  'a number a row': step('Sub', {}, 'rows'),
  'one number': step('Div', {}, 'one'),
  slopes: step('PRelu', {}, 'list'),
  'a bounded activation': step('Clip', { min: 0, max: 0.5 }),
  'a softmax over channels': step('Softmax', { axis: 3 }),
  padding: step('Pad', { mode: 'constant', pads: [0, 1, 2, 3, 0, 0, 1, 2], value: 0.5 }),
  'a part': step('Slice', { starts: [1, 0], ends: [4, 3], axes: [1, 3], steps: [2, 1] }),
  'chosen channels': step('Gather', { axis: 3, indices: [3, 0, 1] }),
  'means over the map': step('ReduceMean', { axes: [1, 2], keepdims: 1 }),
  'the largest over channels': step('ReduceMax', { axes: [3], keepdims: 1 }),
  'a concatenation with itself': (x) => [
    { id: 'a', op: 'Relu', inputs: [x], outputs: ['a'] },
    { id: 'c', op: 'Concat', inputs: [x, 'a'], outputs: ['y'], attributes: { axis: 3 } },
  ],
  'halves that change places': (x) => [
    { id: 's', op: 'Split', inputs: [x], outputs: ['a', 'b'], attributes: { axis: 3, split: [1, 3] } },
    { id: 'c', op: 'Concat', inputs: ['b', 'a'], outputs: ['y'], attributes: { axis: 3 } },
  ],
  'a gate': (x) => [
    { id: 'm', op: 'ReduceMean', inputs: [x], outputs: ['m'], attributes: { axes: [1, 2], keepdims: 0 } },
    { id: 'r', op: 'Reshape', inputs: ['m'], outputs: ['r'], attributes: { shape: [0, 1, 1, 4] } },
    { id: 'g', op: 'Mul', inputs: [x, 'r'], outputs: ['y'] },
  ],
};

function same(graph: Graph): Graph {
  const read = importOnnx(graph.name, emitOnnx(graph));
  const feeds = new Map([['x', ramp([2, 4, 5, 6])]]);
  const [expected, got] = [graph, read].map((network) => [...evaluateGraph(network, feeds).values()][0] as Tensor);
  expect(got).toEqual(expected);
  return read;
}

describe('between a Transpose that brings channels to the end and one that brings them back', () => {
  test.each(Object.entries(moved))('%s is computed with channels at axis 1', (_, make) => {
    expect(same(between(make('l'), true)).nodes.filter(({ op }) => op === 'Transpose')).toEqual([]);
  });

  test.each(Object.entries(moved))('%s, and channels stay at the end: the same numbers, one Transpose', (_, make) => {
    const read = same(between(make('l'), false));
    expect(read.nodes.filter(({ op }) => op === 'Transpose')).toHaveLength(1);
    expect(read.outputs).toEqual(['y']);
  });

  test('images that are scaled before their channels are brought to the front are so behind their Transpose', () => {
    const graph = buildGraph({
      name: 'prepared',
      inputs: [{ id: 'x', shape: [DYNAMIC, 4, 5, 6], dtype: 'float32' }],
      outputs: ['z'],
      nodes: [
        { id: 'scale', op: 'Mul', inputs: ['x', 'scale'], outputs: ['s'] },
        { id: 'centre', op: 'Sub', inputs: ['s', 'mean'], outputs: ['y'] },
        { id: 'first', op: 'Transpose', inputs: ['y'], outputs: ['z'], attributes: { perm: [0, 3, 1, 2] } },
      ],
      constants: new Map([
        ['scale', ramp([1])],
        ['mean', ramp([6])],
      ]),
    });
    expect(same(graph).nodes.map(({ op }) => op)).toEqual(['Transpose', 'Mul', 'Sub']);
  });

  test('what mixes places or works along the end stays as it is', () => {
    const normalised = between(step('LayerNormalization', { axis: 3, epsilon: 1e-5 }, 'list')('l'), true);
    expect(same(normalised).nodes.map(({ op }) => op)).toEqual(['Transpose', 'LayerNormalization', 'Transpose']);
    const flat = between(step('Reshape', { shape: [0, 30, 4] })('l'), false);
    expect(same(flat).nodes.map(({ op }) => op)).toEqual(['Transpose', 'Reshape']);
  });
});
