import { replaceability, type Replaceability } from '../../../analysis/replaceability.js';
import { poolOf } from '../../../probe/kernel-pool.js';
import { fills, type FillName } from '../../../spec/words/fills.js';
import type { KernelRow } from '../../../tables/schema.js';
import type { ModelResults } from '../../reading/model-results.js';
import { kernelDamages, type KernelDamage } from './kernel-damage.js';

export type ReplaceabilityColumns = Pick<KernelRow, Extract<keyof KernelRow, `replaceability_${string}`>>;

interface KernelPlace {
  readonly layer: string;
  readonly channel: number;
}

/** Damages of single kernels by fill, layer and channel, and whether any kernels tell of those of a layer. */
export interface ToldKernels {
  readonly damages: ReadonlyMap<string, KernelDamage>;
  readonly tells: (fill: FillName, layer: string) => boolean;
}

/** What a study knows of them. No site before it, or none with maps as large, tells of the first layers. */
export function toldKernels(results: Pick<ModelResults, 'ablations' | 'outline'>): ToldKernels {
  const { anatomy, substitutions } = results.outline;
  const empty = new Set(
    substitutions.flatMap((one) => (poolOf(anatomy, one).kernels.length === 0 ? [`${one.fill.from} ${one.site}`] : [])),
  );
  const sites = new Map(anatomy.layers.map(({ name, site }) => [name, site]));
  return {
    damages: kernelDamages(results),
    tells: (fill, layer) => !empty.has(`${fills[fill].from ?? ''} ${sites.get(layer) ?? ''}`),
  };
}

/**
 * Replaceability of kernels that are left out one at a time, their damages summed image by image, from either kind of other kernels: of
 * those of which any tell; null where the study has not both damages of each of these, or there are none.
 */
export function replaceabilityOf(
  { damages, tells }: ToldKernels,
  kernels: readonly KernelPlace[],
  confidence: number,
): ReplaceabilityColumns {
  const told = (fill: FillName): Replaceability | null => {
    const compared = comparedDamages({ damages, tells }, fill, kernels);
    return compared ? replaceability(compared.substituted, compared.lost, confidence) : null;
  };
  const [same, earlier, constant] = [told('substitute'), told('substitute-earlier'), told('optimal')];
  return {
    replaceability_same: same?.estimate ?? null,
    replaceability_same_low: same?.low ?? null,
    replaceability_same_high: same?.high ?? null,
    replaceability_earlier: earlier?.estimate ?? null,
    replaceability_earlier_low: earlier?.low ?? null,
    replaceability_earlier_high: earlier?.high ?? null,
    replaceability_constant: constant?.estimate ?? null,
    replaceability_constant_low: constant?.low ?? null,
    replaceability_constant_high: constant?.high ?? null,
  };
}

/** Damages of the same kernels, summed image by image. */
export interface ComparedDamages {
  readonly substituted: ArrayLike<number>;
  readonly lost: ArrayLike<number>;
}

/** What is compared for all kernels of a network; undefined as in `replaceabilityOf`. */
export function networkDamages(
  results: Pick<ModelResults, 'ablations' | 'outline'>,
  fill: FillName,
): ComparedDamages | undefined {
  const kernels = results.outline.anatomy.layers.flatMap(({ name, kernels: all }) =>
    Array.from({ length: all }, (_, channel) => ({ layer: name, channel })),
  );
  return comparedDamages(toldKernels(results), fill, kernels);
}

/** Damages with a fill and with the mean, of those kernels of which any tell; undefined where one of them has not both, or there are none. */
function comparedDamages(
  { damages, tells }: ToldKernels,
  fill: FillName,
  kernels: readonly KernelPlace[],
): ComparedDamages | undefined {
  const own = kernels.filter(({ layer }) => tells(fill, layer));
  const [substituted, lost] = [summed(damages.get(fill), own), summed(damages.get('mean'), own)];
  return substituted && lost && { substituted, lost };
}

/** Damage image by image, summed over kernels; undefined where one of them has none. */
function summed(damage: KernelDamage | undefined, kernels: readonly KernelPlace[]): ArrayLike<number> | undefined {
  const all = kernels.map(({ layer, channel }) => damage?.get(layer)?.[channel]);
  const known = all.filter((kl) => kl !== undefined);
  const [first] = known;
  if (!first || known.length < all.length) return undefined;
  return Float64Array.from(first, (_, image) => known.reduce((sum, kl) => sum + kl[image]!, 0));
}
