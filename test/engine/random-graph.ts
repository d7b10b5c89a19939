import fc from 'fast-check';
import { buildGraph, type NodeDraft } from '../../core/network/build.js';
import { DYNAMIC, type Graph } from '../../core/network/graph.js';
import type { Tensor } from '../../core/tensor.js';
import { noise } from './conformance-case.js';

const block = fc.record({
  kind: fc.constantFrom(
    'conv',
    'depthwise',
    'residual',
    'pool',
    'norm',
    'fire',
    'squeeze',
    'shuffle',
    'halves',
    'lines',
  ),
  activation: fc.constantFrom('Relu', 'Tanh', 'HardSwish', 'Sigmoid', 'Gelu', 'SiLU', undefined),
  kernels: fc.integer({ min: 1, max: 9 }),
  size: fc.integer({ min: 1, max: 3 }),
  stride: fc.integer({ min: 1, max: 2 }),
  seed: fc.nat(10_000),
});

/**
 * Small convolutional networks with residual, depthwise, pooling and branching blocks, squeeze and excite, channel shuffles,
 * halves of channels and LayerNormalization over channels, and an input for each.
 */
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
      const split = (from: string, sizes: readonly [number, number]): readonly [string, string] => {
        const id = `n${(count += 1)}`;
        nodes.push({
          id,
          op: 'Split',
          inputs: [from],
          outputs: [`${id}:0`, `${id}:1`],
          attributes: { axis: 1, split: sizes },
        });
        return [`${id}:0`, `${id}:1`];
      };
      const pointwise = (b: { seed: number }) => ({ seed: b.seed, size: 1, stride: 1 });
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
        if (b.kind === 'squeeze') {
          const pooled = add('ReduceMean', [value], { axes: [2, 3], keepdims: 1 });
          const gate = convolve(add('Relu', [convolve(pooled, width, pointwise(b))]), width, pointwise(b));
          value = add('Mul', [value, add('HardSigmoid', [gate], { alpha: 0.2, beta: 0.5 })]);
        }
        if (b.kind === 'shuffle') {
          const order = Array.from({ length: width }, (_, c) => (c * 2) % (width % 2 === 0 ? width + 1 : width));
          value = add('Gather', [value], { axis: 1, indices: width % 2 === 0 ? order.map((c) => c % width) : order });
        }
        if (b.kind === 'halves' && width > 1) {
          const half = Math.floor(width / 2);
          const [left, right] = split(value, [half, width - half]);
          value = add('Concat', [right, add('Abs', [left])], { axis: 1 });
        }
        if (b.kind === 'lines') {
          const last = add('Transpose', [value], { perm: [0, 2, 3, 1] });
          const parameters = [weights(b.seed, [width]), weights(b.seed, [width])];
          const lines = add('LayerNormalization', [last, ...parameters], { axis: 3, epsilon: 0.1 });
          value = add('Transpose', [lines], { perm: [0, 3, 1, 2] });
        }
        if (b.kind === 'norm') value = add('Mul', [value, weights(b.seed, [width, 1, 1])]);
        if (b.activation === 'SiLU') value = add('Mul', [value, add('Sigmoid', [value])]);
        else if (b.activation === 'Gelu') value = add('Gelu', [value], { approximate: 'none' });
        else if (b.activation) value = add(b.activation, [value]);
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
