import { beforeAll, describe, expect, test } from 'vitest';
import * as tf from '@tensorflow/tfjs';
import { evaluateGraph } from '../../core/engine/reference.js';
import { anatomyOf } from '../../core/anatomy/anatomy.js';
import { DYNAMIC } from '../../core/network/graph.js';
import { importTfjs, weightFiles } from '../../core/import/tfjs/import-layers-model.js';
import { float32, type Tensor } from '../../core/tensor.js';
import { executed, GraphDraft } from './fixtures/graph-model.js';

import { cases, plain } from './graph-model-cases.js';
import { count, converted, expectExecuted, expectNear, images, type Files } from './graph-model-runs.js';

beforeAll(async () => {
  await tf.setBackend('cpu');
});

describe('graph models that the converter wrote give what TensorFlow.js computes', () => {
  test.each(['mobile', 'preactivated', 'mixed', 'preactivated-uint8', 'preactivated-uint16', 'preactivated-float16'])(
    '%s',
    async (name) => {
      await expectExecuted(converted(name));
    },
  );
});

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
