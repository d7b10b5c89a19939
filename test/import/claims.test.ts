import { InferenceSession, Tensor as RuntimeTensor } from 'onnxruntime-node';
import { create } from '@bufbuild/protobuf';
import { TensorProto_DataType, TensorProtoSchema, type TensorProto } from 'onnx-buf';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { anatomyOf } from '../../core/anatomy/anatomy.js';
import type { Graph } from '../../core/network/graph.js';
import { importNetwork } from '../../core/import/import-network.js';
import { importOnnx } from '../../core/import/onnx/import-onnx.js';
import { float32, sizeOf, type Tensor } from '../../core/tensor.js';
import { randomStream } from '../../core/random.js';
import { lastOutput } from './fixtures/run.js';
import { type OnnxModel, type OnnxNode, floats, integers, narrowFloats, onnxFile } from '../builders/onnx-model.js';

const { INT8, UINT8, INT32 } = TensorProto_DataType;

const caseFile = (name: string): Uint8Array =>
  readFileSync(path.join(import.meta.dirname, `fixtures/cases/${name}.onnx`));

const read = (bytes: Uint8Array, output?: string): Promise<Graph> =>
  importNetwork('net', 'onnx', new Map([['model.onnx', bytes]]), 'net.onnx', output);

const refused = (message: RegExp): unknown =>
  expect.objectContaining({ code: 'MODEL_UNSUPPORTED', message: expect.stringMatching(message) });

const gap: OnnxNode = { op: 'GlobalAveragePool', inputs: ['r'], outputs: ['pool'] };
const head: readonly OnnxNode[] = [gap, { op: 'Flatten', inputs: ['pool'], outputs: ['y'] }];

/** Conv, Relu, mean over the map; and what a test puts beside it. */
const small = (more: Partial<OnnxModel> = {}): OnnxModel => ({
  opset: 13,
  inputs: { x: ['n', 3, 6, 6] },
  outputs: ['y'],
  initialisers: [floats('w', [4, 3, 3, 3]), floats('b', [4])],
  ...more,
  nodes: [
    { op: 'Conv', inputs: ['x', 'w', 'b'], outputs: ['c'] },
    { op: 'Relu', inputs: ['c'], outputs: ['r'] },
    ...(more.nodes ?? head),
  ],
});

describe('a network takes images of one size through one input, and gives one answer an image', () => {
  test('several inputs, open sizes and several positions are refused with a remedy', async () => {
    await expect(read(caseFile('twoin'))).rejects.toEqual(refused(/depends on 2 inputs \("x".*"z".*\).*export/s));
    await expect(read(caseFile('dynhw'))).rejects.toEqual(
      refused(/"x" \[N, 3, \?, \?\] has an open size.*make_dynamic_shape_fixed/s),
    );
    await expect(read(caseFile('seg'))).rejects.toEqual(
      refused(/"z" \[N, 4, 7, 7\] has more than one position.*pool/s),
    );
    const open = (dims: readonly (number | string)[]): Promise<Graph> => read(onnxFile(small({ inputs: { x: dims } })));
    await expect(open(['n', 'c', 6, 6])).rejects.toEqual(refused(/open size/));
    await expect(open(['n', 3, 'h', 6])).rejects.toEqual(refused(/--input_shape 1,3,…,6/));
    await expect(open([1, 3, 6, 0])).rejects.toEqual(refused(/open size/));
  });

  test('an open size is told before what it makes unreadable', async () => {
    const shape: OnnxNode = { op: 'Shape', inputs: ['r'], outputs: ['s'] };
    const nodes = [shape, { op: 'Reshape', inputs: ['r', 's'], outputs: ['y'] }];
    await expect(read(onnxFile(small({ inputs: { x: ['n', 3, 'h', 'w'] }, nodes })))).rejects.toEqual(
      refused(/open size/),
    );
  });

  test('[N, C, 1, 1], weights among the inputs, and inputs that the answer does not need are fine', async () => {
    const graph = await read(
      onnxFile(
        small({
          inputs: { unused: ['n', 7], w: [4, 3, 3, 3], x: ['n', 3, 6, 6] },
          nodes: [gap, { op: 'Relu', inputs: ['unused'], outputs: ['aside'] }],
          outputs: ['aside', 'pool'],
        }),
      ),
      'pool',
    );
    expect(graph.inputs.map(({ id }) => id)).toEqual(['x']);
    expect(graph.shapes.get('pool')).toEqual([-1, 4, 1, 1]);
  });
});

describe('only what leads to the chosen output must be supported', () => {
  const branch: readonly OnnxNode[] = [
    { op: 'NonZero', inputs: ['r'], outputs: ['places'] },
    { op: 'Cast', inputs: ['places'], outputs: ['boxes'], attributes: { to: 1 } },
  ];
  const detector = onnxFile(small({ nodes: [...head, ...branch], outputs: ['boxes', 'y'] }));

  test('in ONNX: the other output is left out', async () => {
    const graph = await read(detector);
    expect(graph.outputs).toEqual(['y']);
    expect(anatomyOf(graph).layers).toEqual([]);
    expect((await read(detector, 'y')).outputs).toEqual(['y']);
    await expect(read(detector, 'boxes')).rejects.toEqual(refused(/NonZero.*output: \{ name.* "y"/s));
  });

  test('a node that nothing needs is left out, also one whose numbers make no sense', async () => {
    const dead: OnnxNode = { op: 'Reshape', inputs: ['r', 'five'], outputs: ['dead'] };
    const bytes = onnxFile(
      small({
        nodes: [{ op: 'LSTM', inputs: ['r'], outputs: ['gone'] }, dead, ...head],
        initialisers: [floats('w', [4, 3, 3, 3]), floats('b', [4]), integers('five', [5, 5])],
      }),
    );
    expect((await read(bytes)).nodes.map(({ op }) => op)).toEqual(['Conv', 'Relu', 'GlobalAveragePool', 'Flatten']);
  });
});

const quantised = (
  name: string,
  dims: readonly number[],
  dataType: TensorProto_DataType,
  data: readonly number[],
): TensorProto => create(TensorProtoSchema, { name, dims: dims.map(BigInt), dataType, int32Data: [...data] });

describe('weights that are kept as integers become numbers on import', () => {
  const bytes = (axis: number | undefined, type: TensorProto_DataType, zeroPoint: boolean): Uint8Array => {
    const stream = randomStream(axis ?? 9, 'quantised');
    const offset = type === UINT8 ? 0 : 128;
    const levels = Array.from({ length: 4 * 27 }, () => stream.below(256) - offset);
    const several = axis === undefined ? 1 : axis === 0 ? 4 : 3;
    const scales = Array.from({ length: several }, (_, i) => 0.01 + 0.003 * i);
    const dims = axis === undefined ? [] : [several];
    const names = ['wq', 'ws', ...(zeroPoint ? ['wz'] : [])];
    return onnxFile({
      ...small(),
      initialisers: [
        quantised('wq', [4, 3, 3, 3], type, levels),
        floats('ws', dims, scales),
        ...(zeroPoint
          ? [
              quantised(
                'wz',
                dims,
                type,
                scales.map((_, i) => 3 + i),
              ),
            ]
          : []),
        quantised('bq', [4], INT32, [100_003, -70_001, 5, 16_777_217]),
        floats('bs', [], [1e-5]),
      ],
      nodes: [
        {
          op: 'DequantizeLinear',
          inputs: names,
          outputs: ['w'],
          ...(axis === undefined ? {} : { attributes: { axis } }),
        },
        { op: 'DequantizeLinear', inputs: ['bq', 'bs'], outputs: ['b'] },
        { op: 'Conv', inputs: ['x', 'w', 'b'], outputs: ['c'] },
        { op: 'Relu', inputs: ['c'], outputs: ['r'] },
        ...head,
      ],
    });
  };

  test.each([
    ['one scale, int8', undefined, INT8, true],
    ['one scale, uint8', undefined, UINT8, true],
    ['a scale for each kernel', 0, INT8, true],
    ['a scale for each input channel, without zero points', 1, UINT8, false],
  ] as const)('%s: as onnxruntime computes', async (_, axis, type, zeroPoint) => {
    const file = bytes(axis, type, zeroPoint);
    const graph = await read(file);
    expect(graph.nodes.map(({ op }) => op)).toEqual(['Conv', 'Relu', 'GlobalAveragePool', 'Flatten']);
    const stream = randomStream(1, 'image');
    const shape = [2, 3, 6, 6];
    const image = float32(
      shape,
      Float32Array.from({ length: sizeOf(shape) }, () => stream.uniform() - 0.5),
    );
    const session = await InferenceSession.create(file, { logSeverityLevel: 4, graphOptimizationLevel: 'disabled' });
    const { y } = await session.run({ x: new RuntimeTensor('float32', image.data, shape) });
    const got = await lastOutput(graph, image);
    const expected = (y as RuntimeTensor).data as Float32Array;
    got.data.forEach((value, i) => expect(Number(value)).toBeCloseTo(expected[i] as number, 4));
    expect(Math.max(...expected)).toBeGreaterThan(0.1);
    await session.release();
  });

  test('activations that are quantised are refused by name', async () => {
    const nodes: OnnxNode[] = [
      { op: 'QuantizeLinear', inputs: ['r', 's', 'z'], outputs: ['q'] },
      { op: 'DequantizeLinear', inputs: ['q', 's', 'z'], outputs: ['d'] },
      { ...gap, inputs: ['d'] },
      { op: 'Flatten', inputs: ['pool'], outputs: ['y'] },
    ];
    const initialisers = [
      floats('w', [4, 3, 3, 3]),
      floats('b', [4]),
      floats('s', [], [0.1]),
      quantised('z', [], UINT8, [3]),
    ];
    await expect(read(onnxFile(small({ nodes, initialisers })))).rejects.toEqual(refused(/QuantizeLinear/));
  });
});

describe('weights of 16 bits that are cast to float32 are constants', () => {
  const { FLOAT, FLOAT16, BFLOAT16 } = TensorProto_DataType;
  const cast = (from: string, name: string, to: number): OnnxNode => ({
    op: 'Cast',
    inputs: [from],
    outputs: [name],
    attributes: { to },
  });
  const rest = small().nodes;

  test.each([
    ['FLOAT16', [cast('h', 'w', FLOAT)]],
    ['BFLOAT16', [cast('h', 'w', FLOAT)]],
    ['FLOAT16', [cast('f', 'n', FLOAT16), cast('n', 'w', FLOAT)]],
    ['BFLOAT16', [cast('f', 'n', BFLOAT16), cast('n', 'w', FLOAT)]],
  ] as const)('%s, cast by %j: as onnxruntime computes', async (type, casts) => {
    const shape = [4, 3, 3, 3];
    const initialisers = [narrowFloats('h', shape, type), floats('f', shape), floats('b', [4])];
    const file = onnxFile({ ...small({ initialisers }), nodes: [...casts, ...rest] });
    const graph = await read(file);
    expect(graph.nodes.map(({ op }) => op)).toEqual(['Conv', 'Relu', 'GlobalAveragePool', 'Flatten']);
    const stream = randomStream(1, 'image');
    const image = float32(
      [2, 3, 6, 6],
      Float32Array.from({ length: 216 }, () => stream.uniform() - 0.5),
    );
    const session = await InferenceSession.create(file, { logSeverityLevel: 4 });
    const { y } = await session.run({ x: new RuntimeTensor('float32', image.data, image.shape) });
    await session.release();
    const expected = (y as RuntimeTensor).data as Float32Array;
    (await lastOutput(graph, image)).data.forEach((value, i) =>
      expect(Number(value)).toBeCloseTo(expected[i] as number, 6),
    );
    expect(Math.max(...expected)).toBeGreaterThan(0.1);
  });

  test('casting to 16 bits rounds to the nearest, and from half-way to the even one', async () => {
    const numbers = [1 + 2 ** -11, 1 + 3 * 2 ** -11, 65519, 65520, 2 ** -25, 3 * 2 ** -25, -1.0009765625, 0.1];
    const rounded = async (to: number): Promise<readonly number[]> => {
      const nodes = [cast('f', 'n', to), cast('n', 'k', FLOAT), { op: 'Add', inputs: ['x', 'k'], outputs: ['y'] }];
      const initialisers = [floats('f', [8], numbers)];
      const graph = importOnnx('net', onnxFile({ inputs: { x: ['n', 8] }, outputs: ['y'], nodes, initialisers }));
      return Array.from((graph.constants.get('k') as Tensor).data, Number);
    };
    expect(await rounded(FLOAT16)).toEqual([
      1,
      1 + 2 ** -9,
      65504,
      Infinity,
      0,
      2 ** -23,
      -1.0009765625,
      0.0999755859375,
    ]);
    expect(await rounded(BFLOAT16)).toEqual([1, 1, 65536, 65536, 2 ** -25, 3 * 2 ** -25, -1, 0.10009765625]);
  });
});

test('GroupNormalization of opset 18 has a scale and a bias for each group', async () => {
  const norm: OnnxNode = {
    op: 'GroupNormalization',
    inputs: ['c', 'g', 'h'],
    outputs: ['n'],
    attributes: { num_groups: 2, epsilon: 0.001 },
  };
  const file = onnxFile({
    ...small({
      opset: 18,
      initialisers: [
        floats('w', [4, 3, 3, 3]),
        floats('b', [4]),
        floats('g', [2], [0.5, 2]),
        floats('h', [2], [0.25, -1]),
      ],
    }),
    nodes: [
      { op: 'Conv', inputs: ['x', 'w', 'b'], outputs: ['c'] },
      norm,
      { op: 'Relu', inputs: ['n'], outputs: ['r'] },
      ...head,
    ],
  });
  const graph = importOnnx('net', file);
  const stream = randomStream(2, 'image');
  const image = float32(
    [1, 3, 6, 6],
    Float32Array.from({ length: 108 }, () => stream.uniform() - 0.5),
  );
  const session = await InferenceSession.create(file, { logSeverityLevel: 4 });
  const { y } = await session.run({ x: new RuntimeTensor('float32', image.data, [1, 3, 6, 6]) });
  const got: Tensor = await lastOutput(graph, image);
  Array.from((y as RuntimeTensor).data as Float32Array).forEach((value, i) =>
    expect(Number(got.data[i])).toBeCloseTo(value, 5),
  );
});
