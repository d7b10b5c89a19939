import { describe, expect, test } from 'vitest';
import { buildGraph } from '../../core/network/build.js';
import type { Graph, ValueId } from '../../core/network/graph.js';
import type { Condition, Edit } from '../../core/plan/condition.js';
import type { Fill } from '../../core/spec/words/fills.js';
import type { Cell } from '../../core/probe/cell.js';
import { runLesionBatch } from '../../core/probe/lesion.js';
import type { InstrumentedNetwork } from '../../core/probe/instrumented-network.js';
import { float32, type Tensor } from '../../core/tensor.js';
import { cifarImages, tapReal } from '../builders/real-networks.js';
import { hasSharedData } from '../builders/shared-data.js';

const zero: Fill = { kind: 'zero' };

/** The whole network with these channels multiplied by 0 and a constant added: nothing of percuss's cuts or edit nodes. */
function editedWhole(network: InstrumentedNetwork, edits: readonly { edit: Edit; fill: readonly number[] }[]): Graph {
  const { graph } = network;
  const constants = new Map(graph.constants);
  const renamed = new Map<ValueId, ValueId>();
  const nodes = graph.nodes.flatMap((node) => {
    const own = { ...node, inputs: node.inputs.map((input) => renamed.get(input) ?? input) };
    const found = edits.find(({ edit }) => network.site(edit.site).value === node.outputs[0]);
    if (!found) return [own];
    const value = node.outputs[0] as ValueId;
    const channels = network.site(found.edit.site).channels;
    const keep = Float32Array.from({ length: channels }, (_, c) => (found.edit.channels.includes(c) ? 0 : 1));
    const shift = Float32Array.from({ length: channels }, (_, c) =>
      found.edit.channels.includes(c) ? (found.fill[c] ?? 0) : 0,
    );
    constants.set(`${value}!keep`, float32([1, channels, 1, 1], keep));
    constants.set(`${value}!shift`, float32([1, channels, 1, 1], shift));
    renamed.set(value, `${value}!edited`);
    const made = (id: string, op: 'Mul' | 'Add', inputs: string[], output: string) =>
      ({ id, op, inputs, outputs: [output], attributes: {}, path: id, aliases: [] }) as const;
    return [
      own,
      made(`${value}!mul`, 'Mul', [value, `${value}!keep`], `${value}!cut`),
      made(`${value}!add`, 'Add', [`${value}!cut`, `${value}!shift`], `${value}!edited`),
    ];
  });
  return buildGraph({ name: 'edited', inputs: graph.inputs, outputs: graph.outputs, nodes, constants });
}

async function wholeLogits(network: InstrumentedNetwork, graph: Graph, images: Tensor): Promise<Float32Array> {
  const program = await network.engine.compile(graph);
  const fetched = await program.run(new Map([[program.feeds[0]?.name as string, network.engine.upload(images)]]));
  const data = (await fetched.values().next().value?.read())?.data as Float32Array;
  await program.dispose();
  return data;
}

function klOf(p: Float32Array, q: Float32Array, image: number): number {
  const log = (v: Float32Array): number[] => {
    const row = [...v.subarray(image * 10, image * 10 + 10)];
    const top = Math.max(...row);
    const total = top + Math.log(row.reduce((s, x) => s + Math.exp(x - top), 0));
    return row.map((x) => x - total);
  };
  const [lp, lq] = [log(p), log(q)];
  return lp.reduce((sum, x, c) => sum + Math.exp(x) * (x - (lq[c] as number)), 0);
}

async function run(
  setup: Awaited<ReturnType<typeof tapReal>>,
  conditions: readonly Condition[],
  count: number,
): Promise<Cell[]> {
  const { images, labels } = cifarImages('cifar10_test_0000-0499.bin', count);
  const cells: Cell[] = [];
  await runLesionBatch(
    {
      ...setup,
      chunk: { digest: 'chunk', images, labels },
      conditions: conditions.map((condition, i) => ({ key: `key ${i}`, condition })),
      output: { kind: 'logits', classOffset: 0 },
    },
    { cell: (_, cell) => void cells.push(cell) },
  );
  return cells;
}

describe.skipIf(!hasSharedData)('lesions of ResNet-20', () => {
  const count = 40;
  const { images } = hasSharedData ? cifarImages('cifar10_test_0000-0499.bin', count) : { images: float32([0], []) };

  test('agree with the whole edited network, for kernels at every depth, several sites at once, and means', async () => {
    const setup = await tapReal('cifar10_resnet20');
    const { network, reference } = setup;
    const sites = network.anatomy.layers.map((layer) => layer.site);
    const statistics = await reference.statistics();
    const single = sites.map((site, i): Condition => ({ edits: [{ site, channels: [(5 * i) % 16], fill: zero }] }));
    const many: Condition = {
      edits: [0, 4, 5, 17].map((i) => ({ site: sites[i] as string, channels: [1, 7, 12], fill: zero })),
    };
    const mean: Fill = { kind: 'mean', per: 'channel', reference: 'reference' };
    const means: Condition = { edits: [2, 9].map((i) => ({ site: sites[i] as string, channels: [3, 4], fill: mean })) };
    const conditions = [{ edits: [] }, ...single, many, means];
    const cells = await run(setup, conditions, count);
    const intact = await wholeLogits(network, network.graph, images);
    for (const [i, condition] of conditions.entries()) {
      const edits = condition.edits.map((edit) => ({
        edit,
        fill: edit.fill.kind === 'mean' ? [...(statistics.get(network.site(edit.site).value)?.mean ?? [])] : [],
      }));
      const whole = await wholeLogits(network, editedWhole(network, edits), images);
      for (let image = 0; image < count; image++) {
        const row = [...whole.subarray(image * 10, image * 10 + 10)];
        expect(cells[i]?.predicted[image]).toBe(row.indexOf(Math.max(...row)));
        expect(cells[i]?.kl[image]).toBeCloseTo(klOf(intact, whole, image), 4);
      }
    }
  });

  test('that change nothing are no-op and equal the baseline exactly', async () => {
    const setup = await tapReal('cifar10_resnet20');
    const site = setup.network.anatomy.layers[0]?.site as string;
    const each = Array.from({ length: 16 }, (_, c): Condition => ({ edits: [{ site, channels: [c], fill: zero }] }));
    const [baseline, ...cells] = await run(setup, [{ edits: [] }, ...each], count);
    const idle = cells.filter((cell) => cell.state === 'no-op');
    expect(idle.length).toBeGreaterThan(0);
    for (const cell of idle) {
      expect(cell.effect).toBe(0);
      expect(cell.loss).toEqual(baseline?.loss);
      expect(Math.max(...cell.kl)).toBe(0);
    }
    for (const cell of cells.filter((other) => other.state === 'ok')) expect(Math.max(...cell.kl)).toBeGreaterThan(0);
  });

  test('give the same bytes whatever they are batched with', async () => {
    const setup = await tapReal('cifar10_resnet20');
    const sites = setup.network.anatomy.layers.map((layer) => layer.site);
    const fills: Fill[] = [
      zero,
      { kind: 'mean', per: 'position', reference: 'reference' },
      { kind: 'resample', draw: 1, reference: 'reference' },
    ];
    const conditions = sites.flatMap((site, i) =>
      fills.map((fill): Condition => ({
        edits: [
          { site, channels: [i % 16], fill },
          ...(i < 18 && i % 2 ? [{ site: sites[18] as string, channels: [60], fill }] : []),
        ],
      })),
    );
    const together = await run(setup, conditions, count);
    const last = conditions.length - 1;
    for (const i of [0, 1, 2, 4, 5, 31, 32, last]) {
      const [alone] = await run(setup, [conditions[i] as Condition], count);
      expect(alone).toEqual({ ...together[i], key: 'key 0' });
    }
  });

  test('filled with donors equal the donors’ activations: an image that donates to itself is a no-op', async () => {
    const setup = await tapReal('cifar10_resnet20');
    const { labels } = cifarImages('cifar10_train_0000-1999.bin', 64);
    const own = { ...setup.reference, donors: () => Uint32Array.from({ length: 64 }, (_, i) => i) };
    Object.setPrototypeOf(own, setup.reference);
    const site = setup.network.anatomy.layers[7]?.site as string;
    const cells: Cell[] = [];
    setup.reference.donors = own.donors;
    await runLesionBatch(
      {
        ...setup,
        chunk: { digest: 'chunk', images: setup.reference.images, labels },
        conditions: [
          {
            key: 'k',
            condition: {
              edits: [{ site, channels: [2, 5], fill: { kind: 'resample', draw: 0, reference: 'reference' } }],
            },
          },
        ],
        output: { kind: 'logits', classOffset: 0 },
      },
      { cell: (_, cell) => void cells.push(cell) },
    );
    expect(cells[0]?.state).toBe('no-op');
  });
});
