import { describe, expect, test } from 'vitest';
import type { Graph } from '../../core/network/graph.js';
import { gradientTensors, kernelGradients } from '../../core/probe/kernel-gradients.js';
import { ReferenceSet } from '../../core/probe/reference-set.js';
import type { FillDraw } from '../../core/plan/conditions.js';
import { fills } from '../../core/spec/words/fills.js';
import type { OutputKind } from '../../core/spec/words/output-kinds.js';
import { rows, type Tensor } from '../../core/tensor.js';
import { SmallNetwork } from '../import/fixtures/small-network.js';
import { seededImages, tapSmall, wholeRun } from './small-tap.js';

/** First and last image of each chunk. */
const chunks = [
  [0, 4],
  [4, 6],
] as const;
const images = seededImages(6, 2, 8);
const labels = Uint16Array.from([0, 3, 1, 4, 2, 0]);
const zero: FillDraw = { name: 'zero', draw: undefined, fill: fills.zero.of('', 0) };

const net = new SmallNetwork(2, 8);
const last = net.relu('second', net.conv('conv2', net.relu('first', net.conv('conv1', net.input, 3)), 4));
const graph = net.graph(net.head(last));

async function asked(kind: OutputKind): Promise<ReadonlyMap<string, Tensor>> {
  const network = await tapSmall(graph);
  const parts = chunks.map(([from, to]) => ({
    digest: `chunk ${from}`,
    images: rows(images, from, to),
    classes: labels.slice(from, to),
  }));
  const sites = network.anatomy.sites.map(({ name }) => name);
  const reference = new ReferenceSet(network, 'images', images);
  return kernelGradients(network, parts, { kind, sites, fills: [zero], reference, seed: 1 });
}

const meanOf = (list: readonly number[]): number => list.reduce((sum, value) => sum + value, 0) / list.length;

/** Loss of each image. */
function losses(of: Graph): number[] {
  const outputs = wholeRun(of, images, ['fc']).get('fc')!.data;
  return Array.from(labels, (label, i) => {
    const logits = Array.from(outputs.subarray(5 * i, 5 * i + 5));
    return Math.log(logits.reduce((sum, z) => sum + Math.exp(z), 0)) - logits[label]!;
  });
}

/** The network with one kernel of a convolution times a factor, which a ReLU behind it passes on. */
function scaled(conv: string, channel: number, factor: number): Graph {
  const constants = new Map(graph.constants);
  for (const part of [`${conv}.weight`, `${conv}.bias`]) {
    const held = constants.get(part) as Tensor<'float32'>;
    const size = held.data.length / held.shape[0]!;
    const data = held.data.map((value, i) => (Math.floor(i / size) === channel ? factor * value : value));
    constants.set(part, { ...held, data });
  }
  return { ...graph, constants };
}

describe('what gradients of the loss say of a kernel', () => {
  const found = asked('logits');

  test.each([
    ['conv1', 3],
    ['conv2', 4],
  ])('of %s, are differences of the loss as it grows and shrinks, read three ways', async (conv, channels) => {
    const tensors = await found;
    const step = 2 ** -8;
    for (let channel = 0; channel < channels; channel++) {
      const [above, below] = [1 + step, 1 - step].map((factor) => losses(scaled(conv, channel, factor)));
      const slopes = above!.map((loss, i) => (loss - below![i]!) / (2 * step));
      const near = (name: string, value: number): void => {
        const own = Number(tensors.get(name)!.data[channel]);
        expect(Math.abs(own - value), `${name}[${channel}]: ${own}, ${value}`).toBeLessThan(5e-3 * value + 1e-9);
      };
      near(gradientTensors.activation(conv), meanOf(slopes.map(Math.abs)) / 64);
      near(gradientTensors.fisher(conv), meanOf(slopes.map((slope) => slope ** 2)) / 2);
      near(gradientTensors.taylor(conv), meanOf(chunks.map(([from, to]) => meanOf(slopes.slice(from, to)) ** 2)));
    }
  });

  test('is missing where outputs are no classes, and so have no loss', async () => {
    const names = [...(await asked('values')).keys()];
    expect(names).toEqual(['linearised/zero/conv1', 'linearised/zero/conv2']);
  });
});
