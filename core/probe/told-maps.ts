import type { ValueId } from '../network/graph.js';
import type { Term, TermWriter } from '../network/operators/term.js';
import type { SubstituteFill } from '../spec/words/fills.js';
import { sizeOf } from '../tensor.js';
import type { Substitution } from '../plan/substitution.js';
import type { InstrumentedNetwork } from './instrumented-network.js';
import type { KernelPool } from './kernel-pool.js';
import { substitutesOf, type SiteMoments } from './site-substitutes.js';

/** What one value of the network adds to the maps that are told from it. */
interface Telling {
  readonly value: ValueId;
  /** Which element of its maps belongs to each place of the told ones; undefined where they are the same. */
  readonly places: readonly number[] | undefined;
  /** [told channels × channels of the value] */
  readonly weights: Float32Array;
}

/** Each channel of a site told from other kernels as it is where it alone is removed: shift + Σ weights · maps, an affine function of the intact network's values. */
export interface ToldMaps {
  readonly telling: readonly Telling[];
  /** [told channels] */
  readonly shift: Float32Array;
}

/** Moments of the substitutes that a study asks for; undefined of others. */
export type AskedMoments = (
  substitution: Substitution,
) => Promise<SiteMoments & { readonly pool: KernelPool }> | undefined;

/** How the channels of a value are told; undefined where no substitutes are asked for there. */
export async function toldMapsOf(
  { graph, anatomy }: InstrumentedNetwork,
  value: ValueId,
  fill: SubstituteFill,
  moments: AskedMoments,
): Promise<ToldMaps | undefined> {
  const site = anatomy.sites.find((one) => one.value === value);
  const known = site && (await moments({ site: site.name, fill }));
  if (!known) return undefined;
  const { pool, ...own } = known;
  const alone = Array.from({ length: site.channels }, (_, channel) => [channel]);
  const substitutes = substitutesOf(own, pool, fill, alone);
  const telling = new Map<ValueId, Telling & { readonly channels: number }>();
  pool.kernels.forEach((kernel, j) => {
    const channels = graph.shapes.get(kernel.value)?.[1] as number;
    const here = telling.get(kernel.value) ?? {
      value: kernel.value,
      places: kernel.places && [...kernel.places],
      weights: new Float32Array(site.channels * channels),
      channels,
    };
    telling.set(kernel.value, here);
    substitutes.forEach(({ weights }, channel) => {
      here.weights[channel * channels + kernel.channel] = weights[j] as number;
    });
  });
  return { telling: [...telling.values()], shift: Float32Array.from(substitutes, ({ shift }) => shift[0] as number) };
}

/** The told maps as nodes, in the shape of the site's own. */
export function writeToldMaps(
  write: TermWriter,
  intact: (value: ValueId) => Term,
  own: Term,
  { telling, shift }: ToldMaps,
): Term {
  const told = shift.length;
  const flat = telling.map(({ value, places, weights }) => {
    const x = intact(value);
    const channels = x.shape[1] as number;
    const maps = write.reshaped(x, [x.shape[0] as number, channels, sizeOf(x.shape.slice(2))]);
    const placed = places ? write.picked(maps, 2, places) : maps;
    return write.apply('MatMul', [write.constant([told, channels], weights), placed]);
  });
  const constant = write.constant([1, told, 1], shift);
  const [first, ...others] = flat;
  if (!first) return write.spread(write.reshaped(constant, [1, told, ...own.shape.slice(2).map(() => 1)]), own.shape);
  const sum = others.reduce((total, part) => write.add(total, part), first);
  return write.reshaped(write.add(sum, constant), own.shape);
}
