import { describe, expect, test } from 'vitest';
import { anatomyOf } from '../../core/anatomy/anatomy.js';
import { importTfjs } from '../../core/import/tfjs/import-layers-model.js';
import { float32, sizeOf, type Tensor } from '../../core/tensor.js';
import { randomStream } from '../../core/random.js';
import { GraphDraft } from './fixtures/graph-model.js';
import { layersModelFiles } from './fixtures/layers-model.js';
import { lastOutput } from './fixtures/run.js';

describe('norms of TensorFlow are followed, however they are written', () => {
  const convolved = (g: GraphDraft, x: string, name: string): string => {
    const kernel = g.weights([3, 3, 4, 4], false, `${name}/kernel`);
    return g.node('Conv2D', [x, kernel], { strides: [1, 1, 1, 1], padding: 'SAME' }, name);
  };

  test('group normalisation of a graph model: a map reshaped to groups, moments, and back', () => {
    const g = new GraphDraft();
    const first = convolved(g, g.input([-1, 5, 6, 4]), 'first');
    const groups = g.node('Reshape', [first, g.ints([-1, 5, 6, 2, 2])]);
    const keep = { keep_dims: true };
    const mean = g.node('Mean', [groups, g.ints([1, 2, 4])], keep);
    const variance = g.node('Mean', [g.node('SquaredDifference', [groups, mean]), g.ints([1, 2, 4])], keep);
    const inverse = g.node('Rsqrt', [g.node('AddV2', [variance, g.float(0.001)])]);
    const scale = g.node('Mul', [inverse, g.weights([1, 1, 1, 2, 2], true)]);
    const shift = g.node('Sub', [g.weights([1, 1, 1, 2, 2]), g.node('Mul', [mean, scale])]);
    const normed = g.node('AddV2', [g.node('Mul', [groups, scale]), shift]);
    const back = g.node('Relu', [g.node('Reshape', [normed, g.ints([-1, 5, 6, 4])])], {}, 'relu');
    const last = g.node('Mean', [convolved(g, back, 'second'), g.ints([1, 2])], {}, 'mean');
    const y = g.node('MatMul', [last, g.weights([4, 3])], {}, 'dense');
    const anatomy = anatomyOf(importTfjs('norms', g.files({ y })));
    expect(anatomy.sites[0]).toMatchObject({ name: 'first', type: 'rectified', stride: [1, 1], wholeImage: true });
    expect(anatomy.layers[0]?.ended).toBeUndefined();
  });

  test('layer GroupNormalization of Keras computes what its definition says', async () => {
    const stream = randomStream(4, 'group');
    const weights = [
      { name: 'conv/kernel', shape: [1, 1, 2, 4], dtype: 'float32' },
      { name: 'conv/bias', shape: [4], dtype: 'float32' },
      { name: 'norm/gamma', shape: [4], dtype: 'float32' },
      { name: 'norm/beta', shape: [4], dtype: 'float32' },
    ];
    const held = weights.map(({ shape }) =>
      Float32Array.from({ length: sizeOf(shape) }, () => 2 * stream.uniform() - 1),
    );
    const layer = (className: string, name: string, config: object): object => ({
      class_name: className,
      config: { name, ...config },
    });
    const topology = {
      class_name: 'Sequential',
      config: {
        name: 'groups',
        layers: [
          layer('Conv2D', 'conv', { filters: 4, kernel_size: [1, 1], batch_input_shape: [null, 3, 5, 2] }),
          layer('GroupNormalization', 'norm', { groups: 2, axis: -1, epsilon: 0.01 }),
          layer('ReLU', 'relu', {}),
          layer('GlobalAveragePooling2D', 'pool', {}),
        ],
      },
    };
    const bytes = new Uint8Array(Buffer.concat(held.map((data) => Buffer.from(data.buffer))));
    const graph = importTfjs('groups', layersModelFiles(topology, weights, [bytes]));
    const x = float32(
      [1, 3, 5, 2],
      Float32Array.from({ length: 30 }, () => 2 * stream.uniform() - 1),
    );
    const got = await lastOutput(graph, x);
    const wanted = byDefinition(x, held);
    wanted.forEach((value, i) => expect(Number(got.data[i])).toBeCloseTo(value, 5));
  });
});

/** Mean over the map of relu(γ · (c − mean) / √(variance + 0.01) + β), two groups of two channels. */
function byDefinition(x: Tensor, held: readonly Float32Array[]): readonly number[] {
  const [kernel = [], bias = [], gamma = [], beta = []] = held.map((data) => [...data]);
  const every = Array.from({ length: 15 }, (_, p) => p);
  const at = (p: number, k: number): number =>
    [0, 1].reduce((sum, c) => sum + Number(x.data[2 * p + c]) * (kernel[4 * c + k] as number), bias[k] as number);
  return [0, 1, 2, 3].map((k) => {
    const members = every.flatMap((p) => (k < 2 ? [0, 1] : [2, 3]).map((c) => at(p, c)));
    const mean = members.reduce((a, b) => a + b, 0) / members.length;
    const variance = members.reduce((sum, value) => sum + (value - mean) ** 2, 0) / members.length;
    const normed = (p: number): number =>
      ((at(p, k) - mean) / Math.sqrt(variance + 0.01)) * (gamma[k] as number) + (beta[k] as number);
    return every.reduce((sum, p) => sum + Math.max(0, normed(p)), 0) / every.length;
  });
}
