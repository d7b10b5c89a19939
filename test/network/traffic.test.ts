import { expect, test } from 'vitest';
import { buildGraph, type NodeDraft } from '../../core/network/build.js';
import { DYNAMIC, type ValueId } from '../../core/network/graph.js';
import { trafficOf } from '../../core/network/traffic.js';
import { float32 } from '../../core/tensor.js';

const filled = (...shape: readonly number[]): ReturnType<typeof float32> =>
  float32(shape, new Float32Array(shape.reduce((product, size) => product * size, 1)).fill(0.5));
const norm = ['scale', 'shift', 'mean', 'variance'];
const attributes: Partial<Record<NodeDraft['op'], NodeDraft['attributes']>> = {
  Conv: { strides: [1, 1], pads: [0, 0, 0, 0], dilations: [1, 1], group: 1 },
  BatchNormalization: { epsilon: 1e-5 },
  InstanceNormalization: { epsilon: 1e-5 },
  LayerNormalization: { axis: 1, epsilon: 1e-5 },
  LRN: { alpha: 1, beta: 0.5, bias: 1, size: 3 },
};

/** Bytes at each node in maps of 4 channels of 5 × 5 float32: 400 bytes are one. Nodes are named by what they give. */
function maps(
  outputs: readonly ValueId[],
  ...nodes: readonly (readonly [ValueId, NodeDraft['op'], ...ValueId[]])[]
): Readonly<Record<ValueId, number>> {
  const graph = buildGraph({
    name: 'traffic',
    inputs: [{ id: 'x', shape: [DYNAMIC, 4, 5, 5], dtype: 'float32' }],
    outputs,
    nodes: nodes.map(([id, op, ...inputs]) => ({ id, op, inputs, outputs: [id], attributes: attributes[op] ?? {} })),
    constants: new Map([
      ['weights', filled(4, 4, 1, 1)],
      ['bias', filled(4, 1, 1)],
      ['each', filled(4, 5, 5)],
      ...norm.map((name) => [name, filled(4)] as const),
    ]),
  });
  return Object.fromEntries([...trafficOf(graph)].map(([id, bytes]) => [id, bytes / 400]));
}

test('a convolution reads and writes; what is folded into it moves nothing, but for the map that is added', () => {
  const moved = maps(
    ['relu'],
    ['conv', 'Conv', 'x', 'weights'],
    ['normal', 'BatchNormalization', 'conv', ...norm],
    ['biased', 'Add', 'bias', 'normal'],
    ['added', 'Add', 'x', 'biased'],
    ['relu', 'Relu', 'added'],
  );
  expect(moved).toEqual({ conv: 2, normal: 0, biased: 0, added: 1, relu: 0 });
});

test('a sum that is read elsewhere, or activated, is written before another map is added', () => {
  const conv = ['conv', 'Conv', 'x', 'weights'] as const;
  expect(maps(['conv', 'added'], conv, ['added', 'Add', 'conv', 'x'])).toEqual({ conv: 2, added: 3 });
  const branched = maps(['both'], conv, ['added', 'Add', 'conv', 'x'], ['both', 'Mul', 'added', 'conv']);
  expect(branched).toEqual({ conv: 2, added: 3, both: 3 });
  const activated = maps(['added'], conv, ['relu', 'Relu', 'conv'], ['added', 'Add', 'relu', 'x']);
  expect(activated).toEqual({ conv: 2, relu: 0, added: 3 });
});

test('behind an added map or an activation, a normalisation is a pass of its own', () => {
  const conv = ['conv', 'Conv', 'x', 'weights'] as const;
  const preactivated = maps(
    ['relu'],
    conv,
    ['added', 'Add', 'conv', 'x'],
    ['normal', 'BatchNormalization', 'added', ...norm],
    ['relu', 'Relu', 'normal'],
  );
  expect(preactivated).toEqual({ conv: 2, added: 1, normal: 2, relu: 2 });
  const late = maps(['normal'], conv, ['relu', 'Relu', 'conv'], ['normal', 'BatchNormalization', 'relu', ...norm]);
  expect(late).toEqual({ conv: 2, relu: 0, normal: 2 });
});

test.each([['InstanceNormalization', 'scale', 'shift'], ['LayerNormalization', 'each', 'each'], ['LRN']] as const)(
  '%s measures each map, so that nothing is folded into the convolution before it',
  (op, ...parameters) => {
    const conv = ['conv', 'Conv', 'x', 'weights'] as const;
    const moved = maps(['relu'], conv, ['normal', op, 'conv', ...parameters], ['relu', 'Relu', 'normal']);
    expect(moved).toEqual({ conv: 2, normal: 2, relu: 2 });
  },
);

test('of two convolutions that are added, one is folded', () => {
  const moved = maps(
    ['added'],
    ['left', 'Conv', 'x', 'weights'],
    ['right', 'Conv', 'x', 'weights'],
    ['added', 'Add', 'left', 'right'],
  );
  expect(moved).toEqual({ left: 2, right: 2, added: 1 });
});
