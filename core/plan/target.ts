import type { Anatomy, Layer, Site } from '../anatomy/site.js';
import { globMatcher } from '../select.js';
import { units, type Unit } from '../spec/words/units.js';

/** Channels of one site, ascending. */
export interface Cut {
  readonly site: string;
  readonly channels: readonly number[];
}

/** One thing that can be removed by itself: a kernel, a layer, a block, or a channel of a residual stream. */
export interface Target {
  /** The layer, block or stream that it belongs to: what `one-layer` draws from. */
  readonly group: string;
  /** Channel within the group; undefined for a whole layer or block. */
  readonly channel: number | undefined;
  readonly cuts: readonly Cut[];
}

const all = (count: number): number[] => Array.from({ length: count }, (_, i) => i);

/** Layers that a list of globs selects, by name or alias, in topological order. */
export function selectLayers(anatomy: Anatomy, globs: readonly string[]): readonly Layer[] {
  const sites = new Map(anatomy.sites.map((site) => [site.name, site]));
  const selects = selector(globs);
  return anatomy.layers.filter((layer) => selects([layer.name, ...aliasesOf(sites.get(layer.site))]));
}

/** Sites that a list of globs selects, by name or alias, in topological order. */
export function selectSites(anatomy: Anatomy, globs: readonly string[]): readonly Site[] {
  const selects = selector(globs);
  return anatomy.sites.filter((site) => selects([site.name, ...site.aliases]));
}

const aliasesOf = (site: Site | undefined): readonly string[] => (site ? [site.name, ...site.aliases] : []);

/** Whether any of the globs stands for any of the names. */
function selector(globs: readonly string[]): (names: readonly string[]) => boolean {
  const matchers = globs.map(globMatcher);
  return (names) => matchers.some((matches) => names.some(matches));
}

const named = <T extends { readonly name: string }>(things: readonly T[], globs: readonly string[]): T[] => {
  const selects = selector(globs);
  return things.filter(({ name }) => selects([name]));
};

const byUnit: { readonly [U in Unit]: (anatomy: Anatomy, globs: readonly string[]) => Target[] } = {
  kernel: (anatomy, globs) =>
    selectLayers(anatomy, globs).flatMap((layer) =>
      all(layer.kernels).map((channel) => ({
        group: layer.name,
        channel,
        cuts: [{ site: layer.site, channels: [channel] }],
      })),
    ),
  layer: (anatomy, globs) =>
    selectLayers(anatomy, globs).map((layer) => ({
      group: layer.name,
      channel: undefined,
      cuts: [{ site: layer.site, channels: all(layer.kernels) }],
    })),
  block: (anatomy, globs) =>
    named(anatomy.blocks, globs).map((block) => ({
      group: block.name,
      channel: undefined,
      cuts: [{ site: block.site, channels: all(channelsOf(anatomy, block.site)) }],
    })),
  stream: (anatomy, globs) =>
    named(anatomy.streams, globs).flatMap((stream) =>
      stream.writers.map((writers, channel) => ({
        group: stream.name,
        channel,
        cuts: mergeCuts(
          anatomy,
          writers.map((writer) => ({ site: writer.site, channels: [writer.channel] })),
        ),
      })),
    ),
};

function channelsOf(anatomy: Anatomy, site: string): number {
  return anatomy.sites.find((candidate) => candidate.name === site)?.channels ?? 0;
}

/** What an ablation of this unit can remove, one by one, in topological order. */
export function targetsOf(anatomy: Anatomy, unit: Unit, globs: readonly string[]): readonly Target[] {
  return byUnit[unit](anatomy, globs).filter((target) => target.cuts.length > 0);
}

/** How many targets each selected layer, block or stream has, without making one: those of `targetsOf`. */
export function targetSizes(anatomy: Anatomy, unit: Unit, globs: readonly string[]): readonly number[] {
  const selects = selector(globs);
  return units[unit]
    .groups(anatomy)
    .filter(({ names }) => selects(names))
    .map(({ targets }) => targets);
}

/** Joins cuts: one for each site, in topological order, channels ascending and once. */
export function mergeCuts(anatomy: Anatomy, cuts: readonly Cut[]): readonly Cut[] {
  const channels = new Map<string, Set<number>>();
  for (const cut of cuts) {
    const known = channels.get(cut.site) ?? new Set<number>();
    for (const channel of cut.channels) known.add(channel);
    channels.set(cut.site, known);
  }
  return anatomy.sites.flatMap((site) => {
    const known = channels.get(site.name);
    return known ? [{ site: site.name, channels: [...known].sort((a, b) => a - b) }] : [];
  });
}
