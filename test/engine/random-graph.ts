import fc from 'fast-check';
import { buildGraph, type NodeDraft } from '../../core/network/build.js';
import { DYNAMIC, type Graph } from '../../core/network/graph.js';
import type { Tensor } from '../../core/tensor.js';
import { noise } from './cases.js';

const block = fc.record({
  kind: fc.constantFrom('conv', 'depthwise', 'residual', 'pool', 'norm', 'fire'),
  activation: fc.constantFrom('Relu', 'Tanh', 'HardSwish', 'Sigmoid', undefined),
  kernels: fc.integer({ min: 1, max: 9 }),
  size: fc.integer({ min: 1, max: 3 }),
  stride: fc.integer({ min: 1, max: 2 }),
  seed: fc.nat(10_000),
});

/** Small convolutional networks with residual, depthwise, pooling and branching blocks, and an input for each. */
export function randomGraph(): fc.Arbitrary<{ readonly graph: Graph; readonly input: Tensor<'float32'> }> {
  return fc
    .record({
      images: fc.integer({ min: 1, max: 3 }),
      channels: fc.integer({ min: 1, max: 4 }),
      size: fc.integer({ min: 6, max: 11 }),
      blocks: fc.array(block, { minLength: 1, maxLength: 5 }),
    })
    .map(({ images, channels, size, blocks }) => {
      const nodes: NodeDraft[] = [];
      const constants = new Map<string, Tensor>();
      let [value, width, count] = ['x', channels, 0];
      const add = (
        op: NodeDraft['op'],
        inputs: readonly string[],
        attributes: NonNullable<NodeDraft['attributes']> = {},
      ): string => {
        const id = `n${(count += 1)}`;
        nodes.push({ id, op, inputs, outputs: [`${id}:0`], attributes });
        return `${id}:0`;
      };
      const weights = (seed: number, shape: readonly number[]): string => {
        const id = `w${constants.size}`;
        constants.set(id, noise(`${seed} ${id}`, shape));
        return id;
      };
      const convolve = (
        from: string,
        into: number,
        b: { seed: number; size: number; stride: number },
        group = 1,
      ): string => {
        const pad = Math.floor(b.size / 2);
        return add('Conv', [from, weights(b.seed, [into, width / group, b.size, b.size]), weights(b.seed, [into])], {
          strides: [b.stride, b.stride],
          pads: [pad, pad, pad, pad],
          dilations: [1, 1],
          group,
        });
      };
      for (const b of blocks) {
        if (b.kind === 'conv') [value, width] = [convolve(value, b.kernels, b), b.kernels];
        if (b.kind === 'depthwise') value = convolve(value, width, b, width);
        if (b.kind === 'residual') value = add('Add', [convolve(value, width, { ...b, size: 3, stride: 1 }), value]);
        if (b.kind === 'fire') {
          const parts = [convolve(value, b.kernels, { ...b, size: 1 }), convolve(value, width, { ...b, size: 3 })];
          [value, width] = [add('Concat', parts, { axis: 1 }), b.kernels + width];
        }
        if (b.kind === 'pool') {
          value = add('MaxPool', [value], {
            kernel_shape: [2, 2],
            strides: [1, 1],
            pads: [1, 0, 0, 1],
            dilations: [1, 1],
            ceil_mode: 0,
          });
        }
        if (b.kind === 'norm') value = add('Mul', [value, weights(b.seed, [width, 1, 1])]);
        if (b.activation) value = add(b.activation, [value]);
      }
      const features = add('Flatten', [add('GlobalAveragePool', [value])], { axis: 1 });
      const logits = add('MatMul', [features, weights(1, [width, 10])]);
      const graph = buildGraph({
        name: 'random',
        inputs: [{ id: 'x', shape: [DYNAMIC, channels, size, size], dtype: 'float32' }],
        outputs: [logits],
        nodes,
        constants,
      });
      return { graph, input: noise(`input ${images} ${size}`, [images, channels, size, size]) };
    });
}
