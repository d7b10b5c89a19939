import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { InferenceSession } from 'onnxruntime-node';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { inBlocks } from '../../core/engine/blocked-layout.js';
import { openOnnxruntime } from '../../core/engine/onnxruntime.js';
import { evaluateGraph } from '../../core/engine/reference.js';
import { buildGraph, type NodeDraft } from '../../core/network/build.js';
import { DYNAMIC, type Graph, type ValueId } from '../../core/network/graph.js';
import { decodeModel } from '../../core/import/onnx/decode.js';
import { emitOnnx } from '../../core/network/emit-onnx.js';
import { float32, type Tensor } from '../../core/tensor.js';
import { expectClose } from './agreement.js';
import { noise } from './conformance-case.js';

const constants = new Map<ValueId, Tensor>([
  ...[0, 1, 2].map((i) => [`w${i}`, noise(`blocks w${i}`, [16, 16, 3, 3])] as const),
  ['narrow', noise('blocks narrow', [12, 16, 3, 3])],
  ...['scale', 'shift', 'mean'].map((name) => [name, noise(`blocks ${name}`, [16])] as const),
  ['variance', float32([16], new Float32Array(16).fill(0.5))],
]);

const conv = (input: ValueId, weights: ValueId, output: ValueId, stride = 1): NodeDraft => ({
  id: output,
  op: 'Conv',
  inputs: [input, weights],
  outputs: [output],
  attributes: { strides: [stride, stride], pads: [1, 1, 1, 1], dilations: [1, 1], group: 1 },
});
const node = (
  op: NodeDraft['op'],
  inputs: readonly ValueId[],
  output: ValueId,
  attributes: NodeDraft['attributes'] = op === 'BatchNormalization' ? { epsilon: 1e-5 } : {},
): NodeDraft => ({
  id: output,
  op,
  inputs,
  outputs: [output],
  attributes,
});

/** Its output is that of its last node. */
function network(nodes: readonly NodeDraft[]): Graph {
  const read = new Set(nodes.flatMap(({ inputs }) => inputs));
  return buildGraph({
    name: 'blocks',
    inputs: [{ id: 'x', shape: [DYNAMIC, 16, 8, 8], dtype: 'float32' }],
    outputs: nodes.at(-1)?.outputs ?? [],
    nodes,
    constants: new Map([...constants].filter(([id]) => read.has(id))),
  });
}

/** Two residual blocks on a stream that is fed, then one whose shortcut takes every other row and column of it. */
const residual = network([
  conv('x', 'w0', 'c0'),
  node('BatchNormalization', ['c0', 'scale', 'shift', 'mean', 'variance'], 'n0'),
  node('Add', ['n0', 'x'], 's0'),
  node('Relu', ['s0'], 'y0'),
  conv('y0', 'w1', 'c1'),
  node('Add', ['y0', 'c1'], 's1'),
  node('Relu', ['s1'], 'y1'),
  conv('y1', 'w2', 'c2', 2),
  node('Slice', ['y1'], 'shortcut', { starts: [0, 0], ends: [8, 8], axes: [2, 3], steps: [2, 2] }),
  node('Add', ['c2', 'shortcut'], 's2'),
  node('Relu', ['s2'], 'y2'),
]);

const pooled = (graph: Graph): readonly string[] =>
  graph.nodes.filter(({ op }) => op === 'AveragePool').map(({ inputs }) => inputs[0] as string);

describe('what is added to a convolution is brought into the blocked layout', () => {
  test('where it is not there: a fed stream and a sliced shortcut, but not the sum of a block before', () => {
    expect(pooled(inBlocks(residual))).toEqual(['x', 'shortcut']);
  });

  test('once, however many sums read it', () => {
    const twice = network([
      conv('x', 'w0', 'c0'),
      node('Add', ['c0', 'x'], 's0'),
      conv('s0', 'w1', 'c1'),
      node('Add', ['x', 'c1'], 's1'),
    ]);
    const laid = inBlocks(twice);
    expect(pooled(laid)).toEqual(['x']);
    expect(laid.nodes.filter(({ op }) => op === 'Add').every(({ inputs }) => !inputs.includes('x'))).toBe(true);
    expect(laid.nodes.find(({ id }) => id === 'c0')?.inputs[0]).toBe('x');
  });

  test.each([
    ['both sides are convolutions', [conv('x', 'w0', 'a'), conv('x', 'w1', 'b'), node('Add', ['a', 'b'], 'y')]],
    [
      'the convolution is read elsewhere, too',
      [conv('x', 'w0', 'a'), node('Add', ['a', 'x'], 's'), node('Mul', ['s', 'a'], 'y')],
    ],
    ['nothing is a convolution', [node('Relu', ['x'], 'a'), node('Add', ['a', 'x'], 'y')]],
    ['12 channels fill no block', [conv('x', 'narrow', 'a'), node('Relu', ['a'], 'r'), node('Add', ['a', 'r'], 'y')]],
  ] as const)('not where it gains nothing: %s', (_why, nodes) => {
    const graph = network([...nodes]);
    expect(inBlocks(graph)).toBe(graph);
  });

  describe('in onnxruntime', () => {
    let folder: string;
    beforeAll(async () => void (folder = await mkdtemp(path.join(tmpdir(), 'percuss-blocks-'))));
    afterAll(() => rm(folder, { recursive: true, force: true }));

    const operatorsRun = async (graph: Graph): Promise<readonly string[]> => {
      const file = path.join(folder, 'optimised.onnx');
      const session = await InferenceSession.create(emitOnnx(graph), {
        executionProviders: ['cpu'],
        graphOptimizationLevel: 'all',
        optimizedModelFilePath: file,
        logSeverityLevel: 4,
      });
      await session.release();
      return decodeModel('optimised', await readFile(file)).graph.node.map(({ opType }) => opType);
    };

    // Of other processors we don't know whether onnxruntime has kernels of that layout.
    test.runIf(process.arch === 'x64')(
      'sums become part of their convolutions, and the layout changes less often',
      async () => {
        const [plain, laid] = [await operatorsRun(residual), await operatorsRun(inBlocks(residual))];
        const count = (list: readonly string[], op: string): number => list.filter((other) => other === op).length;
        expect(count(plain, 'Add')).toBe(3);
        expect(count(laid, 'Add')).toBe(0);
        expect(count(laid, 'Relu')).toBe(0);
        expect(count(laid, 'ReorderOutput')).toBeLessThan(count(plain, 'ReorderOutput'));
      },
    );

    test('outputs are those of the definition', async () => {
      const x = noise('blocks x', [3, 16, 8, 8]);
      const engine = await openOnnxruntime();
      const program = await engine.compile(residual);
      const found = await program.run(new Map([['x', engine.upload(x)]]));
      const wanted = evaluateGraph(residual, new Map([['x', x]]));
      expectClose((await found.get('y2')?.read()) as Tensor, wanted.get('y2') as Tensor, 1e-6);
      await program.dispose();
    });
  });
});
