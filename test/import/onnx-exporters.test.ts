import { describe, expect, test } from 'vitest';
import { float32 } from '../../core/tensor.js';
import { type OnnxModel, floats, integers, opsOf, read, valueOf } from '../builders/onnx-model.js';

describe('names', () => {
  const named = (nodes: readonly { name: string; weights: string; metadata?: Record<string, string> }[]): string[] => {
    const graph = read({
      inputs: { v0: ['n', 1, 4, 4] },
      outputs: [`v${nodes.length}`],
      initialisers: nodes.map(({ weights }) => floats(weights, [1, 1, 1, 1])),
      nodes: nodes.map(({ name, weights, metadata = {} }, i) => ({
        op: 'Conv',
        name,
        inputs: [`v${i}`, weights],
        outputs: [`v${i + 1}`],
        metadata,
      })),
    });
    return graph.nodes.map((node) => node.path);
  };

  test('come from the scopes of PyTorch’s exporter', () => {
    expect(named([{ name: '/layer1/layer1.0/conv1/Conv', weights: 'onnx::Conv_254' }])).toEqual(['layer1.0.conv1']);
    expect(named([{ name: '/features/features.0/conv/conv.0/conv.0.1/Conv', weights: '12' }])).toEqual([
      'features.0.conv.0.1',
    ]);
  });

  test('from the metadata of its newer one', () => {
    const metadata = { 'pkg.torch.onnx.name_scopes': "['', 'layer1', 'layer1.0', 'layer1.0.conv1', 'conv2d']" };
    expect(named([{ name: 'node_conv2d_3', weights: 'val_3', metadata }])).toEqual(['layer1.0.conv1']);
  });

  test.each([
    ['layer1.0.conv1.weight', 'layer1.0.conv1'],
    ['conv2d_1/kernel', 'conv2d_1'],
    ['fire2/squeeze1x1_w_0', 'fire2/squeeze1x1'],
    ['Conv2d_0/Relu6/w', 'Conv2d_0/Relu6'],
    ['model/conv1/Conv2D/ReadVariableOp:0', 'model/conv1'],
  ])('from the weights: %s is %s', (weights, path) => {
    expect(named([{ name: 'n7', weights }])).toEqual([path]);
  });

  test.each(['48', 'onnx::Conv_254', 'Parameter87', 'val_12'])('not from weights called %s', (weights) => {
    expect(named([{ name: 'Conv_7', weights }])).toEqual(['Conv_7']);
  });

  test('are unique, even where weights are shared', () => {
    expect(
      new Set(
        named([
          { name: '', weights: 'c.weight' },
          { name: '', weights: 'd.weight' },
        ]),
      ).size,
    ).toBe(2);
    const graph = read({
      inputs: { x: ['n', 1, 4, 4] },
      outputs: ['z'],
      initialisers: [floats('c.weight', [1, 1, 1, 1])],
      nodes: [
        { op: 'Conv', inputs: ['x', 'c.weight'], outputs: ['y'] },
        { op: 'Conv', inputs: ['y', 'c.weight'], outputs: ['z'] },
      ],
    });
    expect(graph.nodes.map((node) => node.path)).toEqual(['c', 'z']);
  });
});

describe('what exporters write in many nodes', () => {
  test('a channel shuffle is one Gather of channels, computed alike', () => {
    const graph = read({
      inputs: { x: ['n', 6, 2, 2] },
      outputs: ['y'],
      initialisers: [integers('parts', [-1, 2, 3, 2, 2]), integers('whole', [-1, 6, 2, 2])],
      nodes: [
        { op: 'Reshape', inputs: ['x', 'parts'], outputs: ['a'] },
        { op: 'Transpose', inputs: ['a'], outputs: ['b'], attributes: { perm: [0, 2, 1, 3, 4] } },
        { op: 'Reshape', inputs: ['b', 'whole'], outputs: ['y'] },
      ],
    });
    expect(graph.nodes).toMatchObject([{ op: 'Gather', attributes: { axis: 1, indices: [0, 3, 1, 4, 2, 5] } }]);
  });

  test('three such nodes that move rows as well stay what they are', () => {
    const ops = opsOf({
      inputs: { x: ['n', 4, 4, 2] },
      outputs: ['y'],
      initialisers: [integers('parts', [-1, 2, 2, 4, 2]), integers('whole', [-1, 4, 4, 2])],
      nodes: [
        { op: 'Reshape', inputs: ['x', 'parts'], outputs: ['a'] },
        { op: 'Transpose', inputs: ['a'], outputs: ['b'], attributes: { perm: [0, 1, 3, 2, 4] } },
        { op: 'Reshape', inputs: ['b', 'whole'], outputs: ['y'] },
      ],
    });
    expect(ops).toEqual(['Reshape', 'Transpose', 'Reshape']);
  });

  test('one channel picked by number loses its axis, as transform_input of Inception does', () => {
    const model: OnnxModel = {
      inputs: { x: ['n', 3, 2] },
      outputs: ['y'],
      initialisers: [integers('one', [-1], true)],
      nodes: [{ op: 'Gather', inputs: ['x', 'one'], outputs: ['y'], attributes: { axis: 1 } }],
    };
    expect(
      valueOf(
        model,
        float32(
          [2, 3, 2],
          Array.from({ length: 12 }, (_, i) => i),
        ),
      ),
    ).toEqual([4, 5, 10, 11]);
  });

  test('positions counted from the open batch, as as_strided writes them, are a Reshape', () => {
    const model: OnnxModel = {
      opset: 20,
      inputs: { x: ['n', 4, 1, 1] },
      outputs: ['y'],
      initialisers: [
        integers('flat', [-1]),
        integers('zero', [0], true),
        integers('one', [1], true),
        integers('four', [4], true),
        integers('axes', [1]),
        integers('steps', [0, 1, 2, 3]),
        integers('lead', [0]),
      ],
      nodes: [
        { op: 'Reshape', inputs: ['x', 'flat'], outputs: ['all'] },
        { op: 'Shape', inputs: ['x'], outputs: ['dims'], attributes: { start: 0, end: 1 } },
        { op: 'Squeeze', inputs: ['dims'], outputs: ['count'] },
        { op: 'Range', inputs: ['zero', 'count', 'one'], outputs: ['images'] },
        { op: 'Mul', inputs: ['images', 'four'], outputs: ['starts'] },
        { op: 'Unsqueeze', inputs: ['starts', 'axes'], outputs: ['column'] },
        { op: 'Unsqueeze', inputs: ['steps', 'lead'], outputs: ['row'] },
        { op: 'Add', inputs: ['column', 'row'], outputs: ['at'] },
        { op: 'Gather', inputs: ['all', 'at'], outputs: ['y'] },
      ],
    };
    expect(read(model).nodes.map(({ op, inputs }) => [op, inputs])).toEqual([['Reshape', ['x']]]);
    const turned =
      model.initialisers?.map((one) => (one.name === 'steps' ? integers('steps', [3, 0, 1, 2]) : one)) ?? [];
    expect(() => read({ ...model, initialisers: turned })).toThrow(/depend on an open dimension/);
  });

  test('before opset 7 an operand is laid along the axis that is named', () => {
    const model: OnnxModel = {
      opset: 6,
      inputs: { x: ['n', 2, 3] },
      outputs: ['y'],
      initialisers: [floats('b', [2], [10, 20])],
      nodes: [{ op: 'Add', inputs: ['x', 'b'], outputs: ['y'], attributes: { broadcast: 1, axis: 1 } }],
    };
    expect(valueOf(model, float32([1, 2, 3], [0, 1, 2, 3, 4, 5]))).toEqual([10, 11, 12, 23, 24, 25]);
  });

  test('a batch of which images are taken by number stays as the file fixes it', () => {
    const graph = read({
      inputs: { x: [1, 2] },
      outputs: ['y'],
      initialisers: [integers('zero', [0]), integers('one', [1])],
      nodes: [
        { op: 'Slice', inputs: ['x', 'zero', 'one', 'zero'], outputs: ['first'] },
        { op: 'Relu', inputs: ['first'], outputs: ['y'] },
      ],
    });
    expect(graph.inputs[0]?.shape).toEqual([1, 2]);
  });
});
