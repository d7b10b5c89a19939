import { joinedFloats } from '../joined.js';
import type { Digest } from '../digest.js';
import { PercussError } from '../errors.js';
import type { ValueId } from '../network/graph.js';
import type { Fill } from '../spec/words/fills.js';
import { rows, sizeOf, zeros, type Tensor } from '../tensor.js';
import { EarlierValues } from './earlier-values.js';
import { fillValues, linearisedFill, readsOf, type FillSource } from './fill.js';
import type { InstrumentedNetwork } from './instrumented-network.js';
import { IntactValues } from './intact-values.js';
import { Substituting } from './substituting.js';
import type { ReferenceSet, SiteStatistics } from './reference-set.js';
import { toldMapsOf, type AskedMoments, type ToldMaps } from './told-maps.js';

/** What takes the place of each channel's map at some sites when it is removed alone. */
export type Replacement =
  | { readonly kind: 'nothing' }
  /** One number a channel, [channels]. */
  | { readonly kind: 'constant'; readonly at: ReadonlyMap<ValueId, Float32Array> }
  /** One map for all images, [channels × positions]. */
  | { readonly kind: 'map'; readonly at: ReadonlyMap<ValueId, Float32Array> }
  /** Maps that follow from what the intact network holds of the same image; of values where they are asked for. */
  | { readonly kind: 'told'; readonly at: ReadonlyMap<ValueId, ToldMaps> }
  /** The maps of reference images, one for each of a chunk's. */
  | { readonly kind: 'donors'; readonly of: (chunk: Digest, images: number) => Uint32Array };

/**
 * What fills put in place at some sites' values, with the statistics that they read.
 * @throws PercussError SPEC_INVALID for a fill whose change at a site is not known beforehand.
 */
export async function replacementsOf(
  fills: readonly Fill[],
  network: InstrumentedNetwork,
  values: readonly ValueId[],
  reference: ReferenceSet,
  moments: AskedMoments,
): Promise<readonly Replacement[]> {
  const { graph } = network;
  const measured = fills.some((fill) => readsOf(fill) === 'statistics');
  const statistics = measured ? await reference.statistics() : new Map<ValueId, SiteStatistics>();
  const source: FillSource = {
    reference,
    statistics,
    intact: new IntactValues(new Set()),
    substituting: new Substituting(),
    earlier: new EarlierValues(),
    optima: new Map(),
    chunk: '',
    images: 1,
  };
  const replacements = fills.map(async (fill): Promise<Replacement> => {
    const how = linearisedFill(fill);
    if (how === 'nothing') return { kind: 'nothing' };
    if (how === 'values') {
      const edit = { site: '', channels: [], fill };
      const given = values.map((value) => [value, fillValues(edit, value, source)] as const);
      const at = given.map(([value, { values: valuesOf }]): [ValueId, Float32Array] => {
        const channels = graph.shapes.get(value)?.[1] as number;
        return [value, joinedFloats(Array.from({ length: channels }, (_, channel) => valuesOf(channel, 0)))];
      });
      return { kind: given[0]?.[1].reach === 'position' ? 'map' : 'constant', at: new Map(at) };
    }
    if ('donors' in how) return { kind: 'donors', of: (chunk, images) => how.donors(reference, chunk, images) };
    if ('told' in how) {
      const told = new Map<ValueId, ToldMaps>();
      for (const value of values) {
        const maps = await toldMapsOf(network, value, how.told, moments);
        if (maps) told.set(value, maps);
      }
      return { kind: 'told', at: told };
    }
    throw new PercussError('SPEC_INVALID', `network ${graph.name} has no linearised lesions: ${how.refused}`);
  });
  return Promise.all(replacements);
}

/** Images of the reference set by their numbers, as a network takes them. */
export function donorImages({ images }: ReferenceSet, donors: Uint32Array): Tensor {
  const picked = zeros('float32', [donors.length, ...images.shape.slice(1)]);
  const size = sizeOf(images.shape.slice(1));
  donors.forEach((donor, i) => picked.data.set(rows(images, donor, donor + 1).data as Float32Array, i * size));
  return picked;
}
