import { describe, expect, test, vi } from 'vitest';
import type { LesionPath, LesionStep } from '../../core/probe/lesion-path.js';
import { runPaths } from '../../core/probe/lesion-paths.js';
import { onHost } from '../../core/probe/live.js';
import { InstrumentedNetwork } from '../../core/probe/instrumented-network.js';
import type { FillValues } from '../../core/probe/fill-values.js';
import type { Engine, EngineTensor, Program } from '../../core/engine/engine.js';
import type { Graph } from '../../core/network/graph.js';
import { randomStream } from '../../core/random.js';
import { float32, sizeOf, type Tensor } from '../../core/tensor.js';
import { editedWhole, seededImages, tapSmall } from './small-tap.js';
import { weighedEngine } from './weighed-engine.js';
import { SmallNetwork } from '../import/fixtures/small-network.js';

const images = 5;
const input = seededImages(images, 3, 6);

/** Five convolutions, with a shortcut and a gate of one position a channel. */
function gated(): Graph {
  const net = new SmallNetwork(3, 6);
  const stem = net.relu('stem', net.conv('conv0', net.input, 8));
  const one = net.relu('one', net.conv('conv1', stem, 8));
  const squeezed = net.relu(
    'squeezed',
    net.conv('conv2', net.node('GlobalAveragePool', 'squeeze', [one]), 4, { size: 1 }),
  );
  const gate = net.node('Sigmoid', 'gate', [net.conv('conv3', squeezed, 8, { size: 1 })]);
  const joined = net.relu('joined', net.add('add', net.node('Mul', 'scaled', [one, gate]), stem));
  return net.graph(net.head(net.relu('last', net.conv('conv4', joined, 9, { stride: 2 }))));
}

/** Seeded numbers: one for a channel, one for each of its positions, or these for each image. */
function fillOf(reach: FillValues['reach'], map: readonly number[]): FillValues {
  const positions = reach === 'channel' ? 1 : sizeOf(map.slice(1));
  return {
    reach,
    values: (channel, image) => {
      const stream = randomStream(5, 'fill', channel, reach === 'image' ? image : 0);
      return Float32Array.from({ length: positions }, () => stream.uniform());
    },
  };
}

function step(
  network: InstrumentedNetwork,
  cut: number,
  channels: readonly number[],
  reach: FillValues['reach'],
): LesionStep {
  const value = network.cuts[cut]?.value as string;
  const fill = fillOf(reach, (network.graph.shapes.get(value) as readonly number[]).slice(1));
  return { cut, key: JSON.stringify([channels, reach]), edits: [{ value, channels, fill }] };
}

async function outputsOf(
  network: InstrumentedNetwork,
  given: readonly (readonly LesionStep[])[],
): Promise<Float32Array[]> {
  const paths = given.map((steps): LesionPath => ({ steps, outputs: new Float32Array(images * network.classes) }));
  await network.walk(input, async (cut, live) => {
    const here = paths.filter(({ steps }) => steps[0]?.cut === cut);
    await runPaths(network, { cut, live: await onHost(live), start: 0 }, here);
  });
  return paths.map(({ outputs }) => outputs);
}

describe('a condition that edits at three cuts or more', async () => {
  const network = await tapSmall(gated());
  const { graph, anatomy, engine } = network;
  const large = new InstrumentedNetwork(graph, anatomy, engine, { directBytes: 0 });
  const cuts = network.cuts.map((_, cut) => cut);

  test('takes one program to the output, and in large networks one from stop to stop', () => {
    expect(network.spread(0)).toHaveLength(1);
    expect(large.spread(0).length).toBeGreaterThanOrEqual(3);
    const edited = large.spread(0).flatMap(({ selected }) => selected.map(({ value }) => value));
    expect(edited).toEqual(network.cuts.map(({ value }) => value));
  });

  const both = [
    ['small', network],
    ['large', large],
  ] as const;
  const fills = (['channel', 'position', 'image'] as const).flatMap((reach) =>
    both.map(([size, tapped]) => [reach, size, tapped] as const),
  );
  test.each(fills)('puts in what differs by %s, at any cuts of a %s network', async (reach, _, tapped) => {
    expect(cuts.length).toBeGreaterThanOrEqual(5);
    const paths = [
      cuts.map((cut) => step(tapped, cut, [1], reach)),
      [0, 2, 4].map((cut) => step(tapped, cut, [0, 3], reach)),
      [1, 2, 3].map((cut) => step(tapped, cut, [2], cut === 2 ? 'channel' : reach)),
    ];
    // Images in several runs, of which the last is shorter.
    vi.spyOn(tapped, 'rowsAt').mockReturnValue(2);
    const onwards = vi.spyOn(tapped, 'onwards');
    const found = await outputsOf(tapped, paths);
    expect(onwards).not.toHaveBeenCalled();
    vi.restoreAllMocks();
    const intact = (await tapped.walk(input, () => Promise.resolve()))?.data;
    for (const [i, outputs] of found.entries()) {
      const expected = editedWhole(tapped, input, paths[i] as readonly LesionStep[]);
      for (const [j, x] of outputs.entries()) expect(x).toBeCloseTo(expected[j] as number, 5);
      expect(outputs).not.toEqual(intact);
    }
  });

  test.each(both)('gives back every program and every tensor of a %s network', async (size) => {
    let held = 0;
    const counted = (tensor: EngineTensor): EngineTensor => {
      held++;
      vi.spyOn(tensor, 'dispose').mockImplementation(() => void held--);
      return tensor;
    };
    const weighed = weighedEngine(engine);
    const counting: Engine = {
      ...weighed.engine,
      upload: (tensor) => counted(engine.upload(tensor)),
      async compile(part) {
        const program = await weighed.engine.compile(part);
        const run: Program['run'] = async (...given) => {
          const fetched = await program.run(...given);
          for (const tensor of fetched.values()) counted(tensor);
          return fetched;
        };
        return { ...program, run };
      },
    };
    const tapped = new InstrumentedNetwork(graph, anatomy, counting, size === 'large' ? { directBytes: 0 } : {});
    const steps = cuts.map((cut) => step(tapped, cut, [1], 'image'));
    const intact = { live: new Map<string, Tensor>() };
    await tapped.walk(input, async (cut, live) => void (cut === 0 && (intact.live = new Map(await onHost(live)))));
    const before = held;
    const outputs = new Float32Array(images * tapped.classes);
    await runPaths(tapped, { cut: 0, live: intact.live, start: 0 }, [{ steps, outputs }]);
    expect(held).toBe(before);
    expect(weighed.held().now).toBeGreaterThan(0);
    await tapped.close();
    expect(weighed.held().now).toBe(0);
  });

  test('selects what it removes, so that infinities leave no trace', async () => {
    const steps = [0, 1, 2].map((cut) => step(network, cut, [1], 'channel'));
    const first = network.cuts[0]?.value as string;
    const outputsFrom = async (spoil: (data: Float32Array, row: number) => void): Promise<Float32Array> => {
      const outputs = new Float32Array(images * network.classes);
      await network.walk(input, async (cut, live) => {
        if (cut !== 0) return;
        const host = await onHost(live);
        const { shape, data } = host.get(first) as Tensor<'float32'>;
        const copy = float32(shape, Float32Array.from(data));
        for (let image = 0; image < images; image++) spoil(copy.data, image * sizeOf(shape.slice(1)));
        await runPaths(network, { cut, live: new Map([...host, [first, copy]]), start: 0 }, [{ steps, outputs }]);
      });
      return outputs;
    };
    // Channel 1 of 6 × 6.
    const spoiled = await outputsFrom((data, row) => data.fill(Infinity, row + 36, row + 72));
    expect(spoiled).toEqual(await outputsFrom(() => {}));
  });
});
