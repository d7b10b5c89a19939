import { describe, expect, test } from 'vitest';
import type { Resumption } from '../../core/probe/paused-walks.js';
import { InstrumentedNetwork } from '../../core/probe/instrumented-network.js';
import { cifarImages, tapReal } from '../builders/real-networks.js';
import { hasSharedData } from '../builders/shared-data.js';

/** Which cuts a walk visits, and what is alive at the last of them. */
async function walked(
  network: InstrumentedNetwork,
  images: Parameters<InstrumentedNetwork['walk']>[0],
  until: number,
  resume?: Resumption,
): Promise<{ readonly cuts: readonly number[]; readonly live: ReadonlyMap<string, Float32Array> }> {
  const cuts: number[] = [];
  const live = new Map<string, Float32Array>();
  await network.walk(
    images,
    async (cut, values) => {
      cuts.push(cut);
      if (cut !== until) return;
      for (const [value, tensor] of values)
        live.set(value, Float32Array.from((await tensor.read()).data as Float32Array));
    },
    { until, ...(resume ? { resume } : {}) },
  );
  return { cuts, live };
}

describe.skipIf(!hasSharedData)('a walk along ResNet-20', () => {
  test('goes on where an earlier one over the same images ended, to the same bits', async () => {
    const { network } = await tapReal('cifar10_resnet20');
    const { images } = cifarImages('cifar10_test_0000-0499.bin', 6);
    const fresh = await walked(network, images, 9);
    await walked(network, images, 4, { chunk: 'a', tile: 0, from: 0 });
    const resumed = await walked(network, images, 9, { chunk: 'a', tile: 0, from: 6 });
    expect(resumed.cuts).toEqual([4, 5, 6, 7, 8, 9]);
    expect(resumed.live).toEqual(fresh.live);
    const again = await walked(network, images, 9, { chunk: 'a', tile: 0, from: 9 });
    expect(again).toEqual({ cuts: [9], live: fresh.live });
  });

  test('starts anew for other images, for another tile, and for cuts that lie before', async () => {
    const { network } = await tapReal('cifar10_resnet20');
    const { images } = cifarImages('cifar10_test_0000-0499.bin', 6);
    const whole = [0, 1, 2, 3, 4, 5];
    await walked(network, images, 5, { chunk: 'a', tile: 0, from: 0 });
    expect((await walked(network, images, 5, { chunk: 'a', tile: 0, from: 3 })).cuts).toEqual(whole);
    expect((await walked(network, images, 5, { chunk: 'a', tile: 6, from: 5 })).cuts).toEqual(whole);
    expect((await walked(network, images, 5, { chunk: 'b', tile: 0, from: 5 })).cuts).toEqual(whole);
    // Chunk b took the place of chunk a.
    expect((await walked(network, images, 5, { chunk: 'a', tile: 0, from: 5 })).cuts).toEqual(whole);
  });

  test('stops seldom where the network counts as large: it goes on from a stop, to the same bits', async () => {
    const { network: small } = await tapReal('cifar10_resnet20');
    const network = new InstrumentedNetwork(small.graph, small.anatomy, small.engine, { directBytes: 0 });
    const { images } = cifarImages('cifar10_test_0000-0499.bin', 6);
    const last = network.cuts.length - 1;
    const fresh = await walked(network, images, last);
    expect(fresh.cuts).toHaveLength(last + 1);
    await walked(network, images, last - 1, { chunk: 'a', tile: 0, from: 0 });
    const resumed = await walked(network, images, last, { chunk: 'a', tile: 0, from: last });
    expect(resumed.live).toEqual(fresh.live);
    expect(resumed.cuts.length).toBeLessThan(6);
    // Of the same convolutions, in other programs.
    const other = await walked(small, images, last);
    for (const [value, floats] of fresh.live) {
      const expected = other.live.get(value) as Float32Array;
      expect(floats.every((x, i) => Math.abs(x - (expected[i] as number)) < 1e-4)).toBe(true);
    }
  });
});
