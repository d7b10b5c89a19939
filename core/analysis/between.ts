import { PercussError } from '../errors.js';
import { smallest } from '../extremes.js';
import { randomStream } from '../random.js';
import { basesByFold, meanBracket, partEnergies } from './explained.js';
import { baseRanges, partGrams, rescalingBetween, signatureOf } from './gram.js';
import { rescaledGrams } from './rescaled-grams.js';
import { ridgeR2, type R2Bracket } from './ridge.js';
import type { SignatureSet } from './signature.js';

export interface BetweenOptions {
  readonly seed: number | string;
  /** Largest number of kernels that predict those of another network's site; 64 unless told. */
  readonly poolSize?: number;
  /** Largest number of kernels of a site that are predicted, a seeded sample; 8 unless told. */
  readonly targets?: number;
  /** Which sites are compared, by index; all unless told. */
  readonly asked?: (to: number, from: number) => boolean;
  /** Folds of base images; 4 unless told, at most as many as there are. */
  readonly folds?: number;
}

/**
 * How many kernels of each site predict: as many as every set has live ones there, at most `poolSize`, so that a network
 * and its nulls, which are sets of the same sites, are judged alike.
 */
export function betweenPools(sets: readonly SignatureSet[], poolSize = 64): readonly number[] {
  return (sets[0]?.sites ?? []).map((_, site) =>
    smallest([poolSize, ...sets.map((set) => set.sites[site]?.live.length ?? 0)]),
  );
}

/**
 * R² of the kernels of each site of one network (`to`) from those of each site of another one (`from`) on the same impulses at
 * the same points: means of brackets over a site's live kernels, or over a seeded sample of them; values[to][from]. Ridge, folds
 * and penalty as within a network (`ridge.ts`); predictors are scaled base by base as what they predict, so that a copy scores 1
 * whatever factor its kernels have and in whichever order they stand. Null where nothing responds, and everywhere below two bases.
 * @throws PercussError BUG where the two sets differ in features.
 */
export function betweenR2(
  to: SignatureSet,
  from: SignatureSet,
  pools: readonly number[],
  options: BetweenOptions,
): (R2Bracket | null)[][] {
  if (to.features !== from.features || to.starts.join() !== from.starts.join())
    throw new PercussError('BUG', 'signatures of two networks have other bases, impulses or points');
  const folds = basesByFold(to, options.folds ?? 4, options.seed);
  if (folds === null) return to.sites.map(() => from.sites.map(() => null));
  const parts = baseRanges(to);
  const ofFolds = folds.map((bases) => bases.flatMap((base) => parts[base]!));
  const predicting = from.sites.map((site, index) =>
    remembered(() => {
      const rows = chosen(site.live, pools[index] ?? 0, options.seed, 'between-pool', site.site).map((kernel) =>
        signatureOf(from, { site: index, kernel }),
      );
      return { rows, own: partGrams(rows, rows, parts) };
    }),
  );
  return to.sites.map(({ live, site, totals }, index) => {
    const targets = chosen(live, options.targets ?? 8, options.seed, 'between-targets', site).map((kernel) =>
      signatureOf(to, { site: index, kernel }),
    );
    const energies = partEnergies(targets, ofFolds);
    return from.sites.map((other, at) => {
      if (targets.length === 0 || options.asked?.(index, at) === false) return null;
      const { rows, own } = predicting[at]!();
      if (rows.length === 0) return null;
      const factors = rescalingBetween(other.totals, totals);
      const cross = partGrams(rows, targets, parts);
      const scaled = rescaledGrams({ pool: own, cross, size: rows.length }, factors, folds);
      return meanBracket(ridgeR2({ ...scaled, energies }, rows.length));
    });
  });
}

/** Computes on first use. */
function remembered<T>(make: () => T): () => T {
  let value: { readonly made: T } | undefined;
  return () => (value ??= { made: make() }).made;
}

function chosen(
  live: readonly number[],
  most: number,
  seed: number | string,
  ...purpose: readonly string[]
): readonly number[] {
  if (live.length <= most) return live;
  return randomStream(seed, ...purpose)
    .sample(most, live.length)
    .map((i) => live[i]!)
    .sort((a, b) => a - b);
}
