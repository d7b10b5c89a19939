import { describe, expect, test } from 'vitest';
import type { Graph } from '../../core/network/graph.js';
import type { LesionPath, LesionStep } from '../../core/probe/lesion-path.js';
import { runPaths } from '../../core/probe/lesion-paths.js';
import type { InstrumentedNetwork } from '../../core/probe/instrumented-network.js';
import type { Tensor } from '../../core/tensor.js';
import { editedWhole, seededImages, tapSmall } from './small-tap.js';
import { SmallNetwork } from '../import/fixtures/small-network.js';

const LOUD = 3;
const images = 4;

/** Convolutions of 8 channels, which are carried; one channel of the first is `scale` times as large. */
function loudChannel(scale: number): Graph {
  const net = new SmallNetwork(3, 6);
  const stem = net.relu('stem', net.conv('conv0', net.input, 8));
  const graph = net.graph(net.head(net.relu('last', net.conv('conv1', stem, 8))));
  const scaled = (name: string): Tensor => {
    const { dtype, shape, data } = graph.constants.get(name) as Tensor<'float32'>;
    const each = data.length / 8;
    return { dtype, shape, data: data.map((x, i) => (Math.floor(i / each) === LOUD ? Math.abs(x) * scale : x)) };
  };
  const constants = new Map(graph.constants);
  for (const name of ['conv0.weight', 'conv0.bias']) constants.set(name, scaled(name));
  return { ...graph, constants };
}

const removing = (network: InstrumentedNetwork, channel: number, fill = 0): LesionStep => ({
  cut: 0,
  key: `${channel} ${fill}`,
  edits: [
    {
      value: network.cuts[0]?.value as string,
      channels: [channel],
      fill: { reach: 'channel', values: () => Float32Array.of(fill) },
    },
  ],
});

async function outputsOf(network: InstrumentedNetwork, input: Tensor, step: LesionStep): Promise<Float32Array> {
  const path: LesionPath = { steps: [step], outputs: new Float32Array(images * network.classes) };
  await network.walk(input, async (cut, live) => {
    if (cut !== 0) return;
    const host = new Map<string, Tensor>();
    for (const [value, tensor] of live) host.set(value, await tensor.read());
    await runPaths(network, { cut, live: host, start: 0 }, [path]);
  });
  return path.outputs;
}

/** Largest difference, relative to the largest output. */
function off(actual: Float32Array, expected: Float32Array): number {
  const size = expected.reduce((most, x) => Math.max(most, Math.abs(x)), 0);
  return actual.reduce((most, x, i) => Math.max(most, Math.abs(x - (expected[i] as number))), 0) / size;
}

describe('a channel that outweighs all others', () => {
  const input = seededImages(images, 3, 6);

  test.each([1, 1e3, 1e4, 1e6, 1e9, 1e12])('leaves no trace once it is removed: %d times as large', async (scale) => {
    const network = await tapSmall(loudChannel(scale));
    const step = removing(network, LOUD);
    expect(off(await outputsOf(network, input, step), editedWhole(network, input, [step]))).toBeLessThan(1e-5);
  });

  test.each([1e3, 1e6, 1e12])('stays as it is while another one is removed: %d times as large', async (scale) => {
    const network = await tapSmall(loudChannel(scale));
    const step = removing(network, 0);
    expect(off(await outputsOf(network, input, step), editedWhole(network, input, [step]))).toBeLessThan(1e-5);
  });

  test.each([1e3, 1e6, 1e12])('may also come with the fill: %d in its place', async (fill) => {
    const network = await tapSmall(loudChannel(1));
    const step = removing(network, LOUD, fill);
    expect(off(await outputsOf(network, input, step), editedWhole(network, input, [step]))).toBeLessThan(1e-5);
  });

  test('leaves no trace where it is infinite', async () => {
    const network = await tapSmall(loudChannel(Infinity));
    const step = removing(network, LOUD);
    const outputs = await outputsOf(network, input, step);
    expect(outputs.every(Number.isFinite)).toBe(true);
    expect(off(outputs, editedWhole(network, input, [step]))).toBeLessThan(1e-5);
  });
});
