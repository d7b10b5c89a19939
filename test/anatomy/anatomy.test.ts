import { describe, expect, test } from 'vitest';
import { anatomyOf } from '../../core/anatomy/anatomy.js';
import type { Anatomy } from '../../core/anatomy/site.js';
import { SmallNetwork } from '../import/fixtures/small-network.js';

const site = (anatomy: Anatomy, name: string): Anatomy['sites'][number] => {
  const found = anatomy.sites.find((candidate) => candidate.name === name);
  if (!found) throw new Error(`no site ${name} among ${anatomy.sites.map((other) => other.name).join(', ')}`);
  return found;
};
const names = (list: readonly { readonly name: string }[]): string[] => list.map(({ name }) => name);

describe('sites', () => {
  const plain = (): SmallNetwork => {
    const net = new SmallNetwork(3);
    const bias = net.node('Add', 'offset', [net.conv('a', 'input', 4), net.constant('b', [4, 1, 1])]);
    const scaled = net.node('Mul', 'scaled', [net.norm('norm', bias), net.constant('s', [4, 1, 1])]);
    net.head(net.maxPool('max', net.relu('relu', scaled), 2));
    return net;
  };

  test.each([
    ['activation', 'relu', 'rectified'],
    ['norm', 'scaled', 'signed'],
    ['conv', 'offset', 'signed'],
  ] as const)('after %s, a kernel is cut at %s', (after, value, type) => {
    const anatomy = anatomyOf(plain().graph('fc'), { after });
    expect(anatomy.sites).toHaveLength(1);
    expect(site(anatomy, 'a')).toMatchObject({ value, type, channels: 4, shape: [4, 8, 8], depth: 0 });
    expect(anatomy.layers).toMatchObject([
      { name: 'a', site: 'a', kernels: 4, parameters: 4 * 27 + 4 + 4, coupled: [] },
    ]);
    expect(anatomy.layers[0]?.macs).toBe(4 * 27 * 64);
  });

  test('a value that is read twice, or is the output, is not passed', () => {
    const net = new SmallNetwork(3);
    const a = net.conv('a', 'input', 4);
    const twice = net.add('sum', net.relu('r1', a), net.conv('beside', a, 4));
    const b = net.conv('b', twice, 4);
    net.relu('rb', b);
    net.head(net.conv('c', 'rb', 4));
    expect(site(anatomyOf(net.graph('fc')), 'a').value).toBe('a');
    expect(site(anatomyOf(net.graph('fc')), 'b').value).toBe('rb');
    net.node('GlobalAveragePool', 'gap', [net.conv('d', 'rb', 2)]);
    expect(site(anatomyOf(net.graph('fc', 'gap'), { output: 'fc' }), 'b').value).toBe('rb');
  });

  test('follow what stands on both sides of the activation', () => {
    const net = new SmallNetwork(3);
    net.head(net.norm('n2', net.relu('r', net.norm('n1', net.conv('a', 'input', 4)))));
    expect(anatomyOf(net.graph('fc')).sites).toMatchObject([{ value: 'n2', type: 'signed' }]);
  });

  test('kernels whose channels are the classes have none', () => {
    const net = new SmallNetwork(3);
    const last = net.relu('r', net.conv('classes', net.conv('a', 'input', 4), 5, { size: 1 }));
    net.node('Softmax', 'probabilities', [net.node('GlobalAveragePool', 'pool', [last])], { axis: 1 });
    const anatomy = anatomyOf(net.graph('probabilities'));
    expect(names(anatomy.layers)).toEqual(['a']);
    const deep = new SmallNetwork(3);
    deep.depthwise('deep', deep.conv('a', 'input', 5));
    expect(anatomyOf(deep.graph('deep')).sites).toEqual([]);
  });

  test('a dense layer mixes channels, also one that keeps their number', () => {
    const net = new SmallNetwork(3);
    net.head(net.conv('a', 'input', 4), 4);
    expect(names(anatomyOf(net.graph('fc')).layers)).toEqual(['a']);
  });

  test('the chosen output decides what is seen, by default the last', () => {
    const net = new SmallNetwork(3);
    const a = net.relu('ra', net.conv('a', 'input', 4));
    net.node('GlobalAveragePool', 'other', [net.conv('b', a, 2)]);
    net.head(net.conv('c', a, 4));
    const graph = net.graph('other', 'fc');
    expect(names(anatomyOf(graph).layers)).toEqual(['a', 'c']);
    expect(names(anatomyOf(graph, { output: 'other' }).layers)).toEqual(['a']);
    expect(() => anatomyOf(graph, { output: 'absent' })).toThrow(/no output "absent"; its outputs are "other", "fc"/);
  });

  test('names are unique, and an alias never stands for two sites', () => {
    const net = new SmallNetwork(3);
    const first = net.conv('c1', 'input', 4, {}, 'conv');
    net.head(net.conv('c2', first, 4, {}, 'conv'));
    const anatomy = anatomyOf(net.graph('fc'));
    expect(names(anatomy.sites)).toEqual(['conv', 'conv#2']);
    expect(names(anatomy.layers)).toEqual(['conv', 'conv#2']);
    expect(site(anatomy, 'conv').aliases).toEqual(['c1', 'c1.weight', 'c1.bias']);
    expect(site(anatomy, 'conv#2').aliases).not.toContain('conv');
  });

  test('MaxPool and Concat keep the type of what they read', () => {
    const net = new SmallNetwork(2);
    const joined = net.concat(
      'both',
      net.relu('r', net.conv('a', 'input', 2)),
      net.relu('s', net.conv('b', 'input', 2)),
    );
    const sum = net.add('sum', net.maxPool('pooled', joined, 3, 1, 1), net.conv('c', joined, 4));
    net.head(net.conv('d', sum, 4));
    const { streams, sites } = anatomyOf(net.graph('fc'));
    expect(sites.map(({ name, type }) => [name, type])).toEqual([
      ['a', 'rectified'],
      ['b', 'rectified'],
      ['c', 'signed'],
      ['d', 'signed'],
    ]);
    expect(streams[0]?.writers.map((writers) => writers.map((writer) => `${writer.site}:${writer.channel}`))).toEqual([
      ['a:0', 'c:0'],
      ['a:1', 'c:1'],
      ['b:0', 'c:2'],
      ['b:1', 'c:3'],
    ]);
  });
});

describe('coupling', () => {
  test('a depthwise convolution and its producer are one layer, cut behind the depthwise one', () => {
    const net = new SmallNetwork(3);
    const producer = net.relu('r1', net.norm('n1', net.conv('wide', 'input', 6, { size: 1 })));
    net.head(net.conv('narrow', net.relu('r2', net.norm('n2', net.depthwise('deep', producer))), 4, { size: 1 }));
    const anatomy = anatomyOf(net.graph('fc'));
    expect(anatomy.layers).toMatchObject([
      { name: 'deep', site: 'deep', kernels: 6, coupled: ['wide', 'deep'], parameters: 3 * 6 + 6 + 6 * 9 + 6 },
      { name: 'narrow', coupled: [] },
    ]);
    expect(site(anatomy, 'deep')).toMatchObject({ value: 'r2' });
    expect(site(anatomy, 'deep').aliases).toEqual(expect.arrayContaining(['wide', 'wide.weight', 'deep.weight', 'r2']));
    expect(anatomyOf(net.graph('fc'), { after: 'conv' }).sites[0]?.value).toBe('deep');
  });

  test('chains couple; a multiplier, a second reader or mixed channels do not', () => {
    const chain = new SmallNetwork(3);
    chain.head(chain.conv('end', chain.depthwise('d2', chain.depthwise('d1', chain.conv('a', 'input', 4))), 2));
    expect(anatomyOf(chain.graph('fc')).layers.map(({ coupled }) => coupled)).toEqual([['a', 'd1', 'd2'], []]);

    const multiplied = new SmallNetwork(3);
    multiplied.head(multiplied.depthwise('deep', multiplied.conv('a', 'input', 4), 2));
    expect(anatomyOf(multiplied.graph('fc')).layers.map(({ coupled }) => coupled)).toEqual([[], []]);

    const shared = new SmallNetwork(3);
    const a = shared.conv('a', 'input', 4);
    shared.head(shared.add('sum', shared.depthwise('deep', a), a));
    expect(anatomyOf(shared.graph('fc')).layers.map(({ coupled }) => coupled)).toEqual([[], []]);

    const grouped = new SmallNetwork(4);
    grouped.head(grouped.conv('b', grouped.conv('a', 'input', 4), 4, { group: 2 }));
    expect(names(anatomyOf(grouped.graph('fc')).layers)).toEqual(['a', 'b']);
  });
});

describe('blocks', () => {
  test('identity shortcut: the branch with convolutions, cut at what it adds', () => {
    const net = new SmallNetwork(3);
    const stem = net.relu('r0', net.conv('stem', 'input', 4));
    const branch = net.norm('n2', net.conv('layer.0.conv2', net.relu('r1', net.conv('layer.0.conv1', stem, 4)), 4));
    net.head(net.relu('r2', net.add('add', stem, branch)));
    const anatomy = anatomyOf(net.graph('fc'));
    expect(anatomy.blocks).toEqual([
      { name: 'layer.0', site: 'layer.0.conv2', layers: ['layer.0.conv1', 'layer.0.conv2'] },
    ]);
    expect(site(anatomy, 'layer.0.conv2').value).toBe('n2');
  });

  test('a projection is not the branch, whether the branch is longer or just wider', () => {
    const cases = [1, 2].flatMap((length) => [true, false].map((first) => [length, first] as const));
    for (const [length, first] of cases) {
      const net = new SmallNetwork(3);
      const fork = net.relu('r', net.norm('n', net.conv('stem', 'input', 4)));
      const inner = length === 2 ? net.conv('block.a', fork, 6) : fork;
      const branch = net.conv('block.b', inner, 6, { stride: 2 });
      const shortcut = net.norm('np', net.conv('block.down', fork, 6, { size: 1, stride: 2 }));
      net.head(first ? net.add('block.sum', shortcut, branch) : net.add('block.sum', branch, shortcut));
      const { blocks } = anatomyOf(net.graph('fc'));
      expect(blocks.map(({ site: at }) => at)).toEqual(['block.b']);
      expect(blocks[0]?.layers).toEqual(length === 2 ? ['block.a', 'block.b'] : ['block.b']);
    }
  });

  test('a branch that ends behind a normalisation has a site of its own where kernels are cut before it', () => {
    const net = new SmallNetwork(3);
    const stem = net.conv('stem', 'input', 4);
    net.head(net.add('sum', net.norm('n', net.conv('m.0.c', stem, 4)), stem));
    const anatomy = anatomyOf(net.graph('fc'), { after: 'conv' });
    expect(anatomy.blocks).toMatchObject([{ name: 'm.0', site: 'm.0' }]);
    expect(site(anatomy, 'm.0').value).toBe('n');
    expect(site(anatomy, 'm.0.c').value).toBe('m.0.c');
  });

  test('branches of parallel paths, and names from the sum where modules tell nothing', () => {
    const net = new SmallNetwork(3);
    const stem = net.conv('c1', 'input', 4);
    const paths = net.concat('cat', net.conv('c2', stem, 2), net.conv('c4', net.conv('c3', stem, 2), 2));
    net.head(net.add('sum_7', net.conv('c5', paths, 4), stem));
    expect(anatomyOf(net.graph('fc')).blocks).toEqual([
      { name: 'sum_7', site: 'c5', layers: ['c2', 'c3', 'c4', 'c5'] },
    ]);
  });

  test('two paths that are merely added, and gates, are no residual branches', () => {
    const net = new SmallNetwork(3);
    const a = net.conv('a', 'input', 4);
    const sum = net.add('sum', net.conv('b2', net.conv('b', a, 4), 4), net.conv('c2', net.conv('c', a, 4), 4));
    const gate = net.node('Mul', 'gated', [sum, net.node('Sigmoid', 'sig', [net.conv('g', sum, 4)])]);
    net.head(gate);
    expect(anatomyOf(net.graph('fc')).blocks).toEqual([]);
  });
});

describe('streams', () => {
  const written = (anatomy: Anatomy, stream: number, channel: number): string[] =>
    (anatomy.streams[stream]?.writers[channel] ?? []).map((writer) => `${writer.site}:${writer.channel}`);

  test('pads and slices move channels, and each is cut at all of its writers', () => {
    const net = new SmallNetwork(3);
    const stem = net.relu('r0', net.conv('stem', 'input', 2));
    const first = net.relu('r1', net.add('s1', net.conv('a', stem, 2), stem));
    const half = net.node('Slice', 'half', [first], { starts: [0, 0], ends: [8, 8], axes: [2, 3], steps: [2, 2] });
    const wide = net.node('Pad', 'wide', [half], { mode: 'constant', pads: [0, 1, 0, 0, 0, 1, 0, 0], value: 0 }, 4);
    net.head(net.add('s2', net.conv('b', first, 4, { stride: 2 }), wide));
    const anatomy = anatomyOf(net.graph('fc'));
    expect(names(anatomy.streams)).toEqual(['stem']);
    expect([0, 1, 2, 3].map((c) => written(anatomy, 0, c))).toEqual([
      ['b:0'],
      ['stem:0', 'a:0', 'b:1'],
      ['stem:1', 'a:1', 'b:2'],
      ['b:3'],
    ]);
    expect(names(anatomy.blocks)).toHaveLength(2);
  });

  test('a projection starts a new stream; before activation, the stem writes it bare', () => {
    const net = new SmallNetwork(3);
    const stem = net.conv('stem', 'input', 2);
    const branch = net.conv('a', net.relu('ra', net.norm('na', stem)), 2);
    const sum = net.add('s1', stem, branch);
    const active = net.relu('rb', net.norm('nb', sum));
    net.head(net.add('s2', net.conv('b', active, 3), net.conv('project', active, 3, { size: 1 })));
    const anatomy = anatomyOf(net.graph('fc'));
    expect(anatomy.streams.map(({ name, channels }) => [name, channels])).toEqual([
      ['stem', 2],
      ['b', 3],
    ]);
    expect(site(anatomy, 'stem').value).toBe('stem');
    expect(written(anatomy, 1, 2)).toEqual(['b:2', 'project:2']);
  });

  test('a network whose sums give the classes has no stream', () => {
    const net = new SmallNetwork(3);
    const a = net.conv('a', 'input', 4);
    net.add('out', net.conv('b', a, 5), net.conv('c', a, 5));
    expect(anatomyOf(net.graph('out')).streams).toEqual([]);
  });

  test('a gated branch writes at the gate', () => {
    const net = new SmallNetwork(3);
    const stem = net.conv('stem', 'input', 4);
    const branch = net.conv('a', stem, 4);
    const gate = net.node('Sigmoid', 'sig', [net.node('GlobalAveragePool', 'gap', [net.conv('g', branch, 4)])]);
    net.head(net.add('sum', net.node('Mul', 'gated', [branch, gate]), stem));
    const anatomy = anatomyOf(net.graph('fc'));
    expect(written(anatomy, 0, 1)).toEqual(['stem:1', 'sum:1']);
    expect(site(anatomy, 'sum').value).toBe('gated');
  });
});
