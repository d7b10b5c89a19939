import { describe, expect, test, vi } from 'vitest';
import type { Engine, Program } from '../../core/engine/engine.js';
import { openReference } from '../../core/engine/reference.js';
import type { Graph } from '../../core/network/graph.js';
import type { LesionPath, LesionStep } from '../../core/probe/lesion-path.js';
import { runPaths } from '../../core/probe/lesion-paths.js';
import { InstrumentedNetwork } from '../../core/probe/instrumented-network.js';
import { randomStream } from '../../core/random.js';
import type { Tensor } from '../../core/tensor.js';
import { editedWhole, seededImages, tapSmall } from './small-tap.js';
import { weighedEngine } from './weighed-engine.js';
import { SmallNetwork } from '../import/fixtures/small-network.js';

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

/** Three convolutions with a shortcut around them: three cuts between two places where one value is alone. */
function bottleneck(): Graph {
  const net = new SmallNetwork(3, 6);
  const stem = net.relu('stem', net.conv('conv0', net.input, 8));
  const one = net.relu('one', net.conv('conv1', stem, 8));
  const two = net.relu('two', net.conv('conv2', one, 8));
  const joined = net.relu('joined', net.add('add', net.conv('conv3', two, 8), stem));
  return net.graph(net.head(joined));
}

/** A constant in place of channels of a site. */
function step(network: InstrumentedNetwork, cut: number, channels: readonly number[], fill = 0): LesionStep {
  const value = network.cuts[cut]?.value as string;
  const values = new Float32Array([fill]);
  return {
    cut,
    key: JSON.stringify([channels, fill]),
    edits: [{ value, channels, fill: { reach: 'channel', values: () => values } }],
  };
}

const pathOf = (network: InstrumentedNetwork, steps: readonly LesionStep[]): LesionPath => ({
  steps,
  outputs: new Float32Array(images * network.classes),
});

/** Runs paths from wherever they begin, as a walk over the intact network does. */
async function run(network: InstrumentedNetwork, input: Tensor, paths: readonly LesionPath[]): Promise<void> {
  await network.walk(input, async (cut, live) => {
    const host = new Map<string, Tensor>();
    for (const [value, tensor] of live) host.set(value, await tensor.read());
    const here = paths.filter(({ steps }) => steps[0]?.cut === cut);
    await runPaths(network, { cut, live: host, start: 0 }, here);
  });
}

/** The reference engine, and the names of what it ran. */
async function noting(): Promise<{ readonly engine: Engine; readonly runs: readonly string[] }> {
  const runs: string[] = [];
  const engine = await openReference();
  return {
    runs,
    engine: {
      ...engine,
      async compile(graph) {
        const program = await engine.compile(graph);
        const run: Program['run'] = (...given) => {
          runs.push(graph.name);
          return program.run(...given);
        };
        return { ...program, run };
      },
    },
  };
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
      expect(largestDifference(path.outputs, editedWhole(network, input, path.steps))).toBeLessThan(1e-5);
      const alone = pathOf(network, path.steps);
      await run(network, input, [alone]);
      expect(alone.outputs).toEqual(path.outputs);
    }
  });

  test('share what they have in common: pairs cost one way for each first edit', async () => {
    const network = await tapSmall(residual());
    const onwards = vi.spyOn(network, 'onwards');
    const firsts = [step(network, 0, [1]), step(network, 0, [2])];
    const paths = firsts.flatMap((first) =>
      [3, 4, 5, 6].map((channel) => pathOf(network, [first, step(network, 2, [channel])])),
    );
    await run(network, input, paths);
    expect(onwards).toHaveBeenCalledTimes(2);
  });

  test('share the way to the nearer of two next cuts with the way to the further one', async () => {
    const { engine: noted, runs } = await noting();
    const graph = residual();
    const network = new InstrumentedNetwork(graph, (await tapSmall(graph)).anatomy, noted);
    const first = step(network, 0, [1]);
    const paths = [1, 2, 2].map((cut, i) => pathOf(network, [first, step(network, cut, [i])]));
    await run(network, input, paths);
    const walked = network.cuts.length + 1;
    const segments = runs.filter((name) => name.includes(' segment '));
    expect(segments.length - walked).toBe(2);
  });

  test('are carried on as a difference where one channel is all that changes, and computed where they had edits before', async () => {
    const graph = residual();
    const { engine: noted, runs } = await noting();
    const network = new InstrumentedNetwork(graph, (await tapSmall(graph)).anatomy, noted);
    const carried = (): readonly string[] => runs.filter((name) => name.includes('carried'));
    await run(network, input, [pathOf(network, [step(network, 0, [1]), step(network, 1, [2])])]);
    expect(carried()).toEqual([]);
    await run(network, input, [pathOf(network, [step(network, 1, [2])])]);
    expect(carried()).not.toEqual([]);
  });

  describe('of large networks', () => {
    test('lead from cut to cut to the same values, by one channel, several, and at several cuts', async () => {
      const direct = await tapSmall(residual());
      const chained = new InstrumentedNetwork(direct.graph, direct.anatomy, direct.engine, { directBytes: 0 });
      const cuts = direct.cuts.map((_, cut) => cut);
      const chosen = [
        ...cuts.flatMap((cut) => [[step(direct, cut, [1])], [step(direct, cut, [0, 2], 0.3)]]),
        [step(direct, 0, [1]), step(direct, 2, [2])],
        cuts.map((cut) => step(direct, cut, [1], 0.2)),
      ];
      const paths = chosen.map((steps) => pathOf(chained, steps));
      await run(chained, input, paths);
      for (const path of paths) {
        expect(largestDifference(path.outputs, editedWhole(direct, input, path.steps))).toBeLessThan(1e-5);
      }
    });

    test('hold each weight once, and besides those of one cut', async () => {
      const { graph, anatomy, engine } = await tapSmall(residual());
      const weighed = weighedEngine(engine);
      const chained = new InstrumentedNetwork(graph, anatomy, weighed.engine, { directBytes: 0 });
      const paths = chained.cuts.flatMap((_, cut) => [
        pathOf(chained, [step(chained, cut, [1])]),
        pathOf(chained, [step(chained, cut, [0, 2])]),
        pathOf(chained, [step(chained, 0, [1]), ...(cut > 0 ? [step(chained, cut, [1])] : [])]),
      ]);
      await run(chained, input, paths);
      const weights = [...graph.constants.values()].map(({ data }) => data.byteLength);
      const all = weights.reduce((sum, bytes) => sum + bytes, 0);
      expect(weighed.held().most).toBeGreaterThanOrEqual(all);
      expect(weighed.held().most).toBeLessThanOrEqual(all + 2.5 * Math.max(...weights));
      await chained.close();
      expect(weighed.held().now).toBe(0);
    });

    test('leave no program behind when ways from one cut go on after others have run', async () => {
      const { graph, anatomy, engine } = await tapSmall(bottleneck());
      const weighed = weighedEngine(engine);
      const chained = new InstrumentedNetwork(graph, anatomy, weighed.engine, { directBytes: 0 });
      const paths = [2, 3].map((cut) => pathOf(chained, [step(chained, 1, [1]), step(chained, cut, [2])]));
      await run(chained, input, paths);
      for (const path of paths) {
        expect(largestDifference(path.outputs, editedWhole(chained, input, path.steps))).toBeLessThan(1e-5);
      }
      await chained.close();
      expect(weighed.held().now).toBe(0);
    });
  });
});
