import { describe, expect, test } from 'vitest';
import { anatomyOf } from '../../core/anatomy/anatomy.js';
import type { Graph } from '../../core/network/graph.js';
import { ChangedChannels } from '../../core/probe/delta-rows.js';
import { deltaBehind, type DeltaPassage } from '../../core/probe/delta-convolution.js';
import { cutsOf } from '../../core/probe/cut-point.js';
import type { FillValues } from '../../core/probe/fill-values.js';
import { liveOut } from '../../core/probe/segment.js';
import type { PreparedEdit } from '../../core/probe/selection.js';
import type { Tensor } from '../../core/tensor.js';
import { SmallNetwork } from '../import/fixtures/small-network.js';
import { seededImages, wholeRun } from './small-tap.js';

const SIDE = 6;
const POSITIONS = SIDE * SIDE;

/** A block whose branch ends in `branch`: it is added to `stem`, and behind a ReLU convolutions read the sum. */
function block(): Graph {
  const net = new SmallNetwork(3, SIDE);
  const stem = net.relu('stem', net.conv('conv0', net.input, 8));
  const branch = net.conv('branch', stem, 8);
  const joined = net.relu('joined', net.add('add', branch, stem));
  return net.graph(net.head(net.relu('last', net.conv('conv2', joined, 5))));
}

/** Two images, and what is intact in them; the images stand from number 4 of a chunk on. */
function setUp() {
  const graph = block();
  const images = seededImages(2, 3, SIDE);
  const index = graph.nodes.findIndex(({ outputs }) => outputs.includes('branch'));
  const cut = { live: liveOut(graph, index, graph.outputs), first: 'branch' };
  const carry = deltaBehind(graph, cut, graph.outputs) as DeltaPassage;
  const intact = wholeRun(graph, images, ['branch', 'stem', 'joined', 'conv2']);
  const rows = (edits: readonly PreparedEdit[]) =>
    new ChangedChannels(graph, carry, intact, { value: 'branch', edits, images: 2, start: 4 });
  const plane = (value: string, image: number, channel: number): Float32Array => {
    const { data } = intact.get(value) as Tensor<'float32'>;
    return data.subarray((image * 8 + channel) * POSITIONS, (image * 8 + channel + 1) * POSITIONS);
  };
  return { carry, rows, plane };
}

const edit = (channel: number, fill: FillValues): PreparedEdit => ({ value: 'branch', channels: [channel], fill });
const half: FillValues = { reach: 'channel', values: (channel) => Float32Array.of(0.5 + channel) };
/** Another map for each channel and image. */
const maps: FillValues = {
  reach: 'image',
  values: (channel, image) =>
    Float32Array.from({ length: POSITIONS }, (_, p) => Math.sin(p + 7 * channel + 31 * image)),
};
/** What stands in a removed channel of the `i`-th image at hand. */
const filled = ({ channels, fill }: PreparedEdit, i: number): number[] => {
  const values = fill.values(channels[0] as number, 4 + i);
  return Array.from({ length: POSITIONS }, (_, p) => values[values.length === 1 ? 0 : p] as number);
};

describe('a changed channel', () => {
  const edits = [edit(5, half), edit(0, maps), edit(5, maps), edit(2, half)];
  /** By the network’s own sums: max(0, fill + stem). */
  const changed = (plane: ReturnType<typeof setUp>['plane']): number[] =>
    edits.flatMap((one) =>
      [0, 1].flatMap((i) =>
        filled(one, i).map((value, p) =>
          Math.max(0, Math.fround(Math.fround(value) + (plane('stem', i, one.channels[0] as number)[p] as number))),
        ),
      ),
    );

  test('is what its fill says where it is cut, condition by condition and image by image', () => {
    const { rows } = setUp();
    const { shape, data } = rows(edits).channel('branch');
    expect(shape).toEqual([4, 2, 1, SIDE, SIDE]);
    expect([...data]).toEqual(edits.flatMap((one) => [0, 1].flatMap((i) => filled(one, i).map(Math.fround))));
  });

  test('goes on with its own channel of what stands beside it', () => {
    const { carry, rows, plane } = setUp();
    expect(carry.narrow.map(({ op }) => op)).toEqual(['Add', 'Relu']);
    const { shape, data } = rows(edits).channel('joined');
    expect(shape).toEqual([4, 2, 1, SIDE, SIDE]);
    expect([...data]).toEqual(changed(plane));
  });

  test('differs from the intact one by what a convolution needs, with the weights of its channel', () => {
    const { carry, rows, plane } = setUp();
    const [conv] = carry.convs;
    if (!conv) return expect.unreachable();
    expect(carry.convs).toHaveLength(1);
    const { shape, data } = rows(edits).difference(conv);
    expect(shape).toEqual([4, 2, SIDE, SIDE]);
    const before = edits.flatMap(({ channels }) =>
      [0, 1].flatMap((i) => [...plane('joined', i, channels[0] as number)]),
    );
    expect([...data]).toEqual(changed(plane).map((value, i) => Math.fround(value - (before[i] as number))));
    const weights = rows(edits).weights(conv);
    expect(weights.shape).toEqual([4, 1, 5, 9]);
    const own = edits.flatMap(({ channels: [channel = 0] }) =>
      [0, 1, 2, 3, 4].flatMap((kernel) => {
        const from = (kernel * 8 + channel) * 9;
        return [...conv.weights.data.subarray(from, from + 9)];
      }),
    );
    expect([...weights.data]).toEqual(own);
  });
});

describe('the cuts of a network', () => {
  test('come in the order in which it computes, whatever the order of its sites, with what is alive there', () => {
    const graph = block();
    const anatomy = anatomyOf(graph);
    const cuts = cutsOf(graph, { ...anatomy, sites: anatomy.sites.toReversed() }, graph.outputs[0] as string);
    expect(cuts.map(({ value }) => value)).toEqual(
      ['stem', 'branch', 'joined', 'last'].filter((value) => anatomy.sites.some((site) => site.value === value)),
    );
    expect(cuts.length).toBeGreaterThan(2);
    const alive = Object.fromEntries(cuts.map(({ value, live }) => [value, [...live].sort()]));
    expect(alive['stem']).toEqual(['stem']);
    expect(alive['last']).toEqual(['last']);
    for (const { value, sites } of cuts) expect(sites.map((site) => site.value)).toEqual([value]);
  });

  test('are one for sites of one value, also of the input itself', () => {
    const graph = block();
    const anatomy = anatomyOf(graph);
    const [first] = anatomy.sites as [(typeof anatomy.sites)[number]];
    const twice = [first, { ...first, name: 'again' }, { ...first, name: 'input', value: graph.inputs[0]?.id ?? '' }];
    const cuts = cutsOf(graph, { ...anatomy, sites: twice }, graph.outputs[0] as string);
    expect(cuts.map(({ sites }) => sites.map(({ name }) => name))).toEqual([['input'], [first.name, 'again']]);
    expect(cuts[0]?.live).toEqual([graph.inputs[0]?.id]);
  });
});
