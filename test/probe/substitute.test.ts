import { beforeAll, describe, expect, test } from 'vitest';
import { buildGraph } from '../../core/network/build.js';
import type { Graph, ValueId } from '../../core/network/graph.js';
import type { Edit } from '../../core/plan/condition.js';
import type { Cell } from '../../core/probe/cell.js';
import { runLesionBatch } from '../../core/probe/lesion.js';
import type { InstrumentedNetwork } from '../../core/probe/instrumented-network.js';
import { poolOf, type KernelPool } from '../../core/probe/kernel-pool.js';
import { gatherMoments, type Moments } from '../../core/probe/moments.js';
import { ReferenceSet } from '../../core/probe/reference-set.js';
import { substitutesOf } from '../../core/probe/site-substitutes.js';
import type { Substitute } from '../../core/probe/substitute-fit.js';
import { fills, type Fill, type SubstituteFill } from '../../core/spec/words/fills.js';
import { float32, type Tensor } from '../../core/tensor.js';
import { momentsFrom, plain } from './small-moments.js';
import { seededImages, tapSmall, wholeRun } from './small-tap.js';

const digest = 'r'.repeat(64);
const same = fills.substitute.of(digest, 0) as SubstituteFill;
const earlier = fills['substitute-earlier'].of(digest, 0) as SubstituteFill;
const mean: Fill = { kind: 'mean', per: 'channel', reference: digest };

const reference = seededImages(13, 2, 8);
const images = float32([5, 2, 8, 8], seededImages(40, 2, 8).data.subarray(35 * 128));
const labels = Uint16Array.of(0, 1, 2, 3, 4);

type Change = (data: Float32Array, kernel: (k: number) => Float32Array) => void;

/** The graph with some of its constants changed. */
function changed(graph: Graph, changes: Readonly<Record<string, Change>>): Graph {
  const constants = new Map(graph.constants);
  for (const [name, change] of Object.entries(changes)) {
    const before = constants.get(name) as Tensor<'float32'>;
    const data = Float32Array.from(before.data);
    const size = data.length / (before.shape[0] as number);
    change(data, (k) => data.subarray(k * size, (k + 1) * size));
    constants.set(name, float32(before.shape, data));
  }
  return buildGraph({ ...graph, constants });
}

/** Kernel `to` of a convolution as a mixture of others, before any activation. */
const mixed = (conv: string, to: number, parts: Readonly<Record<number, number>>): Record<string, Change> => {
  const write: Change = (_, kernel) => {
    const sum = kernel(to).map((__, i) =>
      Object.entries(parts).reduce((total, [k, share]) => total + share * (kernel(Number(k))[i] as number), 0),
    );
    kernel(to).set(sum);
  };
  return { [`${conv}.weight`]: write, [`${conv}.bias`]: write };
};

interface Ran {
  readonly cell: Cell;
  readonly outputs: Float32Array;
}

async function run(network: InstrumentedNetwork, conditions: readonly (readonly Edit[])[]): Promise<Ran[]> {
  const ran: Ran[] = [];
  await runLesionBatch(
    {
      network,
      chunk: { digest: 'chunk', images, labels },
      conditions: conditions.map((edits, i) => ({ key: `key ${i}`, condition: { edits } })),
      reference: new ReferenceSet(network, digest, reference),
      moments: momentsFrom(network, reference),
      output: { kind: 'logits', classOffset: 0 },
    },
    { cell: (_, cell, outputs) => void ran.push({ cell, outputs: Float32Array.from(outputs) }) },
  );
  return ran;
}

const damage = ({ cell }: Ran): number => cell.kl.reduce((sum, kl) => sum + kl, 0) / cell.kl.length;

/** So that classes are not sure beyond what a change of a kernel could move. */
const unsure: Record<string, Change> = {
  'fc.weight': (data) => data.forEach((weight, i) => (data[i] = weight / 100)),
};

/** Damage of removing one channel, with the substitute and with the mean. */
async function damages(graph: Graph, site: string, channel: number, fill: SubstituteFill) {
  const network = await tapSmall(changed(graph, unsure));
  const [told, lost] = await run(network, [
    [{ site, channels: [channel], fill }],
    [{ site, channels: [channel], fill: mean }],
  ]);
  return { told: damage(told as Ran), lost: damage(lost as Ran) };
}

describe('known answers: damage with the substitute against damage with the mean', () => {
  test.each<[string, string, number, Readonly<Record<string, Change>>]>([
    ['a copy', 'conv1', 4, mixed('conv1', 4, { 2: 1 })],
    ['what was copied', 'conv1', 2, mixed('conv1', 4, { 2: 1 })],
    ['a scaled copy', 'conv1', 4, mixed('conv1', 4, { 2: 3 })],
    ['a mixture where no activation follows', 'conv3', 7, mixed('conv3', 7, { 0: 0.6, 1: -0.5, 2: 0.7 })],
  ])('%s is replaced wholly', async (_, site, channel, changes) => {
    const { told, lost } = await damages(changed(plain(), changes), site, channel, same);
    expect(lost).toBeGreaterThan(1e-5);
    expect(told).toBeLessThan(1e-6 * lost);
  });

  test('a copy carried over depth is replaced wholly from earlier sites, and not from its own', async () => {
    const graph = changed(plain(), {
      'conv2.weight': (_, kernel) =>
        kernel(5)
          .fill(0)
          .set([1], 3 * 9 + 4),
      'conv2.bias': (data) => void (data[5] = 0),
    });
    const before = await damages(graph, 'conv2', 5, earlier);
    expect(before.lost).toBeGreaterThan(1e-5);
    expect(before.told).toBeLessThan(1e-6 * before.lost);
    const beside = await damages(graph, 'conv2', 5, same);
    expect(beside.told).toBeGreaterThan(1e-2 * beside.lost);
  });

  test('a kernel that never answers is no lesion', async () => {
    const graph = changed(plain(), {
      'conv1.weight': (_, kernel) => void kernel(6).fill(0),
      'conv1.bias': (data) => void (data[6] = -1),
    });
    const network = await tapSmall(graph);
    const cells = await run(network, [[{ site: 'conv1', channels: [6], fill: same }]]);
    expect(cells.map(({ cell }) => [cell.state, cell.effect])).toEqual([['no-op', 0]]);
  });
});

describe('what runs is the network rewired', () => {
  let network: InstrumentedNetwork;
  const pools = new Map<string, { readonly pool: KernelPool; readonly moments: Moments }>();
  beforeAll(async () => {
    network = await tapSmall(plain());
  });

  async function substituteOf({ site, channels, fill }: Edit): Promise<{ pool: KernelPool; substitute: Substitute }> {
    const own = fill as SubstituteFill;
    const name = `${site} ${own.from}`;
    if (!pools.has(name)) {
      const pool = poolOf(network.anatomy, { site, fill: own });
      const [moments] = await gatherMoments(network, reference, [pool], own.folds);
      pools.set(name, { pool, moments: moments as Moments });
    }
    const { pool } = pools.get(name) as { pool: KernelPool };
    const known = await momentsFrom(network, reference)({ site, fill: own });
    return { pool, substitute: substitutesOf(known, pool, own, [channels])[0] as Substitute };
  }

  /** The whole network with a 1×1 convolution behind each edited value, and the removed channels taken from that. */
  async function rewired(edits: readonly Edit[]): Promise<Float32Array> {
    let { graph } = network;
    for (const edit of edits) {
      const { pool, substitute } = await substituteOf(edit);
      const { value } = pool.target;
      const channels = pool.target.channels;
      const sources = new Map<ValueId, number>();
      for (const kernel of pool.kernels)
        sources.set(kernel.value, (graph.shapes.get(kernel.value) as number[])[1] as number);
      const nodes: Parameters<typeof buildGraph>[0]['nodes'][number][] = [];
      const constants = new Map(graph.constants);
      const keep = Uint8Array.from({ length: channels }, (_, c) => (edit.channels.includes(c) ? 0 : 1));
      constants.set(`${value}!keep`, { dtype: 'bool', shape: [1, channels, 1, 1], data: keep });
      const terms: ValueId[] = [];
      for (const [source, width] of sources) {
        const weights = new Float32Array(channels * width);
        pool.kernels.forEach((kernel, j) => {
          if (kernel.value !== source) return;
          edit.channels.forEach((channel, row) => {
            weights[channel * width + kernel.channel] = substitute.weights[row * pool.kernels.length + j] as number;
          });
        });
        const bias = new Float32Array(channels);
        if (terms.length === 0)
          edit.channels.forEach((channel, row) => (bias[channel] = substitute.shift[row] as number));
        constants.set(`${value}!w ${source}`, float32([channels, width, 1, 1], weights));
        constants.set(`${value}!b ${source}`, float32([channels], bias));
        const [from, to] = [graph.shapes.get(source) as number[], graph.shapes.get(value) as number[]];
        const step = Math.round((from[2] as number) / (to[2] as number));
        const attributes = { strides: [step, step], dilations: [1, 1], pads: [0, 0, 0, 0], group: 1 };
        const id = `${value}!told ${source}`;
        nodes.push({
          id,
          op: 'Conv',
          inputs: [source, `${value}!w ${source}`, `${value}!b ${source}`],
          outputs: [id],
          attributes,
        });
        const total = terms.length === 0 ? id : `${value}!sum ${source}`;
        if (terms.length > 0)
          nodes.push({ id: total, op: 'Add', inputs: [terms.at(-1) as ValueId, id], outputs: [total], attributes: {} });
        terms.push(total);
      }
      const edited = `${value}!edited`;
      nodes.push({
        id: edited,
        op: 'Where',
        inputs: [`${value}!keep`, value, terms.at(-1) as ValueId],
        outputs: [edited],
        attributes: {},
      });
      graph = buildGraph({
        ...graph,
        constants,
        nodes: graph.nodes.flatMap((node) => {
          const own = { ...node, inputs: node.inputs.map((id) => (id === value ? edited : id)) };
          return node.outputs.includes(value) ? [own, ...nodes] : [own];
        }),
      });
    }
    return wholeRun(graph, images, [network.output]).get(network.output)?.data as Float32Array;
  }

  test.each<[string, readonly Edit[]]>([
    ['one channel', [{ site: 'conv1', channels: [3], fill: same }]],
    [
      'several channels at one site, which tell nothing of each other',
      [{ site: 'conv2', channels: [0, 3, 7], fill: same }],
    ],
    [
      'two sites, the second of which sees what was done at the first',
      [
        { site: 'conv1', channels: [1], fill: same },
        { site: 'conv2', channels: [4, 5], fill: same },
      ],
    ],
    [
      'three sites and more',
      [
        { site: 'conv1', channels: [1, 2], fill: same },
        { site: 'conv2', channels: [4], fill: same },
        { site: 'conv3', channels: [0, 9], fill: same },
        { site: 'conv4', channels: [5], fill: same },
      ],
    ],
    ['one channel, from earlier sites', [{ site: 'conv4', channels: [2], fill: earlier }]],
    ['a whole layer, from earlier sites', [{ site: 'conv2', channels: [0, 1, 2, 3, 4, 5, 6, 7, 8, 9], fill: earlier }]],
  ])('%s', async (_, edits) => {
    const [ran] = await run(network, [edits]);
    const expected = await rewired(edits);
    const intact = wholeRun(network.graph, images, [network.output]).get(network.output)?.data as Float32Array;
    const far = Math.max(...expected.map((value, i) => Math.abs(value - (intact[i] as number))));
    expect(far).toBeGreaterThan(1e-3);
    ran?.outputs.forEach((value, i) =>
      expect(Math.abs(value - (expected[i] as number))).toBeLessThan(1e-5 * Math.max(1, far)),
    );
  });

  test('no condition’s values hang on which others run beside it', async () => {
    const conditions: readonly (readonly Edit[])[] = [
      [{ site: 'conv1', channels: [3], fill: same }],
      [{ site: 'conv4', channels: [2], fill: earlier }],
      [
        { site: 'conv1', channels: [1, 2], fill: same },
        { site: 'conv2', channels: [4], fill: same },
        { site: 'conv4', channels: [5], fill: same },
      ],
      [
        { site: 'conv1', channels: [1, 2], fill: same },
        { site: 'conv2', channels: [4], fill: same },
        { site: 'conv3', channels: [8], fill: same },
      ],
    ];
    const together = await run(network, conditions);
    for (const [i, edits] of conditions.entries())
      expect(await run(network, [edits])).toEqual(
        [together[i]].map((ran) => ({ ...ran, cell: { ...ran?.cell, key: 'key 0' } })),
      );
  });
});
