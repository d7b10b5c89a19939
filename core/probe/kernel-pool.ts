import type { Anatomy, Site } from '../anatomy/site.js';
import type { ValueId } from '../network/graph.js';
import { sampledStep, type Substitution } from '../plan/substitution.js';
import { randomStream } from '../random.js';
import type { SubstituteFill } from '../spec/words/fills.js';
import { sizeOf } from '../tensor.js';
import { gridOf } from './grid.js';

/** A kernel whose activations tell of others. */
export interface PooledKernel {
  readonly value: ValueId;
  readonly channel: number;
  /** Which element of its map belongs to each place of the target's; undefined where they are the same. */
  readonly places: Uint32Array | undefined;
}

/** What tells of the kernels of a site, and at which places of its map both are compared. */
export interface KernelPool {
  readonly target: Site;
  readonly kernels: readonly PooledKernel[];
  /** Channels of the target that are not in the pool. */
  readonly others: readonly number[];
  /** Places of the target's map that are compared. */
  readonly sampled: Uint32Array;
}

/**
 * The pool for a site, the same for whoever asks: a draw seeded by the reference images and the site, in the order of sites and
 * channels. Of sites before it those are asked whose maps have an element at every place of the target's, where `gridOf` finds it:
 * nothing is pooled or clamped, so that an exact copy tells all.
 */
export function poolOf(anatomy: Anatomy, { site: name, fill }: Substitution): KernelPool {
  const target = anatomy.sites.find((site) => site.name === name) as Site;
  const asked = sources[fill.from](anatomy, target);
  const stream = randomStream(fill.reference, 'pool', fill.from, name);
  const drawn =
    asked.length <= fill.pool
      ? asked
      : stream
          .shuffled(asked.map((_, i) => i))
          .slice(0, fill.pool)
          .sort((a, b) => a - b)
          .map((i) => asked[i] as PooledKernel);
  const own = new Set(drawn.flatMap(({ value, channel }) => (value === target.value ? [channel] : [])));
  return {
    target,
    kernels: drawn,
    others: channelsOf(target).filter((channel) => !own.has(channel)),
    sampled: sampledPlaces(target, fill.positions),
  };
}

/** The variable of a channel of the target: its place in the pool, or behind it among the others. */
export function variablesOf({ target, kernels, others }: KernelPool): readonly number[] {
  const found = new Map(others.map((channel, i) => [channel, kernels.length + i]));
  kernels.forEach(({ value, channel }, i) => {
    if (value === target.value) found.set(channel, i);
  });
  return channelsOf(target).map((channel) => found.get(channel) as number);
}

const channelsOf = ({ channels }: Site): number[] => Array.from({ length: channels }, (_, channel) => channel);

const sources: {
  readonly [F in SubstituteFill['from']]: (anatomy: Anatomy, target: Site) => readonly PooledKernel[];
} = {
  same: (_, target) => channelsOf(target).map((channel) => ({ value: target.value, channel, places: undefined })),
  earlier: ({ sites }, target) =>
    sites
      .filter((site) => site.depth < target.depth && site.value !== target.value)
      .flatMap((site) => {
        const places = placesIn(site, target);
        return places ? channelsOf(site).map((channel) => ({ value: site.value, channel, places })) : [];
      }),
};

const sidesOf = ({ shape }: Site): readonly [number, number] => [shape[1] ?? 1, shape[2] ?? 1];

/** Which element of an earlier site's map lies at each place of the target's; undefined where some have none. */
function placesIn(site: Site, target: Site): Uint32Array | undefined {
  const [height, width] = sidesOf(target);
  const { elements } = gridOf([site, target]);
  const [here, there] = [elements.get(target.name), elements.get(site.name)];
  if (!here || !there) return undefined;
  const whole = (list: readonly number[], length: number): boolean =>
    list.length === length && list.every((element, i) => element === i);
  if (!whole(here.rows, height) || !whole(here.columns, width)) return undefined;
  const [, own] = sidesOf(site);
  return Uint32Array.from(there.rows.flatMap((row) => there.columns.map((column) => row * own + column)));
}

function sampledPlaces(target: Site, positions: number): Uint32Array {
  const step = sampledStep(target.shape, positions);
  const [height, width] = sidesOf(target);
  const places: number[] = [];
  for (let row = 0; row < height; row += step)
    for (let column = 0; column < width; column += step) places.push(row * width + column);
  return Uint32Array.from(places.length === 0 ? [0] : places.filter((place) => place < sizeOf(target.shape.slice(1))));
}
