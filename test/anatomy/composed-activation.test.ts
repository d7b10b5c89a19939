import { describe, expect, test } from 'vitest';
import { anatomyOf } from '../../core/anatomy/anatomy.js';
import type { Graph } from '../../core/network/graph.js';
import { SmallNetwork } from '../import/fixtures/small-network.js';

type Activation = (net: SmallNetwork, x: string) => string;

const number = (net: SmallNetwork, id: string, value: number): string => net.constant(id, [], value);

const composed: Record<string, Activation> = {
  'HardSwish as x · Clip(x + 3, 0, 6) / 6': (net, x) => {
    const clipped = net.node('Clip', 'clip', [net.node('Add', 'plus', [x, number(net, 'three', 3)])], {
      min: 0,
      max: 6,
    });
    return net.node('Div', 'act', [net.node('Mul', 'times', [x, clipped]), number(net, 'six', 6)]);
  },
  'HardSwish as x · (Clip(x + 3, 0, 6) / 6)': (net, x) => {
    const clipped = net.node('Clip', 'clip', [net.node('Add', 'plus', [x, number(net, 'three', 3)])], {
      min: 0,
      max: 6,
    });
    return net.node('Mul', 'act', [net.node('Div', 'sixth', [clipped, number(net, 'six', 6)]), x]);
  },
  'HardSwish as x · HardSigmoid(x)': (net, x) =>
    net.node('Mul', 'act', [x, net.node('HardSigmoid', 'gate', [x], { alpha: 1 / 6, beta: 0.5 })]),
  'SiLU as x · Sigmoid(x)': (net, x) => net.node('Mul', 'act', [x, net.node('Sigmoid', 'gate', [x])]),
  'Mish as x · Tanh(Softplus(x))': (net, x) =>
    net.node('Mul', 'act', [x, net.node('Tanh', 'tanh', [net.node('Softplus', 'soft', [x])])]),
  'GELU by Erf': (net, x) => {
    const erf = net.node('Erf', 'erf', [net.node('Div', 'by', [x, number(net, 'root', Math.SQRT2)])]);
    const product = net.node('Mul', 'times', [x, net.node('Add', 'plus', [erf, number(net, 'one', 1)])]);
    return net.node('Mul', 'act', [product, number(net, 'half', 0.5)]);
  },
  'GELU by Tanh': (net, x) => {
    const cube = net.node('Mul', 'scaled', [
      net.node('Pow', 'cube', [x, number(net, 'three', 3)]),
      number(net, 'cubic', 0.0447),
    ]);
    const inner = net.node('Mul', 'inner', [net.add('sum3', x, cube), number(net, 'k', 0.798)]);
    const gate = net.node('Add', 'plus', [net.node('Tanh', 'tanh', [inner]), number(net, 'one', 1)]);
    return net.node('Mul', 'act', [net.node('Mul', 'halved', [x, number(net, 'half', 0.5)]), gate]);
  },
  'Softsign as x / (1 + |x|)': (net, x) =>
    net.node('Div', 'act', [x, net.node('Add', 'plus', [net.node('Abs', 'abs', [x]), number(net, 'one', 1)])]),
};

/** Forms that end in another operator than a product. */
const ended: Readonly<Record<string, Activation>> = {
  'PReLU as Relu(x) − a · Relu(−x)': (net, x) => {
    const below = net.node('Mul', 'below', [
      net.relu('rn', net.node('Neg', 'neg', [x])),
      net.constant('slope', [4, 1, 1]),
    ]);
    return net.node('Sub', 'act', [net.relu('rp', x), below]);
  },
  'LeakyReLU as Max(x, a · x)': (net, x) =>
    net.node('Max', 'act', [x, net.node('Mul', 'less', [x, number(net, 'slope', 0.1)])]),
  'ELU as Relu(x) + Min(exp(x) − 1, 0)': (net, x) => {
    const below = net.node('Sub', 'below', [net.node('Exp', 'exp', [x]), number(net, 'one', 1)]);
    return net.add('act', net.relu('rp', x), net.node('Clip', 'low', [below], { min: -1e30, max: 0 }));
  },
  'x + Relu(x)': (net, x) => net.add('act', x, net.relu('rp', x)),
  'a quadratic, x · x + x': (net, x) => net.add('act', net.node('Mul', 'square', [x, x]), x),
  'Tanh by exponentials': (net, x) => {
    const [up, down] = [net.node('Exp', 'up', [x]), net.node('Exp', 'down', [net.node('Neg', 'neg', [x])])];
    return net.node('Div', 'act', [net.node('Sub', 'minus', [up, down]), net.add('plus', up, down)]);
  },
  'the smaller of two bends': (net, x) =>
    net.node('Min', 'act', [net.node('Softplus', 'soft', [x]), net.node('Mul', 'double', [x, number(net, 'two', 2)])]),
};

/** Forms that decide by comparisons. */
const compared: Readonly<Record<string, Activation>> = {
  'Where(x > 0, x, a · x)': (net, x) => {
    const above = net.node('Greater', 'above', [x, number(net, 'nought', 0)]);
    return net.node('Where', 'act', [above, x, net.node('Mul', 'scaled', [x, number(net, 'tenth', 0.1)])]);
  },
  'ELU as Where(x > 0, x, exp(min(x, 0)) − 1)': (net, x) => {
    const low = net.node('Exp', 'exp', [net.node('Min', 'low', [x, number(net, 'nought', 0)])]);
    const above = net.node('Greater', 'above', [x, number(net, 'zero', 0)]);
    return net.node('Where', 'act', [above, x, net.node('Sub', 'below', [low, number(net, 'one', 1)])]);
  },
  'thresholded, x · (x > 0.5)': (net, x) => {
    const above = net.node('Greater', 'above', [x, number(net, 'half', 0.5)]);
    const gate = net.node('Where', 'gate', [above, number(net, 'one', 1), number(net, 'zero', 0)]);
    return net.node('Mul', 'act', [x, gate]);
  },
  'a step, read by nothing but its comparison': (net, x) => {
    const above = net.node('Not', 'above', [net.node('LessOrEqual', 'not above', [x, number(net, 'half', 0.5)])]);
    return net.node('Where', 'act', [above, number(net, 'one', 1), number(net, 'less', -1)]);
  },
  'a band, Where(x > −1 and x < 1, x, 0)': (net, x) => {
    const above = net.node('Greater', 'above', [x, number(net, 'low', -1)]);
    const inside = net.node('And', 'inside', [above, net.node('Less', 'below', [x, number(net, 'high', 1)])]);
    return net.node('Where', 'act', [inside, x, number(net, 'zero', 0)]);
  },
  'snake, x + sin²(x)': (net, x) => {
    const square = net.node('Pow', 'square', [net.node('Sin', 'sin', [x]), number(net, 'two', 2)]);
    return net.add('act', x, square);
  },
};

Object.assign(composed, ended, compared);

describe('an activation of several nodes counts as one', () => {
  test.each(Object.entries(composed))('%s: a kernel is cut behind all of it', (_, activation) => {
    const net = new SmallNetwork(3);
    net.head(net.conv('b', activation(net, net.norm('n', net.conv('a', 'input', 4))), 4));
    const cut = (graph: Graph): unknown => anatomyOf(graph).sites.map(({ name, value, type }) => [name, value, type]);
    expect(cut(net.graph('fc'))).toEqual([
      ['a', 'act', 'signed'],
      ['b', 'b', 'signed'],
    ]);
    expect(anatomyOf(net.graph('fc'), { after: 'norm' }).sites[0]?.value).toBe('n');
  });

  test.each(Object.entries(composed))('%s: a depthwise convolution behind it is coupled', (_, activation) => {
    const net = new SmallNetwork(3);
    net.head(net.conv('end', net.depthwise('deep', activation(net, net.conv('a', 'input', 4))), 2));
    expect(anatomyOf(net.graph('fc')).layers.map(({ coupled }) => coupled)).toEqual([['a', 'deep'], []]);
  });

  test.each(Object.entries(composed))('%s: a residual stream goes on through it, and it is no sum', (_, activation) => {
    const net = new SmallNetwork(3);
    const first = activation(net, net.add('s1', net.conv('a', 'input', 4), net.conv('b', 'input', 4, { size: 1 })));
    net.head(net.add('s2', net.conv('c', first, 4), first));
    const { streams, blocks } = anatomyOf(net.graph('fc'));
    expect(streams).toHaveLength(1);
    expect(streams[0]?.writers[2]?.map(({ site }) => site)).toEqual(['a', 'b', 'c']);
    expect(blocks.map(({ site }) => site)).toEqual(['a', 'c']);
  });

  test('what more than the activation reads, or what looks at more than its own place, is none', () => {
    const read = new SmallNetwork(3);
    const x = read.conv('a', 'input', 4);
    const gate = read.node('Sigmoid', 'gate', [x]);
    read.head(read.add('sum', read.node('Mul', 'act', [x, gate]), read.conv('b', gate, 4)));
    expect(anatomyOf(read.graph('fc')).sites[0]).toMatchObject({ name: 'a', value: 'a' });

    const pooled = new SmallNetwork(3);
    const y = pooled.relu('r', pooled.conv('a', 'input', 4));
    const open = pooled.node('Sigmoid', 'gate', [pooled.node('GlobalAveragePool', 'gap', [y])]);
    pooled.head(pooled.node('Mul', 'act', [y, open]));
    expect(anatomyOf(pooled.graph('fc')).sites[0]).toMatchObject({ name: 'a', value: 'r', type: 'rectified' });
  });

  test('ReLU6 as two Clips stays rectified; a Tanh behind a ReLU too, a negation does not', () => {
    const site = (build: Activation): string | undefined => {
      const net = new SmallNetwork(3);
      net.head(build(net, net.conv('a', 'input', 4)));
      return anatomyOf(net.graph('fc')).sites[0]?.type;
    };
    const relu: Activation = (net, x) => net.node('Clip', 'low', [x], { min: 0, max: 1e30 });
    expect(site((net, x) => net.node('Clip', 'high', [relu(net, x)], { min: -1e30, max: 6 }))).toBe('rectified');
    expect(site((net, x) => net.node('Tanh', 'tanh', [relu(net, x)]))).toBe('rectified');
    expect(site((net, x) => net.node('Neg', 'neg', [relu(net, x)]))).toBe('signed');
    expect(site((net, x) => net.node('Clip', 'high', [relu(net, x)], { min: -6, max: -1 }))).toBe('signed');
    const softplus: Activation = (net, x) =>
      net.node('Log', 'log', [net.node('Add', 'plus', [net.node('Exp', 'exp', [x]), number(net, 'one', 1)])]);
    expect(site(softplus)).toBe('rectified');
    expect(site((net, x) => net.node('Sub', 'less', [softplus(net, x), number(net, 'ln2', 0.69)]))).toBe('signed');
    expect(site((net, x) => net.node('Mul', 'square', [x, x]))).toBe('rectified');
    expect(site((net, x) => net.node('Max', 'either', [x, relu(net, x)]))).toBe('rectified');
    expect(site((net, x) => net.node('Min', 'both', [x, relu(net, x)]))).toBe('signed');
  });

  test.each([
    ['x > 0 ? x : 0', 'rectified', 'Greater', 'x, 0', ['x', '0']],
    ['x ≥ 0 ? x : 1', 'rectified', 'GreaterOrEqual', 'x, 0', ['x', '1']],
    ['0 < x ? x : 0', 'rectified', 'Less', '0, x', ['x', '0']],
    ['x < 0 ? 0 : x', 'rectified', 'Less', 'x, 0', ['0', 'x']],
    ['0 ≥ x ? 1 : x', 'rectified', 'GreaterOrEqual', '0, x', ['1', 'x']],
    ['x > −1 ? x : 0', 'signed', 'Greater', 'x, -1', ['x', '0']],
    ['x > 0 ? 0 : x', 'signed', 'Greater', 'x, 0', ['0', 'x']],
    ['x > 0 ? x : −1', 'signed', 'Greater', 'x, 0', ['x', '-1']],
    ['x < 0 ? x : 0', 'signed', 'Less', 'x, 0', ['x', '0']],
    ['0 > x ? x : 0', 'signed', 'Greater', '0, x', ['x', '0']],
    ['x = 0 ? 1 : x', 'signed', 'Equal', 'x, 0', ['1', 'x']],
  ] as const)('%s is %s, and the other way round behind a Not', (_, type, op, operands, [yes, no]) => {
    for (const turned of [false, true]) {
      const net = new SmallNetwork(3);
      const x = net.conv('a', 'input', 4);
      const of = (name: string): string => (name === 'x' ? x : number(net, name, Number(name)));
      const told = net.node(op, 'told', operands.split(', ').map(of), {}, 4);
      const decided = turned ? net.node('Not', 'turned', [told]) : told;
      net.head(net.node('Where', 'act', [decided, of(turned ? no : yes), of(turned ? yes : no)]));
      expect(anatomyOf(net.graph('fc')).sites).toMatchObject([{ value: 'act', type }]);
    }
  });
});

describe('channels keep their identity', () => {
  test('through Split, Gather and Concat: a stream of halves that are shuffled', () => {
    const net = new SmallNetwork(3);
    const stem = net.conv('stem', 'input', 4);
    const split = net.split('parts', stem, [2, 2]);
    const shuffled = net.node('Gather', 'shuffled', [net.concat('joined', split[1], split[0])], {
      axis: 1,
      indices: [0, 2, 1, 3],
    });
    net.head(net.add('sum', net.conv('a', stem, 4), shuffled));
    const { streams } = anatomyOf(net.graph('fc'));
    expect(streams).toHaveLength(1);
    const writers = streams[0]?.writers.map((list) => list.map(({ site, channel }) => `${site}:${channel}`));
    expect(writers).toEqual([
      ['stem:2', 'a:0'],
      ['stem:0', 'a:1'],
      ['stem:3', 'a:2'],
      ['stem:1', 'a:3'],
    ]);
  });

  test('not where a Transpose has moved them: rows are no channels', () => {
    const net = new SmallNetwork(4, 4);
    const last = net.node('Transpose', 'last', [net.conv('a', 'input', 4)], { perm: [0, 2, 3, 1] });
    const mean = net.node('ReduceMean', 'mean', [last], { axes: [3], keepdims: 1 });
    const centred = net.node('Sub', 'centred', [last, mean]);
    net.head(net.conv('b', net.node('Transpose', 'back', [centred], { perm: [0, 3, 1, 2] }), 4));
    const anatomy = anatomyOf(net.graph('fc'));
    expect(anatomy.streams).toEqual([]);
    expect(anatomy.sites.map(({ value, stride, receptiveField }) => [value, stride, receptiveField])).toEqual([
      ['back', [1, 1], [3, 3]],
      ['b', [1, 1], [5, 5]],
    ]);
  });
});

test('squeeze and excite: the gate is named, and the map keeps its stride and field', () => {
  const net = new SmallNetwork(3);
  const x = net.relu('r', net.conv('a', 'input', 6, { stride: 2 }));
  const squeezed = net.relu('rs', net.conv('fc1', net.node('GlobalAveragePool', 'gap', [x]), 2, { size: 1 }));
  const gate = net.node('HardSigmoid', 'gate', [net.conv('fc2', squeezed, 6, { size: 1 })], { alpha: 0.2, beta: 0.5 });
  net.head(net.conv('b', net.node('Mul', 'scaled', [gate, x]), 4));
  const anatomy = anatomyOf(net.graph('fc'));
  expect(anatomy.gates).toEqual([{ gated: 'a', gate: 'fc2' }]);
  expect(anatomy.sites.find(({ name }) => name === 'b')).toMatchObject({ stride: [2, 2], receptiveField: [7, 7] });
  expect(anatomy.sites.find(({ name }) => name === 'fc2')).toMatchObject({ value: 'gate', receptiveField: [8, 8] });
});
