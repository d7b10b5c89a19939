import type { Anatomy, Site } from '../../core/anatomy/site.js';

const site = (name: string, depth: number, channels: number, more: Partial<Site> = {}): Site => ({
  name,
  aliases: [],
  value: name,
  type: 'rectified',
  channels,
  shape: [channels, 4, 4],
  depth,
  normalisedDepth: depth / 2,
  stride: [1, 1],
  offset: [0, 0],
  receptiveField: [3, 3],
  wholeImage: false,
  ...more,
});
const layer = (name: string, at: string, kernels: number) => ({
  name,
  site: at,
  node: name,
  kernels,
  parameters: 0,
  macs: 0,
  coupled: [],
});

/**
 * A network made by hand: two layers of 4 and 12 kernels, each at a site of its own, a site of 3 channels at which a block ends, and
 * a stream of three channels, of which nobody writes the second.
 */
export const handAnatomy: Anatomy = {
  sites: [
    site('first.relu', 0, 4, { aliases: ['stem'], shape: [4, 8, 8] }),
    site('add', 1, 3, { shape: [3, 4, 6], stride: [2, 1] }),
    site('second.relu', 2, 12, { shape: [12, 2, 4], stride: [3, 4] }),
  ],
  layers: [layer('first', 'first.relu', 4), layer('second', 'second.relu', 12)],
  blocks: [{ name: 'block', site: 'add', layers: ['first'] }],
  streams: [
    {
      name: 'stream',
      channels: 3,
      writers: [
        [
          { site: 'second.relu', channel: 10 },
          { site: 'first.relu', channel: 1 },
          { site: 'second.relu', channel: 9 },
        ],
        [],
        [{ site: 'add', channel: 2 }],
      ],
    },
  ],
  gates: [],
  outputs: 10,
};
