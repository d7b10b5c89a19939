import { beforeAll, describe, expect, test } from 'vitest';
import type { Edit } from '../../core/plan/condition.js';
import type { Fill } from '../../core/spec/words/fills.js';
import type { Cell } from '../../core/probe/cell.js';
import { runLesionBatch } from '../../core/probe/lesion.js';
import { imageMetrics } from '../../core/probe/metrics.js';
import { logProbabilities } from '../../core/probe/output-reading.js';
import { ReferenceSet } from '../../core/probe/reference-set.js';
import type { InstrumentedNetwork } from '../../core/probe/instrumented-network.js';
import { evaluateGraph } from '../../core/engine/reference.js';
import { buildGraph } from '../../core/network/build.js';
import type { Graph, ValueId } from '../../core/network/graph.js';
import { float32, sizeOf, type Tensor } from '../../core/tensor.js';
import { seededImages, tapSmall, wholeRun } from './small-tap.js';
import { SmallNetwork } from '../import/fixtures/small-network.js';

function residualGraph(): Graph {
  const net = new SmallNetwork(2, 6, 5);
  const stem = net.relu('relu1', net.conv('conv1', net.input, 4));
  const branch = net.conv('conv3', net.relu('relu2', net.conv('conv2', stem, 3)), 4);
  const joined = net.relu('relu3', net.add('add', branch, stem));
  return net.graph(net.head(net.relu('relu4', net.conv('conv4', joined, 5, { stride: 2 }))));
}

const graph = residualGraph();
const reference = seededImages(7, 2, 6, 5);
const images = float32([5, 2, 6, 5], seededImages(12, 2, 6, 5).data.subarray(7 * 60));
const labels = Uint16Array.of(0, 1, 2, 3, 4);

async function cellsOf(
  network: InstrumentedNetwork,
  set: ReferenceSet,
  conditions: readonly (readonly Edit[])[],
  chunk = { digest: 'chunk', images, labels },
): Promise<Cell[]> {
  const cells: Cell[] = [];
  await runLesionBatch(
    {
      network,
      chunk,
      conditions: conditions.map((edits, i) => ({ key: `key ${i}`, condition: { edits } })),
      reference: set,
      output: { kind: 'logits', classOffset: 0 },
    },
    { cell: (_, cell) => void cells.push(cell) },
  );
  return cells;
}

/** Channels of one value over images: [images][channels][positions]. */
function channelsOf({ shape, data }: Tensor<'float32'>): number[][][] {
  const [count, channels, ...space] = shape as [number, number, ...number[]];
  const positions = sizeOf(space);
  return Array.from({ length: count }, (_, i) =>
    Array.from({ length: channels }, (__, c) => [
      ...data.subarray((i * channels + c) * positions, (i * channels + c + 1) * positions),
    ]),
  );
}

describe('the reference set', () => {
  let network: InstrumentedNetwork;
  let set: ReferenceSet;
  beforeAll(async () => {
    network = await tapSmall(graph);
    set = new ReferenceSet(network, 'reference', reference);
  });

  test('has the statistics that plain loops over the whole network’s activations give', async () => {
    const statistics = await set.statistics();
    const values = network.cuts.map((cut) => cut.value);
    const whole = wholeRun(graph, reference, values);
    expect(new Set(statistics.keys())).toEqual(new Set(values));
    for (const [value, own] of statistics) {
      const maps = channelsOf(whole.get(value) as Tensor<'float32'>);
      const positions = maps[0]?.[0]?.length as number;
      for (let c = 0; c < own.mean.length; c++) {
        const all = maps.flatMap((image) => image[c] as number[]);
        const mean = all.reduce((sum, x) => sum + x, 0) / all.length;
        expect(own.mean[c]).toBeCloseTo(mean, 12);
        expect(own.std[c]).toBeCloseTo(Math.sqrt(all.reduce((sum, x) => sum + (x - mean) ** 2, 0) / all.length), 9);
        expect(own.low[c]).toBe(Math.min(...all));
        expect(own.high[c]).toBe(Math.max(...all));
        for (let p = 0; p < positions; p++) {
          const average = maps.reduce((sum, image) => sum + (image[c]?.[p] as number), 0) / maps.length;
          expect(own.meanMap[c * positions + p]).toBeCloseTo(average, 12);
        }
      }
    }
  });

  test('draws donors by content, chunk and draw, so that more images keep the earlier ones’ donors', () => {
    const few = set.donors('chunk', 0, 20);
    expect(set.donors('chunk', 0, 50).subarray(0, 20)).toEqual(few);
    expect(Math.max(...set.donors('chunk', 0, 200))).toBe(6);
    expect(new Set(set.donors('chunk', 0, 200)).size).toBe(7);
    expect(set.donors('chunk', 1, 20)).not.toEqual(few);
    expect(set.donors('other', 0, 20)).not.toEqual(few);
    expect(new ReferenceSet(network, 'other', reference).donors('chunk', 0, 20)).not.toEqual(few);
  });
});

describe('a fill', () => {
  const mean: Fill = { kind: 'mean', per: 'channel', reference: 'reference' };
  const position: Fill = { kind: 'mean', per: 'position', reference: 'reference' };
  const draw = (n: number): Fill => ({ kind: 'resample', draw: n, reference: 'reference' });
  const fills: readonly (readonly [string, Fill])[] = [
    ['zero', { kind: 'zero' }],
    ['mean', mean],
    ['mean-position', position],
    ['resample, draw 0', draw(0)],
    ['resample, draw 2', draw(2)],
  ];

  /** What stands in a removed channel of image i, from whole runs of the network. */
  function replaced(fill: Fill, maps: number[][][], donors: Uint32Array, channel: number, i: number): number[] {
    const own = maps.map((image) => image[channel] as number[]);
    const length = (own[0] as number[]).length;
    if (fill.kind === 'zero') return Array<number>(length).fill(0);
    if (fill.kind === 'resample') return own[donors[i] as number] as number[];
    const average = Array.from(
      { length },
      (_, p) => own.reduce((sum, map) => sum + (map[p] as number), 0) / own.length,
    );
    if (fill.kind === 'mean' && fill.per === 'position') return average;
    return Array<number>(length).fill(average.reduce((sum, x) => sum + x, 0) / length);
  }

  /** Logits of the whole network, edited value by edited value; each edit sees what the ones before it left. */
  function editedLogits(network: InstrumentedNetwork, edits: readonly Edit[], donors: Uint32Array): Float32Array {
    let current = new Map<ValueId, Tensor>([['input', images]]);
    const whole = wholeRun(
      graph,
      reference,
      network.cuts.map((cut) => cut.value),
    );
    let rest: Graph = graph;
    for (const edit of edits) {
      const { value } = network.site(edit.site);
      const place = rest.nodes.findIndex((node) => node.outputs[0] === value);
      // All values of the beginning: they are the inputs of what is left.
      const written = rest.nodes.slice(0, place + 1).flatMap((node) => node.outputs);
      const beginning = evaluateGraph(buildGraph({ ...rest, outputs: written }), current);
      const changed = beginning.get(value) as Tensor<'float32'>;
      const [count, channels, ...space] = changed.shape as [number, number, ...number[]];
      const data = changed.data.slice();
      const maps = channelsOf(whole.get(value) as Tensor<'float32'>);
      for (const channel of edit.channels) {
        for (let i = 0; i < count; i++) {
          data.set(replaced(edit.fill, maps, donors, channel, i), (i * channels + channel) * sizeOf(space));
        }
      }
      current = new Map([...current, ...beginning, [value, float32(changed.shape, data)]]);
      rest = buildGraph({
        ...rest,
        inputs: [...current].map(([id, tensor]) => ({ id, shape: tensor.shape, dtype: 'float32' as const })),
        nodes: rest.nodes.slice(place + 1),
      });
      current = new Map([...current].filter(([id]) => rest.inputs.some((input) => input.id === id)));
    }
    const output = graph.outputs[0] as ValueId;
    return (evaluateGraph(rest, current).get(output) as Tensor<'float32'>).data;
  }

  test.each(fills)('%s acts as in the whole network, at every site, at two, and at all', async (_, fill) => {
    const network = await tapSmall(graph);
    const set = new ReferenceSet(network, 'reference', reference);
    const sites = network.anatomy.sites.map((site) => site.name);
    const edits = [
      ...sites.map((site) => [{ site, channels: [0, 2], fill }]),
      [sites[0], sites[2]].map((site) => ({ site: site as string, channels: [1, 3], fill })),
      sites.map((site) => ({ site, channels: [2], fill })),
    ];
    const cells = await cellsOf(network, set, edits);
    const intact = (wholeRun(graph, images, graph.outputs).get(graph.outputs[0] as string) as Tensor<'float32'>).data;
    const baseline = logProbabilities(intact, 5, 'logits');
    const donors = fill.kind === 'resample' ? set.donors('chunk', fill.draw, 5) : new Uint32Array();
    for (const [i, own] of edits.entries()) {
      const logits = editedLogits(network, own, donors);
      const expected = imageMetrics(logits, { classes: 5, classOffset: 0, kind: 'logits', labels, baseline });
      expect(cells[i]?.predicted).toEqual(expected.predicted);
      for (let image = 0; image < 5; image++) {
        expect(cells[i]?.kl[image]).toBeCloseTo(expected.kl[image] as number, 5);
        expect(cells[i]?.loss[image]).toBeCloseTo(expected.loss[image] as number, 5);
      }
    }
    // The comparison is of something: these lesions do harm.
    expect(Math.max(...cells.flatMap((cell) => [...cell.kl]))).toBeGreaterThan(1e-3);
  });

  test('gives the same cells when a chunk is walked in several tiles', async () => {
    const conditions = fills.flatMap(([, fill]) => [
      [{ site: 'conv2', channels: [0, 1], fill }],
      [
        { site: 'conv1', channels: [3], fill },
        { site: 'conv4', channels: [4], fill },
      ],
    ]);
    const run = async (tile: number): Promise<Cell[]> => {
      const network = await tapSmall(graph);
      Object.defineProperty(network, 'tile', { value: tile });
      return cellsOf(network, new ReferenceSet(network, 'reference', reference), conditions);
    };
    expect(await run(2)).toEqual(await run(256));
  });

  test('mixed with others in one condition keeps to its own site', async () => {
    const network = await tapSmall(graph);
    const set = new ReferenceSet(network, 'reference', reference);
    const [a, b, c] = network.anatomy.sites.map((site) => site.name) as [string, string, string];
    const edits: Edit[] = [
      { site: a, channels: [0], fill: { kind: 'zero' } },
      { site: b, channels: [1], fill: position },
      { site: c, channels: [3], fill: draw(1) },
    ];
    const [cell] = await cellsOf(network, set, [edits]);
    const logits = editedLogits(network, edits, set.donors('chunk', 1, 5));
    const intact = (wholeRun(graph, images, graph.outputs).get(graph.outputs[0] as string) as Tensor<'float32'>).data;
    const baseline = logProbabilities(intact, 5, 'logits');
    const expected = imageMetrics(logits, { classes: 5, classOffset: 0, kind: 'logits', labels, baseline });
    expected.kl.forEach((kl, i) => expect(cell?.kl[i]).toBeCloseTo(kl, 5));
  });
});

test('a channel that is infinite is cut out, not multiplied: without it every result is finite', async () => {
  const net = new SmallNetwork(2, 4);
  const first = net.conv('conv1', net.input, 3);
  const wide = net.graph(net.head(net.relu('relu2', net.conv('conv2', net.relu('relu1', first), 4))));
  const bias = float32([3], [0.1, Infinity, -0.2]);
  const network = await tapSmall({ ...wide, constants: new Map(wide.constants).set('conv1.bias', bias) });
  const four = seededImages(4, 2, 4);
  const set = new ReferenceSet(network, 'reference', four);
  const chunk = { digest: 'chunk', images: four, labels: Uint16Array.of(0, 1, 2, 3) };
  const zero: Fill = { kind: 'zero' };
  const [single, several, other] = await cellsOf(
    network,
    set,
    [
      [{ site: 'conv1', channels: [1], fill: zero }],
      [
        { site: 'conv1', channels: [0, 1], fill: zero },
        { site: 'conv2', channels: [2], fill: zero },
      ],
      [{ site: 'conv1', channels: [0], fill: zero }],
    ],
    chunk,
  );
  for (const cell of [single, several]) {
    expect(cell?.state).toBe('ok');
    expect([...(cell?.loss ?? [Number.NaN])].every(Number.isFinite)).toBe(true);
    expect([...(cell?.predicted ?? [])].every((label) => label < 5)).toBe(true);
  }
  // Unless it is removed, the network has no finite answer.
  expect([...(other?.loss ?? [0])].some(Number.isFinite)).toBe(false);
});
