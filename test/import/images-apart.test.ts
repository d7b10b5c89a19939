import { describe, expect, test } from 'vitest';
import type { Graph } from '../../core/network/graph.js';
import { importNetwork } from '../../core/import/import-network.js';
import { type OnnxNode, floats, integers, onnxFile } from '../builders/onnx-model.js';

/** Conv, pool, a matrix [images, 8] called `f`, and what a test puts behind it, which writes `y`. */
const network = (tail: readonly OnnxNode[], images: number | string = 'n', output = 'y'): Promise<Graph> => {
  const bytes = onnxFile({
    opset: 17,
    inputs: { x: [images, 3, 6, 6] },
    outputs: [output],
    initialisers: [
      floats('w', [8, 3, 3, 3]),
      integers('first', [4, -1]),
      integers('back', [-1, 8]),
      integers('pairs', [-1, 16]),
      integers('halves', [-1, 4]),
      integers('outer', [1, -1, 8]),
      integers('inner', [-1, 1, 8]),
    ],
    nodes: [
      { op: 'Conv', inputs: ['x', 'w'], outputs: ['c'] },
      { op: 'Relu', inputs: ['c'], outputs: ['r'] },
      { op: 'GlobalAveragePool', inputs: ['r'], outputs: ['p'] },
      { op: 'Flatten', inputs: ['p'], outputs: ['f'] },
      ...tail,
    ],
  });
  return importNetwork('net', 'onnx', new Map([['model.onnx', bytes]]), 'net.onnx');
};

const node = (
  op: string,
  inputs: readonly string[],
  outputs: readonly string[],
  attributes: OnnxNode['attributes'] = {},
): OnnxNode => ({ op, inputs, outputs, attributes });
const back = node('Reshape', ['q', 'back'], ['y']);

const meeting: readonly [string, readonly OnnxNode[]][] = [
  [
    'a mean over the batch is taken away',
    [node('ReduceMean', ['f'], ['q'], { axes: [0], keepdims: 1 }), node('Sub', ['f', 'q'], ['y'])],
  ],
  ['a softmax along the batch', [node('Softmax', ['f'], ['y'], { axis: 0 })]],
  ['a log-softmax along the batch', [node('LogSoftmax', ['f'], ['y'], { axis: 0 })]],
  [
    'a softmax of old opsets over transposed scores',
    [
      node('Transpose', ['f'], ['t'], { perm: [1, 0] }),
      node('Softmax', ['t'], ['s'], { axis: 1 }),
      node('Transpose', ['s'], ['y'], { perm: [1, 0] }),
    ],
  ],
  [
    'attention between images',
    [
      node('Transpose', ['f'], ['t'], { perm: [1, 0] }),
      node('MatMul', ['f', 't'], ['s']),
      node('MatMul', ['s', 'f'], ['y']),
    ],
  ],
  ['images behind one another', [node('Concat', ['f', 'f'], ['y'], { axis: 0 })]],
  ['numbers dealt out anew', [node('Reshape', ['f', 'first'], ['t']), node('Reshape', ['t', 'back'], ['y'])]],
  ['two images in one row', [node('Reshape', ['f', 'pairs'], ['t']), node('Softmax', ['t'], ['q'], { axis: 1 }), back]],
  ['two rows an image', [node('Reshape', ['f', 'halves'], ['y'])]],
  [
    'a softmax along images behind the classes',
    [node('Transpose', ['f'], ['t'], { perm: [1, 0] }), node('Softmax', ['t'], ['q'], { axis: -1 }), back],
  ],
  [
    'images each against each',
    [
      node('Reshape', ['f', 'outer'], ['a']),
      node('Reshape', ['f', 'inner'], ['b']),
      node('Sub', ['a', 'b'], ['q']),
      node('ReduceMean', ['q'], ['y'], { axes: [0], keepdims: 0 }),
    ],
  ],
];

const apart: readonly [string, readonly OnnxNode[]][] = [
  ['a softmax over classes', [node('Softmax', ['f'], ['y'], { axis: -1 })]],
  [
    'a mean over classes',
    [node('ReduceMean', ['f'], ['q'], { axes: [1], keepdims: 1 }), node('Sub', ['f', 'q'], ['y'])],
  ],
  [
    'rows of an image apart for a while',
    [node('Reshape', ['f', 'halves'], ['t']), node('Softmax', ['t'], ['q'], { axis: 1 }), back],
  ],
  [
    'images behind the classes for a while',
    [
      node('Transpose', ['f'], ['t'], { perm: [1, 0] }),
      node('Softmax', ['t'], ['s'], { axis: 0 }),
      node('Transpose', ['s'], ['y'], { perm: [1, 0] }),
    ],
  ],
  ['a join along classes', [node('Concat', ['f', 'f'], ['y'], { axis: 1 })]],
];

describe('the answer to an image depends on that image alone', () => {
  test.each(meeting)('%s: refused, and the node is named', async (_, tail) => {
    await expect(network(tail)).rejects.toMatchObject({
      code: 'MODEL_UNSUPPORTED',
      message: expect.stringMatching(
        /in node ".+" \(\w+\) images meet or change places.*output: \{ name: … \}/s,
      ) as string,
    });
    await expect(network(tail, 2)).rejects.toMatchObject({ code: 'MODEL_UNSUPPORTED' });
  });

  test.each(apart)('%s: read', async (_, tail) => {
    for (const images of ['n', 2, 1]) expect((await network(tail, images)).shapes.get('y')?.[0]).toBe(-1);
  });

  test('a file for one image may say so along its first axis, and is then run one by one', async () => {
    const [, tail] = meeting[0] as (typeof meeting)[number];
    const graph = await network(tail, 1);
    expect(graph.shapes.get('y')).toEqual([1, 8]);
  });

  test('what the answer does not need may do as it likes', async () => {
    const tail = [node('Softmax', ['f'], ['q'], { axis: 0 }), node('Sigmoid', ['f'], ['y'])];
    expect((await network(tail)).outputs).toEqual(['y']);
  });
});
