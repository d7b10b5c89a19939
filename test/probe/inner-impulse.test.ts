import { describe, expect, test } from 'vitest';
import { buildGraph } from '../../core/network/build.js';
import type { Graph, ValueId } from '../../core/network/graph.js';
import { runResponseBatch } from '../../core/probe/response-batch.js';
import { float32, sizeOf, type Tensor } from '../../core/tensor.js';
import { expectClose, responseOf } from './response-parts.js';
import { groupOf, responseContext, seededImages, tapSmall, wholeRun } from './small-tap.js';
import { SmallNetwork } from '../import/fixtures/small-network.js';

describe('a residual network with activations', () => {
  const net = new SmallNetwork(2, 8);
  const stem = net.relu('relu1', net.conv('conv1', net.input, 4));
  const inner = net.relu('relu2', net.conv('conv2', stem, 4));
  const branch = net.conv('conv3', inner, 4);
  const joined = net.relu('relu3', net.add('add', branch, stem));
  const last = net.conv('conv4', joined, 3, { stride: 2 });
  const graph = net.graph(net.head(last));
  const images = seededImages(2, 2, 8);

  /** The whole network with a constant added to one value. */
  function nudged(value: ValueId, delta: Tensor): Graph {
    const constants = new Map(graph.constants).set('delta', delta);
    const nodes = graph.nodes.flatMap((node) => {
      const own = { ...node, inputs: node.inputs.map((input) => (input === value ? 'nudged' : input)) };
      if (node.outputs[0] !== value) return [own];
      return [own, { id: 'nudge', op: 'Add' as const, inputs: [value, 'delta'], outputs: ['nudged'] }];
    });
    return buildGraph({ ...graph, nodes, constants });
  }

  test('answers impulses at inner sites as the whole network would with that element changed', async () => {
    const network = await tapSmall(graph);
    for (const at of ['conv1', 'conv2', 'conv3']) {
      const site = network.site(at);
      const record = network.anatomy.sites.filter((other) => other.depth > site.depth).map((other) => other.name);
      expect(record.length).toBeGreaterThan(0);
      const group = groupOf({
        at,
        base: { image: 1 },
        channels: [0, 1, 2],
        positions: [[3, 5]],
        amplitudes: { unit: 'input', values: [0.5, 40, -2] },
        record,
      });
      const result = await runResponseBatch(network, group, responseContext(images));
      const values = record.map((name) => network.site(name).value);
      const image = float32([1, 2, 8, 8], images.data.subarray(128));
      const intact = wholeRun(graph, image, values);
      let answered = 0;
      for (const [i, { channel, amplitude }] of result.impulses.entries()) {
        const delta = float32([1, ...site.shape], new Float32Array(sizeOf(site.shape)));
        delta.data[(channel * 8 + 3) * 8 + 5] = amplitude;
        const changed = wholeRun(nudged(site.value, delta), image, values);
        record.forEach((name, v) => {
          const value = values[v] as ValueId;
          const base = (intact.get(value) as Tensor<'float32'>).data;
          const expected = (changed.get(value) as Tensor<'float32'>).data.map((x, j) => x - (base[j] as number));
          answered += expected.filter((x) => x !== 0).length;
          expectClose(responseOf(result, name, i).data, expected, 1e-4);
        });
      }
      expect(answered).toBeGreaterThan(5);
    }
  });

  test('answers impulses in standard deviations of the input channel over the reference images', async () => {
    const network = await tapSmall(graph);
    const scaled = float32(
      images.shape,
      images.data.map((x, j) => (Math.floor(j / 64) % 2 === 0 ? 3 * x + 1 : x)),
    );
    const group = groupOf({
      channels: [0, 1],
      positions: [[4, 4]],
      amplitudes: { unit: 'std', values: [0.1, -0.1, 1] },
      record: ['conv1'],
    });
    const { impulses } = await runResponseBatch(network, group, responseContext(scaled));
    const deviations = [0, 1].map((c) => {
      const values = [...scaled.data].filter((_, j) => Math.floor(j / 64) % 2 === c);
      const mean = values.reduce((sum, x) => sum + x, 0) / values.length;
      return Math.sqrt(values.reduce((sum, x) => sum + (x - mean) ** 2, 0) / values.length);
    });
    impulses.forEach(({ channel, amplitude }, i) => {
      expect(amplitude).toBeCloseTo(([0.1, -0.1, 1][i % 3] as number) * (deviations[channel] as number), 9);
    });
    expect(impulses.map(({ pair }) => pair)).toEqual([0, 0, -1, 1, 1, -1]);
  });

  test('refuses a reference image that is not there', async () => {
    const network = await tapSmall(graph);
    const asked = runResponseBatch(
      network,
      groupOf({ base: { image: 2 }, record: ['conv1'] }),
      responseContext(images),
    );
    await expect(asked).rejects.toMatchObject({ code: 'SPEC_INVALID' });
  });
});
