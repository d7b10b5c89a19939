import { describe, expect, test, vi } from 'vitest';
import { buildGraph } from '../../core/network/build.js';
import type { Graph } from '../../core/network/graph.js';
import { runPaths, type LesionPath, type LesionStep } from '../../core/probe/lesion-paths.js';
import { TappedNetwork } from '../../core/probe/tapped-network.js';
import { randomStream } from '../../core/random.js';
import { float32, type Tensor } from '../../core/tensor.js';
import { SmallNetwork } from '../network/fixtures/small-network.js';
import { seededImages, tapSmall, wholeRun } from './small-tap.js';

const images = 5;

/** Three convolutions with a shortcut around the second. */
function residual(): Graph {
  const net = new SmallNetwork(3, 6);
  const stem = net.relu('stem', net.conv('conv0', net.input, 8));
  const branch = net.norm('norm1', net.conv('conv1', stem, 8));
  const joined = net.relu('joined', net.add('add', branch, stem));
  const last = net.relu('last', net.conv('conv2', joined, 9, { stride: 2 }));
  return net.graph(net.head(last));
}

/** A constant in place of channels of a site. */
function step(network: TappedNetwork, cut: number, channels: readonly number[], fill = 0): LesionStep {
  const value = network.cuts[cut]?.value as string;
  const values = new Float32Array([fill]);
  return {
    cut,
    key: JSON.stringify([channels, fill]),
    edits: [{ value, channels, fill: { reach: 'channel', values: () => values } }],
  };
}

const pathOf = (network: TappedNetwork, steps: readonly LesionStep[]): LesionPath => ({
  steps,
  outputs: new Float32Array(images * network.classes),
});

/** Runs paths from wherever they begin, as a walk over the intact network does. */
async function run(network: TappedNetwork, input: Tensor, paths: readonly LesionPath[]): Promise<void> {
  await network.walk(input, async (cut, live) => {
    const host = new Map<string, Tensor>();
    for (const [value, tensor] of live) host.set(value, await tensor.read());
    const here = paths.filter(({ steps }) => steps[0]?.cut === cut);
    await runPaths(network, { cut, live: host, start: 0 }, here);
  });
}

/** Each edit as a Where in the whole network. */
function editedWhole(network: TappedNetwork, input: Tensor<'float32'>, { steps }: LesionPath): Float32Array {
  let { graph } = network;
  for (const { edits } of steps) {
    const { value, channels, fill } = edits[0] as LesionStep['edits'][number];
    const count = graph.shapes.get(value)?.[1] as number;
    const keep = Uint8Array.from({ length: count }, (_, c) => (channels.includes(c) ? 0 : 1));
    const constants = new Map(graph.constants);
    constants.set(`${value}!keep`, { dtype: 'bool', shape: [1, count, 1, 1], data: keep });
    constants.set(`${value}!fill`, float32([1, 1, 1, 1], fill.values(0, 0)));
    const inputs = [`${value}!keep`, value, `${value}!fill`];
    const nodes = graph.nodes.flatMap((node) => {
      const own = { ...node, inputs: node.inputs.map((id) => (id === value ? `${value}!edited` : id)) };
      if (!node.outputs.includes(value)) return [own];
      return [own, { id: `${value}!edit`, op: 'Where' as const, inputs, outputs: [`${value}!edited`] }];
    });
    graph = buildGraph({ ...graph, nodes, constants });
  }
  return wholeRun(graph, input, graph.outputs).get(graph.outputs[0] as string)?.data as Float32Array;
}

function largestDifference(a: Float32Array, b: Float32Array): number {
  return a.reduce((most, x, i) => Math.max(most, Math.abs(x - (b[i] as number))), 0);
}

describe('paths through a network', () => {
  const input = seededImages(images, 3, 6);

  test('equal the whole network with the same edits, and keep their bits whomever they share a beginning with', async () => {
    const network = await tapSmall(residual());
    expect(network.cuts.length).toBeGreaterThanOrEqual(3);
    const stream = randomStream(3, 'paths');
    const cuts = network.cuts.map((_, cut) => cut);
    const paths = Array.from({ length: 40 }, () => {
      const chosen = cuts.filter(() => stream.uniform() < 0.6);
      return (chosen.length > 0 ? chosen : [0]).map((cut) =>
        step(network, cut, stream.uniform() < 0.5 ? [stream.below(3)] : [0, 2], stream.below(2) * 0.3),
      );
    });
    const together = paths.map((steps) => pathOf(network, steps));
    await run(network, input, together);
    for (const path of together) {
      expect(largestDifference(path.outputs, editedWhole(network, input, path))).toBeLessThan(1e-5);
      const alone = pathOf(network, path.steps);
      await run(network, input, [alone]);
      expect(alone.outputs).toEqual(path.outputs);
    }
  });

  test('share what they have in common: nested conditions cost one way each from where they part', async () => {
    const network = await tapSmall(residual());
    const advance = vi.spyOn(network, 'advance');
    const first = step(network, 0, [1]);
    const second = step(network, 1, [2]);
    const paths = [3, 4, 5, 6].map((channel) => pathOf(network, [first, second, step(network, 2, [channel])]));
    await run(network, input, paths);
    expect(advance).toHaveBeenCalledTimes(2);
  });

  test('large networks go cut by cut, so that no weight is held twice, to the same values', async () => {
    const direct = await tapSmall(residual());
    const chained = new TappedNetwork(direct.graph, direct.anatomy, direct.engine, { directBytes: 0 });
    const outputs = await Promise.all(
      [direct, chained].map(async (network) => {
        const path = pathOf(network, [step(network, 0, [1]), step(network, 2, [2])]);
        await run(network, input, [path]);
        return path.outputs;
      }),
    );
    expect(outputs[1]).toEqual(outputs[0]);
  });
});

describe('a channel that outweighs all others', () => {
  /** Channel 0 is 10^`power` times as large as the others, or infinite; only 1e-3 of it reaches the outputs. */
  function lopsided(bias: number): Graph {
    const net = new SmallNetwork(3, 6);
    const stem = net.relu('stem', net.conv('conv0', net.input, 8));
    const biases = net.constant('shift', [1, 8, 1, 1], 0);
    const graph = net.graph(net.conv('conv1', net.node('Add', 'moved', [stem, biases]), 8));
    const shift = float32([1, 8, 1, 1], [bias, 0, 0, 0, 0, 0, 0, 0]);
    return buildGraph({ ...graph, constants: new Map([...graph.constants, ['shift', shift]]) });
  }

  test.each([1e7, Infinity])('is removed without a trace in the digits of the others (%f)', async (bias) => {
    const input = seededImages(images, 3, 6);
    const network = await tapSmall(lopsided(bias));
    const cut = network.cuts.findIndex(({ value }) => value === 'moved');
    const path = pathOf(network, [step(network, cut, [0])]);
    await run(network, input, [path]);
    expect(largestDifference(path.outputs, editedWhole(network, input, path))).toBeLessThan(1e-6);
  });
});
