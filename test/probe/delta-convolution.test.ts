import { describe, expect, test } from 'vitest';
import { anatomyOf } from '../../core/anatomy/anatomy.js';
import { deltaBehind } from '../../core/probe/delta-convolution.js';
import type { Graph } from '../../core/network/graph.js';
import { lesionProgram } from '../../core/probe/lesion-program.js';
import { liveOut } from '../../core/probe/segment.js';
import { sharedNetwork } from '../builders/real-networks.js';
import { hasSharedData } from '../builders/shared-data.js';
import { SmallNetwork } from '../import/fixtures/small-network.js';

function carryAt(graph: Graph, value: string) {
  const index = graph.nodes.findIndex((node) => node.outputs.includes(value));
  const cut = { live: liveOut(graph, index, graph.outputs), first: value };
  const delta = deltaBehind(graph, cut, graph.outputs);
  return { cut, delta, ends: delta?.convs.map(({ output }) => output) };
}

/** Two residual blocks of 8 channels; the second one's shortcut is a convolution. */
function residual(): Graph {
  const net = new SmallNetwork(3, 8);
  const stem = net.relu('stem', net.conv('conv0', net.input, 8));
  const one = net.relu('one', net.norm('norm1', net.conv('conv1', stem, 8)));
  const joined = net.relu('joined', net.add('add', net.norm('norm2', net.conv('conv2', one, 8)), stem));
  const two = net.relu('two', net.conv('conv3', joined, 16, { stride: 2 }));
  const shortcut = net.conv('shortcut', joined, 16, { size: 1, stride: 2 });
  return net.graph(net.add('add2', net.conv('conv4', two, 16), shortcut));
}

describe('a change of one channel', () => {
  test('is carried through the convolution that reads its site, and through the normalisation behind it', () => {
    const { delta, ends } = carryAt(residual(), 'one');
    expect(ends).toEqual(['norm2']);
    expect(delta?.patched).toEqual([]);
    expect(delta?.narrow).toEqual([]);
  });

  test('stays in its channel across a residual addition, and is carried through every convolution behind it', () => {
    const { delta, ends } = carryAt(residual(), 'norm2');
    expect(delta?.narrow.map(({ op }) => op)).toEqual(['Add', 'Relu']);
    expect(ends).toEqual(['conv3', 'shortcut']);
    expect(delta?.patched).toEqual([]);
  });

  test('is patched into values that other nodes read whole', () => {
    const { delta, ends } = carryAt(residual(), 'stem');
    expect(ends).toEqual(['norm1']);
    expect(delta?.patched).toEqual(['stem']);
  });

  test('is not carried where only a pooling or a classifier follows, or through a grouped convolution', () => {
    expect(carryAt(residual(), 'add2').delta).toBeUndefined();
    const net = new SmallNetwork(3, 8);
    const first = net.relu('first', net.conv('conv0', net.input, 8));
    expect(carryAt(net.graph(net.conv('grouped', first, 8, { group: 2 })), 'first').delta).toBeUndefined();
  });
});

describe('a convolution is not carried through', () => {
  const behind = (build: (net: SmallNetwork, first: string) => string, channels = 8) => {
    const net = new SmallNetwork(3, 8);
    const first = net.relu('first', net.conv('conv0', net.input, channels));
    return carryAt(net.graph(net.head(build(net, first))), 'first');
  };

  test.each([
    ['that reads fewer than 8 channels', 7],
    ['that reads 8 channels: it is', 8],
  ])('%s', (_, channels) => {
    const { ends } = behind((net, first) => net.conv('conv1', first, 8), channels);
    expect(ends).toEqual(channels < 8 ? undefined : ['conv1']);
  });

  test('whose bias is computed, or whose weights are', () => {
    const computed = (which: 'weight' | 'bias') => (net: SmallNetwork, first: string) => {
      net.constant('w', [8, 8, 1, 1]);
      net.constant('b', [8]);
      const [weight, bias] = [
        which === 'weight' ? net.relu('w2', 'w') : 'w',
        which === 'bias' ? net.relu('b2', 'b') : 'b',
      ];
      const pointwise = { strides: [1, 1], dilations: [1, 1], pads: [0, 0, 0, 0], group: 1 };
      return net.node('Conv', 'conv1', [first, weight, bias], pointwise, 8);
    };
    expect(behind(computed('bias')).delta).toBeUndefined();
    expect(behind(computed('weight')).delta).toBeUndefined();
  });

  test('and a normalisation, where something else reads the convolution, or the network gives it out', () => {
    const plain = behind((net, first) => net.norm('norm', net.conv('conv1', first, 8)));
    expect(plain.ends).toEqual(['norm']);
    const read = behind((net, first) => {
      const conv = net.conv('conv1', first, 8);
      return net.add('sum', net.norm('norm', conv), conv);
    });
    expect(read.ends).toEqual(['conv1']);
    const net = new SmallNetwork(3, 8);
    const conv = net.conv('conv1', net.relu('first', net.conv('conv0', net.input, 8)), 8);
    expect(carryAt(net.graph(net.head(net.norm('norm', conv)), conv), 'first').ends).toEqual(['conv1']);
  });

  test('behind a node that mixes channels, or an operator with a window', () => {
    expect(behind((net, first) => net.conv('conv1', net.maxPool('pooled', first, 2), 8)).delta).toBeUndefined();
    const softmax = behind((net, first) => net.conv('conv1', net.node('Softmax', 'mixed', [first], { axis: 1 }), 8));
    expect(softmax.delta).toBeUndefined();
  });
});

test('parts that an edit does not reach are computed once an image, not once a row', () => {
  const graph = residual();
  const index = graph.nodes.findIndex((node) => node.outputs.includes('two'));
  // The cut lies behind conv3's activation: the shortcut has not been computed there, and the edit does not reach it.
  const cut = { live: liveOut(graph, index, graph.outputs), first: 'two' };
  const { ahead, entries } = lesionProgram(graph, 'test', cut, graph.outputs);
  expect(entries.map(({ kind, value }) => [kind, value])).toEqual([
    ['edited', 'two'],
    ['copied', 'shortcut'],
  ]);
  expect(ahead).toEqual(['shortcut']);
});

test.skipIf(!hasSharedData)('every kernel of ResNet-20 but those of the last layer is carried', () => {
  const graph = sharedNetwork('models/cifar10_resnet20.onnx');
  const { layers, sites } = anatomyOf(graph, { after: 'activation' });
  const values = layers.map(({ site }) => sites.find(({ name }) => name === site)?.value as string);
  expect(values).toHaveLength(19);
  expect(values.filter((value) => carryAt(graph, value).delta === undefined)).toEqual([values.at(-1)]);
});
