import { TensorProto_DataType } from 'onnx-buf';
import { describe, expect, test } from 'vitest';
import { evaluateGraph } from '../../core/engine/reference.js';
import { importOnnx } from '../../core/import/onnx/import-onnx.js';
import { float32 } from '../../core/tensor.js';
import {
  type OnnxModel,
  doubles,
  elsewhere,
  floats,
  halves,
  integers,
  onnxFile,
  opsOf,
  read,
  valueOf,
} from '../builders/onnx-model.js';

describe('constants', () => {
  test('halves are widened and doubles narrowed to float32', () => {
    const model: OnnxModel = {
      inputs: { x: ['n', 4] },
      outputs: ['y'],
      initialisers: [halves('h', [0x3c00, 0xc100, 0x0001, 0x7c00]), doubles('d', [0.1, 1e300, 2, 3])],
      nodes: [
        { op: 'Add', inputs: ['x', 'h'], outputs: ['a'] },
        { op: 'Min', inputs: ['a', 'm'], outputs: ['b'] },
        { op: 'Sub', inputs: ['b', 'd'], outputs: ['y'] },
      ],
    };
    const graph = read({ ...model, initialisers: [...(model.initialisers ?? []), floats('m', [], [1e6])] });
    expect(Array.from(graph.constants.get('h')?.data as Float32Array)).toEqual([1, -2.5, 2 ** -24, Infinity]);
    expect(Array.from(graph.constants.get('d')?.data as Float32Array)).toEqual([Math.fround(0.1), Infinity, 2, 3]);
  });

  test('data in another file that is not named is refused, with the way out', () => {
    const model: OnnxModel = {
      inputs: { x: ['n', 1] },
      outputs: ['y'],
      initialisers: [elsewhere('w')],
      nodes: [{ op: 'Add', inputs: ['x', 'w'], outputs: ['y'] }],
    };
    expect(() => read(model)).toThrow(
      expect.objectContaining({
        code: 'FILE_DAMAGED',
        message: expect.stringMatching(/"w".*save_as_external_data=True/),
      }),
    );
  });

  test('constants that are listed as inputs too, as IR 3 does, are no inputs', () => {
    const graph = read({
      inputs: { w: [3], x: ['n', 3] },
      outputs: ['y'],
      initialisers: [floats('w', [3])],
      nodes: [{ op: 'Mul', inputs: ['x', 'w'], outputs: ['y'] }],
    });
    expect(graph.inputs.map((input) => input.id)).toEqual(['x']);
  });

  test('a chain of nodes that computes pads from the shape is folded away', () => {
    const graph = read({
      inputs: { x: ['n', 2, 4, 4] },
      outputs: ['y'],
      initialisers: [integers('at', [1]), integers('three', [3]), integers('two', [2])],
      nodes: [
        { op: 'Shape', inputs: ['x'], outputs: ['shape'] },
        { op: 'Gather', inputs: ['shape', 'at'], outputs: ['channels'] },
        { op: 'Div', inputs: ['channels', 'two'], outputs: ['one'] },
        { op: 'ConstantOfShape', inputs: ['three'], outputs: ['floats'] },
        { op: 'Cast', inputs: ['floats'], outputs: ['zeros'], attributes: { to: TensorProto_DataType.INT64 } },
        { op: 'Slice', inputs: ['zeros', 'at', 'two'], outputs: ['zero'] },
        {
          op: 'Concat',
          inputs: ['zero', 'one', 'zeros', 'channels', 'zero', 'zero'],
          outputs: ['pads'],
          attributes: { axis: 0 },
        },
        { op: 'Pad', inputs: ['x', 'pads'], outputs: ['y'] },
      ],
    });
    expect(graph.nodes.map((node) => node.op)).toEqual(['Pad']);
    expect(graph.nodes[0]?.attributes).toEqual({ mode: 'constant', pads: [0, 1, 0, 0, 0, 2, 0, 0], value: 0 });
    expect(graph.shapes.get('y')).toEqual([-1, 5, 4, 4]);
  });

  test('layout operators on weights are computed at once', () => {
    const model: OnnxModel = {
      opset: 11,
      inputs: { x: ['n', 2] },
      outputs: ['y'],
      initialisers: [floats('w', [6], [1, 2, 3, 4, 5, 6]), integers('shape', [3, 2])],
      nodes: [
        { op: 'Reshape', inputs: ['w', 'shape'], outputs: ['m'] },
        { op: 'Transpose', inputs: ['m'], outputs: ['t'] },
        { op: 'MatMul', inputs: ['x', 't'], outputs: ['y'] },
      ],
    };
    expect(opsOf(model)).toEqual(['MatMul']);
    expect(valueOf(model, float32([1, 2], [1, 10]))).toEqual([21, 43, 65]);
  });
});

describe('the batch', () => {
  const flattening = (shape: readonly number[]): OnnxModel => ({
    inputs: { x: [1, 2, 2, 2] },
    outputs: ['y'],
    initialisers: [integers('shape', shape)],
    nodes: [{ op: 'Reshape', inputs: ['x', 'shape'], outputs: ['y'] }],
  });

  test.each([[[1, 8]], [[1, -1]], [[-1, 8]], [[0, 8]]])('fixed to 1 and reshaped to %j, is freed', (shape) => {
    const graph = read(flattening(shape));
    expect(graph.inputs[0]?.shape).toEqual([-1, 2, 2, 2]);
    expect(graph.shapes.get('y')).toEqual([-1, 8]);
    const x = float32(
      [3, 2, 2, 2],
      Array.from({ length: 24 }, (_, i) => i),
    );
    expect(evaluateGraph(graph, new Map([['x', x]])).get('y')?.shape).toEqual([3, 8]);
  });

  test('stays fixed where the graph mixes images', () => {
    const graph = read(flattening([8]));
    expect(graph.inputs[0]?.shape).toEqual([1, 2, 2, 2]);
  });

  test('that is read from the shape stays open: view(x.size(0), -1) of PyTorch', () => {
    const graph = read({
      inputs: { x: ['n', 2, 2, 2] },
      outputs: ['y'],
      initialisers: [integers('first', [0], true), integers('axis', [0]), integers('rest', [-1])],
      nodes: [
        { op: 'Shape', inputs: ['x'], outputs: ['s'] },
        { op: 'Gather', inputs: ['s', 'first'], outputs: ['n'] },
        { op: 'Unsqueeze', inputs: ['n', 'axis'], outputs: ['n1'] },
        { op: 'Concat', inputs: ['n1', 'rest'], outputs: ['shape'], attributes: { axis: 0 } },
        { op: 'Reshape', inputs: ['x', 'shape'], outputs: ['y'] },
      ],
    });
    expect(graph.nodes.map((node) => node.op)).toEqual(['Reshape']);
    expect(graph.shapes.get('y')).toEqual([-1, 8]);
  });
});

describe('operators', () => {
  test('Dropout and Identity vanish, also in front of an output, which keeps its name', () => {
    const graph = read({
      inputs: { x: ['n', 3] },
      outputs: ['y', 'z'],
      nodes: [
        { op: 'Relu', inputs: ['x'], outputs: ['r'] },
        { op: 'Dropout', inputs: ['r'], outputs: ['d', 'mask'] },
        { op: 'Identity', inputs: ['d'], outputs: ['y'] },
        { op: 'Tanh', inputs: ['y'], outputs: ['z'] },
      ],
    });
    expect(graph.nodes.map((node) => [node.op, node.inputs, node.outputs])).toEqual([
      ['Relu', ['x'], ['y']],
      ['Tanh', ['y'], ['z']],
    ]);
    expect(graph.outputs).toEqual(['y', 'z']);
  });

  test('a Sum of three becomes two Adds', () => {
    const model: OnnxModel = {
      inputs: { x: ['n', 1] },
      outputs: ['y'],
      nodes: [{ op: 'Sum', inputs: ['x', 'x', 'x'], outputs: ['y'] }],
    };
    expect(opsOf(model)).toEqual(['Add', 'Add']);
    expect(valueOf(model, float32([1, 1], [2]))).toEqual([6]);
  });

  test('Max and Min with a number are Clips', () => {
    const model: OnnxModel = {
      inputs: { x: ['n', 3] },
      outputs: ['y'],
      initialisers: [floats('six', [], [6]), floats('zero', [], [0])],
      nodes: [
        { op: 'Max', inputs: ['zero', 'x'], outputs: ['m'] },
        { op: 'Min', inputs: ['m', 'six'], outputs: ['y'] },
      ],
    };
    expect(opsOf(model)).toEqual(['Clip', 'Clip']);
    expect(valueOf(model, float32([1, 3], [-1, 3, 9]))).toEqual([0, 3, 6]);
  });

  test('before opset 13, Softmax runs over all axes from its own on', () => {
    const model: OnnxModel = {
      opset: 11,
      inputs: { x: ['n', 2, 2] },
      outputs: ['y'],
      nodes: [{ op: 'Softmax', inputs: ['x'], outputs: ['y'], attributes: { axis: 1 } }],
    };
    expect(valueOf(model, float32([1, 2, 2], [0, 0, 0, 0]))).toEqual([0.25, 0.25, 0.25, 0.25]);
    expect(read(model).shapes.get('y')).toEqual([-1, 2, 2]);
  });

  test('auto_pad becomes pads: SAME_UPPER puts the odd pixel behind, SAME_LOWER before', () => {
    const padded = (mode: string) =>
      read({
        inputs: { x: ['n', 1, 5, 6] },
        outputs: ['y'],
        initialisers: [floats('w', [1, 1, 3, 3])],
        nodes: [{ op: 'Conv', inputs: ['x', 'w'], outputs: ['y'], attributes: { auto_pad: mode, strides: [2, 2] } }],
      }).nodes[0]?.attributes['pads'];
    expect(padded('SAME_UPPER')).toEqual([1, 0, 1, 1]);
    expect(padded('SAME_LOWER')).toEqual([1, 1, 1, 0]);
    expect(padded('VALID')).toEqual([0, 0, 0, 0]);
  });

  test('all that is unsupported is told at once: operator, node, count, opset', () => {
    const model: OnnxModel = {
      inputs: { x: ['n', 1, 4, 4] },
      outputs: ['y'],
      initialisers: [floats('w', [1, 1, 3])],
      nodes: [
        { op: 'Einsum', inputs: ['x'], outputs: ['a'], name: 'mix' },
        { op: 'Einsum', inputs: ['a'], outputs: ['b'], name: 'mix2' },
        { op: 'Attention', inputs: ['b'], outputs: ['c'], domain: 'com.microsoft', name: 'heads' },
        { op: 'Conv', inputs: ['x', 'w'], outputs: ['d'], name: 'line' },
        { op: 'Add', inputs: ['c', 'd'], outputs: ['y'] },
      ],
    };
    expect(() => read(model)).toThrow(expect.objectContaining({ code: 'MODEL_UNSUPPORTED' }));
    expect(() => read(model)).toThrow(
      /opset 13[^]*Einsum \(node "mix" and 1 more\)[^]*com\.microsoft\.Attention \(node "heads"\)[^]*Conv \(node "line"\): only two-dimensional/,
    );
  });
});

describe('files that are none', () => {
  test.each([
    ['text', new TextEncoder().encode('this is not a model at all')],
    ['nothing', new Uint8Array()],
    [
      'half a model',
      onnxFile({ inputs: { x: ['n', 3] }, outputs: ['y'], initialisers: [floats('w', [500])], nodes: [] }).slice(
        0,
        300,
      ),
    ],
  ])('%s: FILE_DAMAGED, with the name', (_, bytes) => {
    expect(() => importOnnx('net', bytes)).toThrow(
      expect.objectContaining({ code: 'FILE_DAMAGED', message: expect.stringMatching(/"net"/) }),
    );
  });

  test('a value that nothing writes is named', () => {
    const model: OnnxModel = {
      inputs: { x: ['n', 3] },
      outputs: ['y'],
      nodes: [{ op: 'Relu', inputs: ['nowhere'], outputs: ['y'] }],
    };
    expect(() => read(model)).toThrow(/nowhere/);
  });

  test('integers as input are refused with a sentence', () => {
    const model: OnnxModel = {
      inputs: { x: ['n', 3] },
      inputType: TensorProto_DataType.UINT8,
      outputs: ['y'],
      nodes: [{ op: 'Relu', inputs: ['x'], outputs: ['y'] }],
    };
    expect(() => read(model)).toThrow(/"x" holds UINT8/);
  });
});
