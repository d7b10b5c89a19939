import type { Anatomy, Layer } from '../../anatomy/site.js';
import { wordTable, type Word } from '../../word-table.js';

/** A layer, block or stream that an ablation may select, by all the names that people know it by. */
export interface Group {
  readonly names: readonly string[];
  /** How many targets it has. */
  readonly targets: number;
}

export interface UnitRow extends Word {
  /** What the key `layers` selects among. */
  readonly among: string;
  /** Only networks with skips have any. */
  readonly residual: boolean;
  /** Whether one target is a whole layer or branch, so that nothing is left to draw within it. */
  readonly whole: boolean;
  /** What there is of it in a network, in topological order. */
  readonly groups: (anatomy: Anatomy) => readonly Group[];
}

function layers({ sites, layers: all }: Anatomy, targets: (layer: Layer) => number): readonly Group[] {
  const byName = new Map(sites.map((site) => [site.name, site]));
  return all.map((layer) => {
    const site = byName.get(layer.site);
    return { names: [layer.name, ...(site ? [site.name, ...site.aliases] : [])], targets: targets(layer) };
  });
}

/** What is removed. What is cut of a network to remove one: `core/plan/target.ts`. */
export const units = wordTable<UnitRow>()({
  kernel: {
    meaning: 'an output channel of a convolution',
    among: 'layer',
    residual: false,
    whole: false,
    groups: (anatomy) => layers(anatomy, (layer) => layer.kernels),
  },
  layer: {
    meaning: 'all kernels of a layer',
    among: 'layer',
    residual: false,
    whole: true,
    groups: (anatomy) => layers(anatomy, () => 1),
  },
  block: {
    meaning: 'a residual branch',
    hint: 'a residual branch',
    among: 'residual block',
    residual: true,
    whole: true,
    groups: ({ blocks }) => blocks.map((block) => ({ names: [block.name], targets: 1 })),
  },
  stream: {
    meaning: 'a channel of a residual stream, cut at all its writers',
    hint: 'a residual channel',
    among: 'residual stream',
    residual: true,
    whole: false,
    groups: ({ streams }) =>
      streams.map(({ name, writers }) => ({
        names: [name],
        targets: writers.filter((ofChannel) => ofChannel.length > 0).length,
      })),
  },
});

export type Unit = keyof typeof units;
