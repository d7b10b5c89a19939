import { describe, expect, test } from 'vitest';
import { openReference } from '../../core/engine/reference.js';
import { anatomyOf } from '../../core/anatomy/anatomy.js';
import { InstrumentedNetwork } from '../../core/probe/instrumented-network.js';
import { seededImages } from './small-tap.js';
import { SmallNetwork } from '../import/fixtures/small-network.js';

const MiB = 2 ** 20;

/** 16 channels of side × side behind each of some activations; nearly all weights are in the head. */
async function tapped(side: number, activations = 2, directBytes?: number): Promise<InstrumentedNetwork> {
  const net = new SmallNetwork(1, side);
  let value = net.input;
  for (let i = 0; i < activations; i++) value = net.relu(`relu${i}`, net.conv(`conv${i}`, value, 16));
  const graph = net.graph(net.head(value, 10_000));
  const options = directBytes === undefined ? {} : { directBytes };
  return new InstrumentedNetwork(graph, anatomyOf(graph, { after: 'activation' }), await openReference(), options);
}

describe('images are walked together', () => {
  test.each([
    [8, 256],
    [32, 256],
    [64, 64],
    [128, 16],
    [100, 26],
  ])('as many as keep what is alive at a cut below 16 MiB: %d × %d × 16 floats, at most 256', async (side, tile) => {
    const network = await tapped(side);
    expect(network.tile).toBe(tile);
    const alive = 4 * 16 * side * side;
    expect(tile * alive).toBeLessThanOrEqual(16 * MiB);
    if (tile < 256) expect((tile + 1) * alive).toBeGreaterThan(16 * MiB);
  });

  test('in a large network no more than keep what a segment computes below three times as much', async () => {
    const [direct, large] = [await tapped(128, 12), await tapped(128, 12, 0)];
    expect([direct.stopsAtEveryCut, large.stopsAtEveryCut]).toEqual([true, false]);
    // All twelve cuts are in one segment: 12 MiB an image.
    expect([direct.tile, large.tile]).toEqual([16, 4]);
  });

  test('one at least', async () => expect((await tapped(600)).tile).toBe(1));

  test('and the last tile holds what is left', async () => {
    const network = await tapped(64);
    const tiles = [...network.tiles(seededImages(130, 1, 64))];
    expect(tiles.map(({ from, to, images }) => [from, to, images.shape[0]])).toEqual([
      [0, 64, 64],
      [64, 128, 64],
      [128, 130, 2],
    ]);
  });
});
