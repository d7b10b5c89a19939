import { describe, expect, test } from 'vitest';
import { anatomyOf } from '../../core/anatomy/anatomy.js';
import { describeNetwork, networkLines } from '../../core/anatomy/describe.js';
import type { Anatomy } from '../../core/anatomy/site.js';
import { SmallNetwork } from '../import/fixtures/small-network.js';

type Step = (net: SmallNetwork, x: string) => string;

const number = (net: SmallNetwork, id: string, value: number): string => net.constant(id, [], value);

/** (x − mean) / √(variance + ε) over some axes, as TorchScript writes it. */
function centred(net: SmallNetwork, x: string, axes: readonly number[]): string {
  const away = net.node('Sub', 'away', [x, net.node('ReduceMean', 'mean', [x], { axes, keepdims: 1 })]);
  const squares = net.node('Pow', 'squares', [away, number(net, 'two', 2)]);
  const variance = net.node('ReduceMean', 'variance', [squares], { axes, keepdims: 1 });
  const deviation = net.node('Sqrt', 'deviation', [net.node('Add', 'kept', [variance, number(net, 'eps', 1e-5)])]);
  return net.node('Div', 'normed', [away, deviation]);
}

/** x · (γ / √…) + (β − mean · γ / √…), as TensorFlow writes it. */
function folded(net: SmallNetwork, x: string, axes: readonly number[]): string {
  const mean = net.node('ReduceMean', 'mean', [x], { axes, keepdims: 1 });
  const away = net.node('Sub', 'away', [x, mean]);
  const squares = net.node('Mul', 'squares', [away, away]);
  const variance = net.node('ReduceMean', 'variance', [squares], { axes, keepdims: 1 });
  const inverse = net.node('Reciprocal', 'inverse', [net.node('Sqrt', 'root', [variance])]);
  const factor = net.node('Mul', 'factor', [inverse, net.constant('gamma', [4, 1, 1])]);
  const shift = net.node('Sub', 'shift', [net.constant('beta', [4, 1, 1]), net.node('Mul', 'less', [mean, factor])]);
  return net.add('normed', net.node('Mul', 'times', [x, factor]), shift);
}

const affine = (net: SmallNetwork, x: string): string =>
  net.node('Add', 'act', [net.node('Mul', 'scaled', [x, net.constant('g', [4, 1, 1])]), net.constant('b0', [4, 1, 1])]);

const grouped = (net: SmallNetwork, x: string, norm: Step): string => {
  const split = net.node('Reshape', 'split', [x], { shape: [0, 2, -1] });
  return net.node('Reshape', 'joined', [norm(net, split)], { shape: [-1, 4, 8, 8] });
};

const instance: Step = (net, x) =>
  net.node('InstanceNormalization', 'instance', [x, net.constant('i1', [2], 1), net.constant('i0', [2], 0)], {
    epsilon: 1e-5,
  });

const norms: Readonly<Record<string, Step>> = {
  'GroupNorm as Reshape, InstanceNormalization, Reshape': (net, x) => affine(net, grouped(net, x, instance)),
  'GroupNorm by means over a reshaped map': (net, x) =>
    affine(
      net,
      grouped(net, x, (_, split) => centred(net, split, [2])),
    ),
  'InstanceNorm by means': (net, x) => affine(net, centred(net, x, [2, 3])),
  'LayerNorm over channels by means': (net, x) => affine(net, centred(net, x, [1])),
  'LayerNorm over everything by means': (net, x) => affine(net, centred(net, x, [1, 2, 3])),
  'a norm with its scale and shift folded into its statistics': (net, x) => affine(net, folded(net, x, [2, 3])),
  'LayerNormalization over channels between Transposes': (net, x) => {
    const last = net.node('Transpose', 'last', [x], { perm: [0, 2, 3, 1] });
    const line = net.node('LayerNormalization', 'line', [last, net.constant('g', [4]), net.constant('b0', [4])], {
      axis: 3,
      epsilon: 1e-5,
    });
    return net.node('Transpose', 'act', [line], { perm: [0, 3, 1, 2] });
  },
  'LayerNormalization over the whole map': (net, x) =>
    net.node('LayerNormalization', 'act', [x, net.constant('g', [4, 8, 8]), net.constant('b0', [4, 8, 8])], {
      axis: 1,
      epsilon: 1e-5,
    }),
  RMSNorm: (net, x) => {
    const square = net.node('ReduceMean', 'mean', [net.node('Mul', 'square', [x, x])], { axes: [1], keepdims: 1 });
    return affine(net, net.node('Div', 'normed', [x, net.node('Sqrt', 'root', [square])]));
  },
  'x / ‖x‖ over channels': (net, x) =>
    net.node('Div', 'act', [x, net.node('ReduceL2', 'norm', [x], { axes: [1], keepdims: 1 })]),
  'global response normalisation (ConvNeXt V2)': (net, x) => {
    const length = net.node('ReduceL2', 'length', [x], { axes: [2, 3], keepdims: 1 });
    const all = net.node('ReduceMean', 'all', [length], { axes: [1], keepdims: 1 });
    const share = net.node('Div', 'share', [length, net.node('Add', 'kept', [all, number(net, 'eps', 1e-6)])]);
    return net.add('act', affineNamed(net, net.node('Mul', 'answer', [x, share])), x);
  },
  'local response normalisation': (net, x) =>
    net.node('LRN', 'act', [x], { alpha: 1e-4, beta: 0.75, bias: 1, size: 3 }),
};

const affineNamed = (net: SmallNetwork, x: string): string =>
  net.node('Mul', 'scaled', [x, net.constant('g', [1, 4, 1, 1])]);

const gates: Readonly<Record<string, Step>> = {
  'squeeze and excite': (net, x) => {
    const mean = net.node('GlobalAveragePool', 'gap', [x]);
    return net.node('Mul', 'act', [x, net.node('Sigmoid', 'gate', [net.conv('se', mean, 4, { size: 1 })])]);
  },
  'squeeze and excite without weights': (net, x) =>
    net.node('Mul', 'act', [x, net.node('Sigmoid', 'gate', [net.node('GlobalAveragePool', 'gap', [x])])]),
  'a map times a mean of itself': (net, x) => net.node('Mul', 'act', [x, net.node('GlobalAveragePool', 'gap', [x])]),
  'spatial attention': (net, x) => {
    const mean = net.node('ReduceMean', 'mean', [x], { axes: [1], keepdims: 1 }, 1);
    return net.node('Mul', 'act', [x, net.node('Sigmoid', 'gate', [net.conv('sa', mean, 1, { size: 7 })])]);
  },
  SimAM: (net, x) => {
    const away = net.node('Sub', 'away', [x, net.node('ReduceMean', 'mean', [x], { axes: [2, 3], keepdims: 1 })]);
    const squares = net.node('Mul', 'squares', [away, away]);
    const sum = net.node('ReduceSum', 'sum', [squares], { axes: [2, 3], keepdims: 1 });
    return net.node('Mul', 'act', [x, net.node('Sigmoid', 'gate', [net.node('Div', 'share', [squares, sum])])]);
  },
  'softmax over channels': (net, x) => net.node('Softmax', 'act', [x], { axis: 1 }),
};

const network = (step: Step, behind: Step = (net, x) => net.relu('r', x)): Anatomy => {
  const net = new SmallNetwork(3);
  net.head(net.conv('b', behind(net, step(net, net.conv('a', 'input', 4, { stride: 1 }))), 4));
  return anatomyOf(net.graph('fc'));
};

describe('a normalisation is followed, however it is written and whatever it looks at', () => {
  test.each(Object.entries(norms))('%s', (_, norm) => {
    expect(network(norm).sites[0]).toMatchObject({ name: 'a', value: 'r', type: 'rectified', stride: [1, 1] });
    const net = new SmallNetwork(3);
    net.head(net.conv('b', net.relu('r', norm(net, net.conv('a', 'input', 4))), 4));
    expect(anatomyOf(net.graph('fc'), { after: 'norm' }).sites[0]?.value).toBe('act');
    expect(anatomyOf(net.graph('fc'), { after: 'conv' }).sites[0]?.value).toBe('a');
  });

  test.each(Object.entries(norms))('%s in a residual branch: one stream, one block', (_, norm) => {
    const net = new SmallNetwork(3);
    const stem = net.relu('s', net.conv('stem', 'input', 4));
    net.head(net.relu('end', net.add('sum', stem, norm(net, net.conv('a', stem, 4)))));
    const { streams, blocks } = anatomyOf(net.graph('fc'));
    expect(blocks.map(({ site, layers }) => [site, layers])).toEqual([['a', ['a']]]);
    expect(streams.map((stream) => stream.writers[1]?.map(({ site }) => site))).toEqual([['stem', 'a']]);
  });

  test.each(Object.entries(gates))('a gate is none, and inspect says why the way ended: %s', (name, gate) => {
    const net = new SmallNetwork(3);
    net.head(net.conv('b', net.relu('r', gate(net, net.conv('a', 'input', 4))), 4));
    const graph = net.graph('fc');
    const anatomy = anatomyOf(graph);
    expect(anatomy.sites.find((site) => site.name === 'a')).toMatchObject({ value: 'a', type: 'signed' });
    const ended = anatomy.layers.find((layer) => layer.name === 'a')?.ended;
    const reason =
      name === 'softmax over channels' ? 'Softmax mixes its channels' : /^its value has (two|three) consumers$/;
    expect(ended?.reason).toMatch(reason);
    const lines = networkLines(describeNetwork(graph, anatomy)).join('\n');
    expect(lines).toContain(`a: cut before "${ended?.before[0]}"`);
  });

  test.each(['squeeze and excite', 'spatial attention', 'SimAM'])(
    'strides behind it stay, and the flag is set: %s',
    (name) => {
      const sites = network(gates[name] as Step, (net, x) => net.conv('c', net.relu('r', x), 4, { stride: 2 })).sites;
      const at = (wanted: string): unknown => sites.find((site) => site.name === wanted);
      expect(at('a')).toMatchObject({ stride: [1, 1], wholeImage: false });
      expect(at('c')).toMatchObject({ stride: [2, 2], wholeImage: name !== 'spatial attention' });
      expect(at('b')).toMatchObject({ stride: [2, 2], wholeImage: name !== 'spatial attention' });
    },
  );

  test('what else reads a part of it, or a part that is the output, ends the way before it', () => {
    const net = new SmallNetwork(3);
    const normed = centred(net, net.conv('a', 'input', 4), [2, 3]);
    net.head(net.add('sum', net.relu('r', normed), net.conv('b', 'mean', 4, { size: 1 })));
    expect(anatomyOf(net.graph('fc')).sites[0]).toMatchObject({ name: 'a', value: 'a' });
  });

  test('groups that come back in another order are none: Reshapes must cancel out', () => {
    const net = new SmallNetwork(3);
    const split = net.node('Reshape', 'split', [net.conv('a', 'input', 4)], { shape: [0, 2, 2, 64] });
    const turned = net.node('Transpose', 'turned', [centred(net, split, [2, 3])], { perm: [0, 2, 1, 3] });
    net.head(net.relu('r', net.node('Reshape', 'joined', [turned], { shape: [-1, 4, 8, 8] })));
    const anatomy = anatomyOf(net.graph('fc'));
    expect(anatomy.sites[0]).toMatchObject({ name: 'a', value: 'a' });
    expect(anatomy.layers[0]?.ended?.reason).toBe('its channels or its map are arranged anew');
  });
});
