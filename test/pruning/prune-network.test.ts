import { describe, expect, test } from 'vitest';
import { openReference } from '../../core/engine/reference.js';
import type { Graph } from '../../core/network/graph.js';
import type { Removals } from '../../core/pruning/constant-channels.js';
import { pruneNetwork } from '../../core/pruning/prune-network.js';
import { randomStream } from '../../core/random.js';
import { float32, sizeOf, type Tensor } from '../../core/tensor.js';
import { expectClose, runOnce } from '../engine/agreement.js';
import { SmallNetwork } from '../import/fixtures/small-network.js';
import { withConstants } from './put-constants.js';

const removed = (value: string, channels: readonly number[], put = 0): Removals =>
  new Map([[value, new Map(channels.map((channel) => [channel, put]))]]);

async function outputOf(graph: Graph): Promise<Tensor> {
  const [input] = graph.inputs;
  const shape = [2, ...(input?.shape.slice(1) ?? [])];
  const stream = randomStream(7, 'image');
  const image = float32(
    shape,
    Float32Array.from({ length: sizeOf(shape) }, () => 2 * stream.uniform() - 1),
  );
  return (await runOnce(await openReference(), graph, new Map([[input?.id as string, image]]))).get(
    graph.outputs[0] as string,
  ) as Tensor;
}

/** The smaller network, after it was seen to compute what the edited one does. */
async function checkedSmaller(graph: Graph, removals: Removals): Promise<Graph> {
  const smaller = pruneNetwork(graph, removals).graph();
  expectClose(await outputOf(smaller), await outputOf(withConstants(graph, removals)), 1e-5);
  return smaller;
}

/** Channels of every value that a node writes. */
const widths = (graph: Graph): Readonly<Record<string, number>> =>
  Object.fromEntries(graph.nodes.map(({ outputs: [value] }) => [value, graph.shapes.get(value as string)?.[1] ?? 0]));

const chain = (): SmallNetwork => {
  const net = new SmallNetwork(3);
  net.relu('b', net.conv('a', net.input, 6));
  net.relu('d', net.conv('c', 'b', 5));
  net.head('d');
  return net;
};

test('without removals nothing changes', () => {
  const graph = chain().graph('fc');
  expect(pruneNetwork(graph, new Map()).graph()).toEqual(graph);
});

test('kernels that are 0 are gone from their convolution and from what reads them', async () => {
  const smaller = await checkedSmaller(chain().graph('fc'), removed('b', [1, 4]));
  expect(widths(smaller)).toMatchObject({ a: 4, b: 4, c: 5, fc: 5 });
  expect(smaller.constants.get('a.weight')?.shape).toEqual([4, 3, 3, 3]);
  expect(smaller.constants.get('c.weight')?.shape).toEqual([5, 4, 3, 3]);
  expect(smaller.nodes.map(({ op }) => op)).toEqual(
    chain()
      .graph('fc')
      .nodes.map(({ op }) => op),
  );
});

test('kernels that read a grey image, one channel each, go like all others', async () => {
  const net = new SmallNetwork(1);
  net.relu('b', net.conv('a', net.input, 6));
  net.head('b');
  expect(widths(await checkedSmaller(net.graph('fc'), removed('b', [0, 3])))).toMatchObject({ a: 4, b: 4 });
});

test('another constant goes into the bias where there is no padding, and into a map where there is', async () => {
  const net = new SmallNetwork(3);
  net.relu('b', net.conv('a', net.input, 6));
  net.conv('inside', 'b', 4, { pad: 0 });
  net.conv('padded', 'inside', 4);
  net.head('padded');
  const graph = net.graph('fc');
  const inside = await checkedSmaller(graph, removed('b', [0, 5], 0.75));
  expect(inside.nodes.map(({ op }) => op)).toEqual(graph.nodes.map(({ op }) => op));
  const padded = await checkedSmaller(graph, removed('inside', [2], -0.5));
  expect(padded.nodes.map(({ op }) => op)).toEqual(
    graph.nodes.toSpliced(4, 0, { op: 'Add' } as never).map(({ op }) => op),
  );
  expect(widths(padded)).toMatchObject({ inside: 3 });
});

test('of a layer without kernels one channel stays, since a value without channels is none', async () => {
  const smaller = await checkedSmaller(chain().graph('fc'), removed('d', [0, 1, 2, 3, 4], 0.5));
  expect(widths(smaller)).toMatchObject({ c: 1, d: 1 });
});

test('a channel of a sum stays while one of its writers does, and goes with the last of them', async () => {
  const net = new SmallNetwork(3);
  net.conv('stem', net.input, 4);
  net.conv('branch', net.relu('r', 'stem'), 4);
  net.head(net.add('sum', 'stem', 'branch'));
  const graph = net.graph('fc');
  expect(widths(await checkedSmaller(graph, removed('branch', [1, 2])))).toMatchObject({ stem: 4, branch: 4 });
  const both = new Map([...removed('branch', [1, 2]), ...removed('stem', [2])]);
  expect(widths(await checkedSmaller(graph, both))).toMatchObject({ stem: 3, branch: 3, sum: 3, r: 3 });
});

test('a gate goes with what it gates: 0 times anything is 0', async () => {
  const net = new SmallNetwork(3);
  net.relu('x', net.conv('a', net.input, 4));
  net.node('GlobalAveragePool', 'squeezed', ['x']);
  net.node('Sigmoid', 'gate', [net.conv('excite', 'squeezed', 4, { size: 1 })]);
  net.node('Mul', 'gated', ['x', 'gate']);
  net.head(net.conv('behind', 'gated', 3));
  const smaller = await checkedSmaller(net.graph('fc'), removed('x', [0, 3]));
  expect(widths(smaller)).toMatchObject({ a: 2, excite: 2, gate: 2, gated: 2 });
});

describe('groups', () => {
  const grouped = (): Graph => {
    const net = new SmallNetwork(3);
    net.relu('x', net.conv('a', net.input, 8));
    net.relu('y', net.conv('grouped', 'x', 8, { group: 4 }));
    net.head(net.conv('behind', 'y', 3));
    return net.graph('fc');
  };

  test('of a grouped convolution stay of one size', async () => {
    const smaller = await checkedSmaller(grouped(), removed('x', [0, 4, 5]));
    expect(smaller.constants.get('grouped.weight')?.shape).toEqual([8, 2, 3, 3]);
    const even = await checkedSmaller(grouped(), removed('x', [0, 2, 5, 7]));
    expect(even.constants.get('grouped.weight')?.shape).toEqual([8, 1, 3, 3]);
  });

  test('of which nothing is left are gone', async () => {
    const both = new Map([...removed('x', [2, 3]), ...removed('y', [2, 3])]);
    const smaller = await checkedSmaller(grouped(), both);
    expect(smaller.nodes.find(({ id }) => id === 'grouped')?.attributes['group']).toBe(3);
    expect(smaller.constants.get('grouped.weight')?.shape).toEqual([6, 2, 3, 3]);
  });

  test('of a depthwise convolution go with its producer', async () => {
    const net = new SmallNetwork(3);
    net.relu('y', net.depthwise('d', net.relu('x', net.conv('a', net.input, 4)), 2));
    net.head(net.conv('behind', 'y', 3));
    const smaller = await checkedSmaller(net.graph('fc'), removed('y', [2, 3]));
    expect(widths(smaller)).toMatchObject({ a: 3, x: 3, d: 6 });
  });
});

describe('operators that move channels', () => {
  const kinds: Readonly<Record<string, (net: SmallNetwork, x: string) => string>> = {
    Slice: (net, x) => net.node('Slice', 'moved', [x], { starts: [2], ends: [6], axes: [1], steps: [1] }, 4),
    'Slice backward': (net, x) =>
      net.node('Slice', 'moved', [x], { starts: [5], ends: [-(2 ** 31)], axes: [1], steps: [-1] }, 6),
    Gather: (net, x) => net.node('Gather', 'moved', [x], { axis: 1, indices: [3, 0, 3, 5] }, 4),
    Pad: (net, x) => net.node('Pad', 'moved', [x], { mode: 'constant', value: 0.5, pads: [0, 1, 1, 0, 0, 2, 0, 1] }, 9),
    Split: (net, x) => net.split('parts', x, [2, 4])[1],
    Concat: (net, x) => net.concat('moved', x, net.relu('other', net.conv('beside', net.input, 2))),
    PRelu: (net, x) => net.node('PRelu', 'moved', [x, net.constant('slope', [6, 1, 1])]),
    BatchNormalization: (net, x) => net.norm('moved', x),
    InstanceNormalization: (net, x) =>
      net.node('InstanceNormalization', 'moved', [x, net.constant('s', [6]), net.constant('t', [6])], {
        epsilon: 1e-5,
      }),
    LRN: (net, x) => net.node('LRN', 'moved', [x], { size: 3, alpha: 1e-2, beta: 0.75, bias: 1 }),
    Softmax: (net, x) => net.node('Softmax', 'moved', [x], { axis: 1 }),
    AveragePool: (net, x) =>
      net.node('AveragePool', 'moved', [x], {
        kernel_shape: [3, 3],
        strides: [2, 2],
        dilations: [1, 1],
        pads: [1, 1, 1, 1],
        ceil_mode: 0,
        count_include_pad: 1,
      }),
  };

  test.each(Object.keys(kinds))('%s', async (kind) => {
    const net = new SmallNetwork(3);
    net.conv('x', net.input, 6);
    net.head(net.relu('z', net.conv('y', (kinds[kind] as (typeof kinds)[string])(net, 'x'), 4)));
    for (const put of [0, 0.5]) await checkedSmaller(net.graph('fc'), removed('x', [1, 3, 4], put));
  });
});

test.each(['Flatten', 'Reshape'] as const)('a map that %s lays out as a row loses whole channels', async (op) => {
  const net = new SmallNetwork(3, 4);
  net.relu('x', net.conv('a', net.input, 6));
  net.node(op, 'row', ['x'], op === 'Flatten' ? { axis: 1 } : { shape: [0, 96] }, 96);
  const weights = net.constant('w', [96, 5]);
  net.node('MatMul', 'out', ['row', weights], {}, 5);
  const smaller = await checkedSmaller(net.graph('out'), removed('x', [0, 2], 0.25));
  expect(widths(smaller)).toMatchObject({ a: 4, row: 64 });
  expect(smaller.constants.get('w')?.shape).toEqual([64, 5]);
});
