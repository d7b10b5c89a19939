import { describe, expect, test } from 'vitest';
import { anatomyOf } from '../../core/anatomy/anatomy.js';
import type { Facts } from '../../core/anatomy/flow.js';
import { dataflowOf } from '../../core/anatomy/dataflow.js';
import { openOnnxruntime } from '../../core/engine/onnxruntime.js';
import { evaluateGraph } from '../../core/engine/reference.js';
import { importOnnx } from '../../core/import/onnx/import-onnx.js';
import { graphCost } from '../../core/network/cost.js';
import type { Graph, ValueId } from '../../core/network/graph.js';
import type { ChannelSources } from '../../core/network/operators/operator.js';
import { operatorOf, operators } from '../../core/network/operators/table.js';
import { absorbMixtures, readsSums, type Mixtures } from '../../core/pruning/mixtures.js';
import type { Removals } from '../../core/pruning/constant-channels.js';
import { linksOf } from '../../core/pruning/channel-links.js';
import { pruneNetwork } from '../../core/pruning/prune-network.js';
import { randomStream } from '../../core/random.js';
import { float32, sizeOf, type Tensor } from '../../core/tensor.js';
import { expectClose, runOnce } from '../engine/agreement.js';
import { conformanceCases } from '../engine/cases.js';
import { noise } from '../engine/conformance-case.js';
import { architectureFile, architectureInput, architectures, exporters } from '../import/fixtures/architectures.js';
import { SmallNetwork } from '../import/fixtures/small-network.js';
import { withMixtures } from './put-mixtures.js';

const each = architectures.flatMap((name) => exporters.map((exporter) => [name, exporter] as const));

/** Half of the channels of values, each a random sum of those that stay, and a number. */
function randomMixtures(name: string, graph: Graph, values: readonly ValueId[]) {
  const stream = randomStream(7, 'mixed', name);
  const [mixtures, shifts] = [
    new Map<string, Map<number, Map<number, number>>>(),
    new Map<string, Map<number, number>>(),
  ];
  for (const value of values) {
    const channels = Array.from({ length: graph.shapes.get(value)?.[1] as number }, (_, c) => c);
    const gone = channels.filter((c) => c > 0 && stream.uniform() < 0.5);
    const left = channels.filter((c) => !gone.includes(c));
    const share = (): number => stream.normal() / Math.sqrt(left.length);
    mixtures.set(value, new Map(gone.map((c) => [c, new Map(left.map((other) => [other, share()]))])));
    shifts.set(value, new Map(gone.map((c) => [c, stream.uniform()])));
  }
  return { mixtures, shifts };
}

const absorbedAndPruned = (graph: Graph, mixtures: Mixtures, shifts: Removals): Graph =>
  pruneNetwork(absorbMixtures(graph, mixtures), shifts).graph();

describe('a smaller network whose removed kernels are told from others equals the edited one', () => {
  const outputOf = async (graph: Graph): Promise<Tensor> => {
    const feeds = new Map([[graph.inputs[0]?.id as string, architectureInput()]]);
    return (await runOnce(await openOnnxruntime(), graph, feeds)).get(graph.outputs[0] as string) as Tensor;
  };

  test.each(each)('%s, by the %s exporter', async (name, exporter) => {
    const graph = importOnnx(name, architectureFile(name, exporter));
    const flow = dataflowOf(graph);
    const { layers, sites } = anatomyOf(graph);
    const valueOf = new Map(sites.map((site) => [site.name, site.value]));
    const values = [...new Set(layers.map(({ site }) => valueOf.get(site) as string))].filter((value) =>
      readsSums(flow, value),
    );
    const { mixtures, shifts } = randomMixtures(name, graph, values);
    const smaller = absorbedAndPruned(graph, mixtures, shifts);
    expectClose(await outputOf(smaller), await outputOf(withMixtures(graph, mixtures, shifts)), 1e-5);
    // LayerNorm stands behind every kernel of the one, a max pool of the other.
    const hasNone = name === 'convnext' || name === 'vgg';
    expect(values.length === 0).toBe(hasNone);
    expect(graphCost(smaller).macs < graphCost(graph).macs).toBe(!hasNone);
  });
});

describe('what reads a value reads sums of its channels', () => {
  const reads = (net: SmallNetwork, value: string): boolean => readsSums(dataflowOf(net.graph('fc')), value);
  const begun = (): SmallNetwork => {
    const net = new SmallNetwork(3);
    net.relu('x', net.conv('a', net.input, 6));
    return net;
  };

  test.each<[string, boolean, (net: SmallNetwork) => string]>([
    ['a convolution', true, () => 'x'],
    ['two of them', true, (net) => net.concat('both', net.conv('b', 'x', 2), net.conv('c', 'x', 2))],
    ['a concatenation', true, (net) => net.concat('both', net.input, 'x')],
    ['an activation', false, (net) => net.relu('y', 'x')],
    ['a sum with another value', false, (net) => net.add('sum', 'x', net.conv('b', net.input, 6))],
    ['a convolution in groups', false, (net) => net.conv('b', 'x', 4, { group: 2 })],
    ['a depthwise convolution', false, (net) => net.depthwise('b', 'x')],
    [
      'a convolution, and an activation besides',
      false,
      (net) => net.concat('both', net.conv('b', 'x', 2), net.relu('y', 'x')),
    ],
    ['half of its channels', false, (net) => net.split('parts', 'x', [3, 3])[1]],
  ])('%s: %s', (_, expected, behind) => {
    const net = begun();
    net.head(net.relu('z', net.conv('last', behind(net), 4)));
    expect(reads(net, 'x')).toBe(expected);
  });

  test('not where it is the output', () => {
    const net = begun();
    net.head('x');
    expect(readsSums(dataflowOf(net.graph('x')), 'x')).toBe(false);
  });
});

/** Channel 2 of everything that varies, of the same number of channels: 0.5 of channel 0 less 2 of channel 1. */
const summed = (t: Tensor): Tensor => {
  const inner = sizeOf(t.shape.slice(2));
  const data = Float32Array.from(t.data as ArrayLike<number>);
  for (let image = 0; image < (t.shape[0] as number); image++) {
    const at = (channel: number, i: number): number => (image * (t.shape[1] as number) + channel) * inner + i;
    for (let i = 0; i < inner; i++) data[at(2, i)] = 0.5 * (data[at(0, i)] as number) - 2 * (data[at(1, i)] as number);
  }
  return float32(t.shape, data);
};

describe('an operator says that it passes sums of channels only if it does', () => {
  const cases = conformanceCases().flatMap(({ name, graph, feeds }) => {
    const [node, ...others] = graph.nodes;
    const [input] = graph.inputs;
    if (!node || others.length > 0 || input?.dtype !== 'float32' || (input.shape[1] ?? 0) < 3) return [];
    return operatorOf(node).passesSums?.(node) === true ? [{ name, graph, feeds }] : [];
  });

  test.each(cases)('$name', ({ name, graph, feeds }) => {
    const [facts] = dataflowOf(graph, graph.outputs[0]).nodes as [Facts];
    const [links] = linksOf(dataflowOf(graph, graph.outputs[0]), facts) as [ChannelSources];
    const input = graph.inputs[0]?.id as string;
    const fed = new Map([...feeds].map(([id, t]) => [id, id === input ? summed(noise(name, t.shape)) : t]));
    const output = evaluateGraph(graph, fed).get(graph.outputs[0] as string) as Tensor;
    const [images, channels] = output.shape as [number, number];
    const inner = sizeOf(output.shape.slice(2));
    const channel = (image: number, place: number): Tensor['data'] =>
      output.data.subarray((image * channels + place) * inner, (image * channels + place + 1) * inner);
    const [a, b, c] = [0, 1, 2].map((source) =>
      links === 'mixed'
        ? []
        : links.flatMap((of, place) =>
            of.length === 1 && of[0]?.input === 0 && of[0].channel === source ? [place] : [],
          ),
    ) as [number[], number[], number[]];
    // Where channels are combined, or a part is left out, nothing is said.
    if (a.length !== c.length || b.length !== c.length) return;
    for (let image = 0; image < images; image++) {
      c.forEach((place, j) => {
        const [first, second] = [channel(image, a[j] as number), channel(image, b[j] as number)];
        channel(image, place).forEach((x: number | bigint, i: number) =>
          expect(Number(x)).toBeCloseTo(0.5 * Number(first[i]) - 2 * Number(second[i]), 4),
        );
      });
    }
  });

  test('as many do as there are that move channels or gather over places', () => {
    const asked = new Set(cases.flatMap(({ graph }) => graph.nodes.map(({ op }) => op)));
    expect([...asked].sort()).toEqual(
      Object.entries(operators)
        .filter(([, row]) => row.passesSums !== undefined)
        .map(([name]) => name),
    );
  });
});
