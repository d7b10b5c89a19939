import { readFileSync, readdirSync } from 'node:fs';
import { beforeAll, describe, expect, test } from 'vitest';
import * as tf from '@tensorflow/tfjs';
import { evaluateGraph } from '../../core/engine/reference.js';
import { anatomyOf } from '../../core/network/anatomy.js';
import { DYNAMIC, type Graph, type Node } from '../../core/network/graph.js';
import type { Site } from '../../core/network/site.js';
import { importTfjs, weightFiles } from '../../core/network/tfjs/import.js';
import { randomStream } from '../../core/random.js';
import { float32, sizeOf, type Tensor } from '../../core/tensor.js';
import { executed, GraphDraft } from './fixtures/graph-model.js';
import { masked } from './fixtures/masked.js';

beforeAll(async () => {
  await tf.setBackend('cpu');
});

type Files = ReadonlyMap<string, Uint8Array>;

const folder = new URL('fixtures/graph-models/', import.meta.url);
/** What `fixtures/graph_models.py` made with TensorFlow's converter. */
const converted = (name: string): Files =>
  new Map(
    readdirSync(new URL(`${name}/`, folder)).map((file) => [
      file,
      new Uint8Array(readFileSync(new URL(`${name}/${file}`, folder))),
    ]),
  );

function images(graph: Graph, count = 2): Tensor<'float32'> {
  const stream = randomStream(9, 'images');
  const shape = [count, ...(graph.inputs[0]?.shape.slice(1) ?? [])];
  return float32(
    shape,
    Float32Array.from({ length: sizeOf(shape) }, () => 2 * stream.uniform() - 1),
  );
}

async function expectExecuted(files: Files): Promise<Graph> {
  const graph = importTfjs('graph', files);
  const input = images(graph);
  const expected = await executed(files, input);
  const results = evaluateGraph(graph, new Map([[graph.inputs[0]?.id as string, input]]));
  const got = graph.outputs.map((output) => results.get(output) as Tensor);
  expect(got.map(({ shape }) => shape)).toEqual(expected.map(({ shape }) => shape));
  got.forEach((result, i) => expectNear(result, expected[i] as Tensor<'float32'>));
  return graph;
}

/** To 1e-5 of the largest. */
function expectNear({ data }: Tensor, { data: wanted }: Tensor<'float32'>): void {
  const scale = wanted.reduce((largest, x) => Math.max(largest, Math.abs(x)), 1e-3);
  const worst = (data as Float32Array).reduce((most, x, at) => Math.max(most, Math.abs(x - (wanted[at] as number))), 0);
  expect(worst / scale).toBeLessThan(1e-5);
  expect(wanted.some((x) => x !== wanted[0])).toBe(true);
}

const count = (graph: Graph, op: string): number => graph.nodes.filter((node) => node.op === op).length;

describe('graph models that the converter wrote give what TensorFlow.js computes', () => {
  test.each(['mobile', 'preactivated', 'mixed', 'preactivated-uint8', 'preactivated-uint16', 'preactivated-float16'])(
    '%s',
    async (name) => {
      await expectExecuted(converted(name));
    },
  );
});

const plain = { strides: [1, 1, 1, 1], dilations: [1, 1, 1, 1], padding: 'SAME' };

type Build = (g: GraphDraft, x: string) => string | Readonly<Record<string, string>>;

/** Each with an input of its own; the last value is the output. */
const cases: Readonly<Record<string, readonly [readonly number[], Build]>> = {
  'a strided convolution on odd sizes with same padding': [
    [-1, 7, 6, 3],
    (g, x) => g.node('Conv2D', [x, g.weights([3, 2, 3, 4])], { ...plain, strides: [1, 2, 2, 1] }),
  ],
  'a dilated convolution with pads as given': [
    [-1, 8, 7, 2],
    (g, x) =>
      g.node('Conv2D', [x, g.weights([3, 3, 2, 4])], {
        strides: [1, 1, 1, 1],
        dilations: [1, 2, 1, 1],
        padding: 'EXPLICIT',
        explicit_paddings: [0, 0, 2, 1, 0, 1, 0, 0],
      }),
  ],
  'a depthwise convolution with a multiplier, an own bias and a leaky ReLU': [
    [-1, 7, 7, 3],
    (g, x) =>
      g.node(
        'LeakyRelu',
        [
          g.node(
            'BiasAdd',
            [
              g.node('DepthwiseConv2dNative', [x, g.weights([3, 3, 3, 2])], { ...plain, strides: [1, 2, 2, 1] }),
              g.weights([6]),
            ],
            { data_format: 'NHWC' },
          ),
        ],
        { alpha: 0.3 },
      ),
  ],
  'fused convolutions with every function': [
    [-1, 5, 5, 2],
    (g, x) =>
      Object.fromEntries(
        ['Relu', 'Relu6', 'Elu', 'Sigmoid', 'LeakyRelu', 'Prelu'].map((name) => {
          const extra = name === 'Prelu' ? [g.weights([1, 1, 3])] : [];
          const settings = {
            strides: [1, 1, 1, 1],
            padding: 'VALID',
            fused_ops: ['BiasAdd', name],
            num_args: 1 + extra.length,
            leakyrelu_alpha: 0.4,
          };
          return [name, g.node('_FusedConv2D', [x, g.weights([3, 3, 2, 3]), g.weights([3]), ...extra], settings)];
        }),
      ),
  ],
  'normalisation apart, on maps': [
    [-1, 4, 4, 3],
    (g, x) =>
      g.node('FusedBatchNormV3', [x, g.weights([3]), g.weights([3]), g.weights([3]), g.weights([3], true)], {
        epsilon: 0.01,
        is_training: false,
      }),
  ],
  'normalisation computed from constants': [
    [-1, 4, 4, 3],
    (g, x) => {
      const spread = g.node('Rsqrt', [g.node('AddV2', [g.weights([3], true), g.float(0.001)])]);
      const scale = g.node('Mul', [spread, g.weights([3])]);
      const shift = g.node('Sub', [g.weights([3]), g.node('Mul', [g.weights([3]), scale])]);
      return g.node('AddV2', [g.node('Mul', [x, scale]), shift]);
    },
  ],
  'pools with same padding': [
    [-1, 7, 6, 2],
    (g, x) => {
      const settings = { ksize: [1, 3, 2, 1], strides: [1, 2, 2, 1], padding: 'SAME' };
      return { max: g.node('MaxPool', [x], settings), average: g.node('AvgPool', [x], settings) };
    },
  ],
  'functions of each element': [
    [-1, 3, 3, 2],
    (g, x) => {
      const positive = g.node('Exp', [x]);
      const signed = ['Abs', 'Elu', 'Erf', 'Neg', 'Relu', 'Relu6', 'Selu', 'Sigmoid', 'Softplus', 'Square', 'Tanh'];
      const ofPositive = ['Log', 'Rsqrt', 'Sqrt', 'Reciprocal'];
      return Object.fromEntries([
        ...signed.map((op) => [op, g.node(op, [x])]),
        ...ofPositive.map((op) => [op, g.node(op, [positive])]),
        ['ClipByValue', g.node('ClipByValue', [x, g.float(-0.25), g.float(0.5)])],
        ['Prelu', g.node('Prelu', [x, g.weights([3, 3, 2])])],
      ]);
    },
  ],
  'operands of each kind': [
    [-1, 4, 3, 2],
    (g, x) => {
      const gate = g.node('Sigmoid', [g.node('Mean', [x, g.ints([1, 2])], { keep_dims: true })]);
      return {
        gated: g.node('Mul', [x, gate]),
        rows: g.node('Sub', [g.weights([4, 1, 1]), x]),
        places: g.node('RealDiv', [x, g.weights([1, 4, 3, 1], true)]),
        squared: g.node('SquaredDifference', [x, gate]),
        sum: g.node('AddN', [x, g.node('Relu', [x]), g.node('Tanh', [x])]),
        most: g.node('Maximum', [x, g.node('Neg', [x])]),
        bounded: g.node('Minimum', [g.node('Maximum', [x, g.float(-0.1)]), g.float(0.4)]),
      };
    },
  ],
  'a matrix product, transposed, and one with what is fused into it': [
    [-1, 6],
    (g, x) => {
      const hidden = g.node('_FusedMatMul', [x, g.weights([6, 5]), g.weights([5])], {
        fused_ops: ['BiasAdd', 'Relu'],
        num_args: 1,
      });
      return g.node('Softmax', [g.node('MatMul', [hidden, g.weights([4, 5])], { transpose_b: true })]);
    },
  ],
  'a shape that is computed from the images': [
    [-1, 3, 4, 2],
    (g, x) => {
      const shape = g.node('Shape', [x]);
      const part = (at: number): string =>
        g.node('StridedSlice', [shape, g.ints([at]), g.ints([at + 1]), g.ints([1])], { shrink_axis_mask: 1 });
      const area = g.node('Mul', [part(1), part(2)]);
      const flat = g.node('Reshape', [x, g.node('Pack', [part(0), area, part(3)], { axis: 0 })]);
      const all = g.node(
        'Prod',
        [g.node('StridedSlice', [shape, g.ints([1]), g.ints([4]), g.ints([1])]), g.ints([0])],
        {
          keep_dims: true,
        },
      );
      const joined = g.node('ConcatV2', [g.ints([-1]), all, g.int(0)]);
      return { flat, all: g.node('Reshape', [g.node('Relu', [x]), joined]) };
    },
  ],
  'parts of maps': [
    [-1, 6, 5, 4],
    (g, x) => ({
      slice: g.node('Slice', [x, g.ints([0, 1, 0, 1]), g.ints([-1, 3, -1, 2])]),
      strided: g.node('StridedSlice', [x, g.ints([0, 1, 0, 0]), g.ints([0, -1, 0, 0]), g.ints([1, 2, 1, 1])], {
        begin_mask: 1 + 4 + 8,
        end_mask: 1 + 4 + 8,
      }),
      picked: g.node('StridedSlice', [x, g.ints([0, 2]), g.ints([0, 3]), g.ints([1, 1])], {
        ellipsis_mask: 1,
        shrink_axis_mask: 2,
      }),
      row: g.node('StridedSlice', [x, g.ints([0, -1]), g.ints([0, 0]), g.ints([1, 1])], {
        begin_mask: 1,
        end_mask: 1,
        shrink_axis_mask: 2,
      }),
      gathered: g.node('GatherV2', [x, g.ints([3, 0, 0]), g.int(-1)]),
    }),
  ],
  'halves of channels that are joined again, and maps joined along rows': [
    [-1, 4, 3, 6],
    (g, x) => {
      const parts = g.node('Split', [g.int(3), x], { num_split: 2 }, 'halves');
      const joined = g.node('ConcatV2', [`${parts}:1`, g.node('Relu', [parts]), g.int(-1)]);
      const uneven = g.node('SplitV', [joined, g.ints([1, -1]), g.int(1)], { num_split: 2 }, 'uneven');
      return g.node('ConcatV2', [`${uneven}:1`, uneven, g.int(1)]);
    },
  ],
  'padding with zeros, another number and mirrored': [
    [-1, 4, 3, 2],
    (g, x) => {
      const margins = (pads: number[]): string => g.ints(pads, [4, 2]);
      return {
        zeros: g.node('Pad', [x, margins([0, 0, 1, 2, 0, 1, 0, 0])]),
        number: g.node('PadV2', [x, margins([0, 0, 0, 1, 2, 0, 1, 0]), g.float(0.5)]),
        mirrored: g.node('MirrorPad', [x, margins([0, 0, 1, 2, 2, 1, 0, 0])], { mode: 'REFLECT' }),
      };
    },
  ],
  'means, sums and largest along axes': [
    [-1, 4, 3, 2],
    (g, x) => ({
      mean: g.node('Mean', [x, g.ints([-1])], { keep_dims: true }),
      sum: g.node('Sum', [x, g.ints([1])]),
      most: g.node('Max', [x, g.ints([1, 2])]),
      all: g.node('Mean', [x, g.ints([1, 2, 3])], { keep_dims: true }),
    }),
  ],
  'axes of length 1 that come and go': [
    [-1, 1, 1, 6],
    (g, x) => {
      const flat = g.node('Squeeze', [x], { squeeze_dims: [1, 2] });
      const map = g.node('ExpandDims', [g.node('ExpandDims', [flat, g.int(1)]), g.int(-2)]);
      return g.node('Conv2D', [map, g.weights([1, 1, 6, 3])], plain);
    },
  ],
  'channels first in between': [
    [-1, 5, 4, 3],
    (g, x) => {
      const first = g.node('Transpose', [x, g.ints([0, 3, 1, 2])]);
      const bounded = g.node('AddV2', [g.node('Relu', [first]), g.weights([3, 1, 1])]);
      const last = g.node('Transpose', [bounded, g.ints([0, 2, 3, 1])]);
      return g.node('Conv2D', [last, g.weights([3, 3, 3, 4])], plain);
    },
  ],
  'a softmax over channels, of a map that is then flattened': [
    [-1, 3, 4, 2],
    (g, x) => {
      const bent = g.node('Conv2D', [x, g.weights([1, 1, 2, 3])], { ...plain, padding: 'VALID' });
      return g.node('Reshape', [g.node('Softmax', [bent]), g.ints([-1, 36])]);
    },
  ],
  'local response normalisation': [
    [-1, 3, 3, 8],
    (g, x) => g.node('LRN', [x], { depth_radius: 2, bias: 1.5, alpha: 0.2, beta: 0.75 }),
  ],
};

describe('nodes of a graph model give what TensorFlow.js computes', () => {
  test.each(Object.entries(cases))('%s', async (_, [shape, build]) => {
    const draft = new GraphDraft();
    const made = build(draft, draft.input(shape));
    await expectExecuted(draft.files(typeof made === 'string' ? { output: made } : made));
  });
});

describe('a graph model', () => {
  test('is NCHW inside: one Transpose behind the input, one before maps are flattened', () => {
    const counts = ['mobile', 'preactivated', 'mixed'].map((name) =>
      count(importTfjs(name, converted(name)), 'Transpose'),
    );
    expect(counts).toEqual([1, 1, 2]);
  });

  test('with convolutions that have their channels first needs no Transpose, and gives the same', async () => {
    const network = (first: boolean): Files => {
      const g = new GraphDraft();
      const order = (four: readonly [number, number, number, number]): readonly number[] =>
        first ? [four[0], four[3], four[1], four[2]] : four;
      const same = { padding: 'SAME', data_format: first ? 'NCHW' : 'NHWC' };
      const x = g.input(order([-1, 7, 6, 3]));
      const steps = { strides: order([1, 2, 2, 1]), dilations: [1, 1, 1, 1], ...same };
      const conv = g.node('Conv2D', [x, g.weights([3, 3, 3, 4])], steps);
      const bias = g.node('BiasAdd', [conv, g.weights([4])], same);
      const windows = { ksize: order([1, 3, 2, 1]), strides: order([1, 2, 1, 1]), ...same };
      const pool = g.node('MaxPool', [bias], windows);
      return g.files({ output: g.node('Mean', [pool, g.ints(first ? [2, 3] : [1, 2])]) });
    };
    const graph = importTfjs('first', network(true));
    expect(graph.nodes.map(({ op }) => op)).toEqual(['Conv', 'Add', 'MaxPool', 'GlobalAveragePool', 'Reshape']);
    const last = images(importTfjs('last', network(false)));
    const [height, width, channels] = [7, 6, 3];
    const turned = Float32Array.from(last.data, (_, i) => {
      const [pixel, plane] = [i % (height * width), Math.floor(i / (height * width))];
      const [image, channel] = [Math.floor(plane / channels), plane % channels];
      return last.data[(image * height * width + pixel) * channels + channel] as number;
    });
    const feeds = new Map([['images', float32([2, channels, height, width], turned)]]);
    const [expected] = await executed(network(false), last);
    expectNear(evaluateGraph(graph, feeds).get('output') as Tensor, expected as Tensor<'float32'>);
  });

  test('is called as its author called it, with the full names beside', () => {
    const { layers, blocks, sites } = anatomyOf(importTfjs('mobile', converted('mobile')));
    expect(layers.map(({ name }) => name)).toEqual([
      'stem',
      'block1_depthwise',
      'block1_project',
      'block2_depthwise',
      'block2_project',
    ]);
    expect(layers.map(({ coupled }) => coupled)).toEqual([
      [],
      ['block1_expand', 'block1_depthwise'],
      [],
      ['block2_expand', 'block2_depthwise'],
      [],
    ]);
    expect(blocks).toMatchObject([{ name: 'block1', layers: ['block1_depthwise', 'block1_project'] }]);
    expect(sites[0]?.aliases).toContain('StatefulPartitionedCall/mobile/stem_relu/Relu6/Conv2D');
  });

  test('whose images are scaled first has its Transpose before that, and fields of rows and columns', async () => {
    const g = new GraphDraft();
    const scaled = g.node('Sub', [g.node('Mul', [g.input([-1, 9, 9, 3]), g.float(2)]), g.weights([3])]);
    const conv = g.node('Conv2D', [scaled, g.weights([3, 3, 3, 4])], { ...plain, padding: 'VALID' });
    const gate = g.node('Mean', [g.node('Relu', [conv]), g.ints([1, 2])], { keep_dims: true });
    const second = g.node('Conv2D', [gate, g.weights([1, 1, 4, 5])], plain);
    const features = g.node('Squeeze', [g.node('Relu', [second])], { squeeze_dims: [1, 2] });
    const graph = await expectExecuted(g.files({ output: g.node('MatMul', [features, g.weights([5, 3])]) }));
    expect(graph.nodes.slice(0, 4).map(({ op }) => op)).toEqual(['Transpose', 'Mul', 'Sub', 'Conv']);
    expect(anatomyOf(graph).sites.map((site) => site.receptiveField)).toEqual([
      [3, 3],
      [9, 9],
    ]);
  });

  test('keeps channels through a shuffle', () => {
    const graph = importTfjs('mixed', converted('mixed'));
    expect(graph.nodes.find(({ op }) => op === 'Gather')?.attributes).toEqual({
      axis: 1,
      indices: [0, 4, 8, 1, 5, 9, 2, 6, 10, 3, 7, 11],
    });
  });

  test('leaves the number of images open also where the file fixes it', async () => {
    const g = new GraphDraft();
    const x = g.input([1, 4, 4, 2]);
    const shape = g.node('Reshape', [x, g.ints([1, 32])]);
    const files = g.files({ output: g.node('MatMul', [shape, g.weights([32, 3])]) });
    const graph = importTfjs('fixed', files);
    expect(graph.inputs[0]?.shape[0]).toBe(DYNAMIC);
    expect(graph.shapes.get('output')).toEqual([DYNAMIC, 3]);
  });

  test('without a signature has what nobody reads as outputs', () => {
    const g = new GraphDraft();
    const x = g.input([-1, 2, 2, 1]);
    g.node('Relu', [x], {}, 'left');
    g.node('Tanh', [x], {}, 'right');
    expect(importTfjs('loose', g.files()).outputs).toEqual(['left', 'right']);
  });

  test('names its weight files', () => {
    expect(weightFiles('mobile', converted('mobile').get('model.json') as Uint8Array)).toEqual([
      'group1-shard1of1.bin',
    ]);
  });
});

describe('a graph model that cannot be read is refused in one message', () => {
  const refusal = (build: (g: GraphDraft) => string): unknown => {
    const g = new GraphDraft();
    try {
      return importTfjs('strange', g.files({ output: build(g) }));
    } catch (error) {
      return error;
    }
  };

  test('that names every node, its operator and why', () => {
    const error = refusal((g) => {
      const x = g.input([-1, 4, 4, 2]);
      const one = g.node('ResizeBilinear', [x, g.ints([8, 8])], {}, 'decoder/up');
      const two = g.node('MirrorPad', [x, g.ints([0, 0, 1, 1, 1, 1, 0, 0], [4, 2])], { mode: 'SYMMETRIC' }, 'pad');
      const three = g.node(
        'FusedBatchNormV3',
        [x, ...[1, 2, 3, 4].map(() => g.weights([2]))],
        { is_training: true },
        'bn',
      );
      return g.node('AddN', [one, two, three]);
    });
    expect(error).toMatchObject({
      code: 'MODEL_UNSUPPORTED',
      details: { operators: 'ResizeBilinear, MirrorPad, FusedBatchNormV3' },
    });
    expect((error as Error).message).toMatch(/ResizeBilinear \(node "decoder\/up"\)\n/);
    expect((error as Error).message).toMatch(/MirrorPad \(node "pad"\): mode SYMMETRIC/);
    expect((error as Error).message).toMatch(/FusedBatchNormV3 \(node "bn"\): it is in training mode/);
  });

  test.each<[string, RegExp, (g: GraphDraft) => string]>([
    [
      'an input of open size',
      /only the number of images may be open/,
      (g) => g.node('Relu', [g.input([-1, -1, -1, 3])]),
    ],
    [
      'an input of whole numbers',
      /holds int32; export/,
      (g) => g.node('Relu', [g.input([-1, 4, 4, 3], 'images', 'DT_INT32')]),
    ],
    [
      'a part of the images',
      /it takes a part of the images/,
      (g) => g.node('Slice', [g.input([-1, 4]), g.ints([1, 0]), g.ints([1, -1])]),
    ],
    [
      'images that are mixed',
      /images are no longer apart/,
      (g) => g.node('Reshape', [g.input([-1, 4, 6]), g.ints([-1, 8])]),
    ],
    ['a sum over images', /along the images' axis/, (g) => g.node('Mean', [g.input([-1, 4]), g.ints([0])])],
    [
      'weights that are computed',
      /its kernels must be constant/,
      (g) => {
        const x = g.input([-1, 4, 4, 3]);
        return g.node('Conv2D', [x, x], plain);
      },
    ],
  ])('%s', (_, message, build) => {
    expect(refusal(build)).toMatchObject({ code: 'MODEL_UNSUPPORTED', message: expect.stringMatching(message) });
  });

  test('a node that is not there, a weight that ends early', () => {
    expect(refusal((g) => g.node('Relu', ['nowhere']))).toMatchObject({ code: 'MODEL_INVALID' });
    const files = new Map(converted('mobile'));
    files.set('group1-shard1of1.bin', (files.get('group1-shard1of1.bin') as Uint8Array).slice(0, 100));
    expect(() => importTfjs('short', files)).toThrow(/end before the weight/);
  });
});

describe('a lesion equals the file with that kernel’s weights and bias set to 0, as TensorFlow.js runs it', () => {
  test.each([
    ['mobile', []],
    ['preactivated', []],
    // A Sigmoid makes 1/2 of 0.
    ['mixed', ['expand']],
  ])('%s', async (name, skipped) => {
    const files = converted(name);
    const graph = importTfjs(name, files);
    const { layers, sites } = anatomyOf(graph);
    const input = images(graph, 1);
    const left = layers.filter((layer) => !skipped.includes(layer.name));
    expect(left).toHaveLength(layers.length - skipped.length);
    for (const layer of left) {
      const site = sites.find((candidate) => candidate.name === layer.site) as Site;
      const conv = graph.nodes.find((node) => node.id === layer.node) as Node;
      const added = graph.nodes.flatMap((node) => (node.inputs[0] === conv.outputs[0] ? node.inputs.slice(1) : []));
      const biases = added.filter((id) => graph.constants.get(id)?.data.length === layer.kernels);
      const own = [...conv.inputs.slice(1), ...biases];
      for (const kernel of [0, layer.kernels - 1]) {
        const [expected] = await executed(emptied(files, own, kernel, layer.kernels), input);
        const cut = masked(graph, [{ value: site.value, channels: [kernel] }]);
        const feeds = new Map([[graph.inputs[0]?.id as string, input]]);
        expectNear([...evaluateGraph(cut, feeds).values()][0] as Tensor, expected as Tensor<'float32'>);
      }
    }
  });
});

/** The files with kernel number `kernel` of some weights 0: TensorFlow's kernels are the last axes of their weights. */
function emptied(files: Files, weights: readonly string[], kernel: number, kernels: number): Files {
  const json = JSON.parse(new TextDecoder().decode(files.get('model.json'))) as tf.io.ModelJSON;
  const [group] = json.weightsManifest;
  const bytes = (files.get('group1-shard1of1.bin') as Uint8Array).slice();
  const view = new DataView(bytes.buffer);
  let at = 0;
  for (const { name, shape } of group?.weights ?? []) {
    for (let i = 0; i < sizeOf(shape); i++, at += 4) {
      if (weights.includes(name) && i % kernels === kernel) view.setFloat32(at, 0, true);
    }
  }
  expect(at).toBe(bytes.length);
  return new Map([...files, ['group1-shard1of1.bin', bytes]]);
}
