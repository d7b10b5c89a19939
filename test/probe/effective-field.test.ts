import { describe, expect, test } from 'vitest';
import { AdjointProgram, COTANGENT } from '../../core/network/adjoint.js';
import type { ValueId } from '../../core/network/graph.js';
import type { InstrumentedNetwork } from '../../core/probe/instrumented-network.js';
import { runResponseBatch } from '../../core/probe/response-batch.js';
import { rows, sizeOf, type Tensor } from '../../core/tensor.js';
import { cifarImages, tapReal } from '../builders/real-networks.js';
import { hasSharedData } from '../builders/shared-data.js';
import { runOnce } from '../engine/agreement.js';
import { noise } from '../engine/conformance-case.js';
import { SmallNetwork } from '../import/fixtures/small-network.js';
import { responseOf } from './response-parts.js';
import { groupOf, responseContext, seededImages, tapSmall } from './small-tap.js';

/** Jᵀ·e at the input, for one image and a weight e of each element of a site. */
async function effectiveField(
  { graph, engine }: InstrumentedNetwork,
  value: ValueId,
  image: Tensor,
  weights: Tensor,
): Promise<Float32Array> {
  const input = graph.inputs[0]?.id as ValueId;
  let field: ValueId = '';
  const program = new AdjointProgram({ graph, output: value, wanted: [input], cotangents: 1 }, (_, gradient) => {
    field = gradient.id;
  });
  const feeds = new Map([
    [input, image],
    [COTANGENT, weights],
  ]);
  return (await runOnce(engine, program.build('field', [field]), feeds)).get(field)?.data as Float32Array;
}

/** For each impulse and site: ⟨odd part of the stored response over its amplitude, e⟩, and what the effective field of e is there. */
async function bothWays(network: InstrumentedNetwork, images: Tensor<'float32'>, amplitude: number) {
  const positions = [
    [8, 8],
    [0, 3],
    [13, 6],
  ] as const;
  const record = network.anatomy.sites.map(({ name }) => name);
  const amplitudes = { unit: 'input', values: [amplitude, -amplitude] } as const;
  const group = groupOf({ base: { image: 0 }, record, positions, amplitudes, channels: [0, 1] });
  const result = await runResponseBatch(network, group, responseContext(images));
  const [, , height, width] = images.shape as [number, number, number, number];
  const pairs: { site: string; forward: number; backward: number; scale: number }[] = [];
  for (const { name, value, shape } of network.anatomy.sites) {
    const weights = noise(`weights ${name}`, [1, ...shape]);
    const field = await effectiveField(network, value, rows(images, 0, 1), weights);
    for (let i = 0; i < result.impulses.length; i += 2) {
      const { channel, row, column } = result.impulses[i] as (typeof result.impulses)[number];
      const [above, below] = [responseOf(result, name, i), responseOf(result, name, i + 1)];
      let [forward, scale] = [0, 0];
      for (let j = 0; j < sizeOf(shape); j++) {
        const part =
          (((above.data[j] as number) - (below.data[j] as number)) / (2 * amplitude)) * (weights.data[j] as number);
        forward += part;
        scale += part * part;
      }
      const backward = field[(channel * height + row) * width + column] as number;
      pairs.push({ site: name, forward, backward, scale: Math.sqrt(scale) });
    }
  }
  return pairs;
}

describe('the effective receptive field is the transpose of the impulse response', () => {
  test('in a linear network, at any amplitude', async () => {
    const net = new SmallNetwork(2, 16);
    const first = net.conv('conv1', net.input, 4, { size: 3, stride: 1 });
    const second = net.conv('conv2', first, 5, { size: 3, stride: 2 });
    const last = net.conv('conv3', second, 3, { size: 5, stride: 1 });
    const network = await tapSmall(net.graph(net.head(last)));
    const pairs = await bothWays(network, seededImages(1, 2, 16), 1);
    expect(pairs.length).toBe(3 * 6);
    for (const { site, forward, backward, scale } of pairs)
      expect([site, Math.abs(forward - backward) < 1e-4 * scale + 1e-6]).toEqual([site, true]);
  });

  test.skipIf(!hasSharedData)('in ResNet-20, for small impulses', async () => {
    const { network } = await tapReal('cifar10_resnet20');
    const { images } = cifarImages('cifar10_train_0000-1999.bin', 1);
    const pairs = await bothWays(network, images, 2 ** -8);
    const far = pairs.filter(({ forward, backward, scale }) => Math.abs(forward - backward) > 0.05 * scale);
    // Where an activation bends within the impulse's reach, the two are about different slopes.
    expect(far.length).toBeLessThan(0.05 * pairs.length);
    expect(pairs.length).toBe(6 * network.anatomy.sites.length);
  });
});
