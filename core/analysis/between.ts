import { PercussError } from '../errors.js';
import { smallest } from '../extremes.js';
import { randomStream } from '../random.js';
import { basesByFold, meanBracket, partEnergies } from './explained.js';
import { baseRanges, partGrams, rescalingBetween, signatureOf, type FeatureRanges } from './gram.js';
import { rescaledGrams } from './rescaled-grams.js';
import { ridgeR2, type R2Bracket } from './ridge.js';
import { filledUp, type SignatureSet } from './signature.js';

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
 * How many kernels of each site of a network predict: its live ones, at most `poolSize`. Its nulls get the same, so that they are judged
 * alike; what they can't fill with live kernels they fill with silent ones, so that no null changes what is said of the network.
 */
export function betweenPools(set: SignatureSet, poolSize = 64): readonly number[] {
  return set.sites.map(({ live }) => Math.min(poolSize, live.length));
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
  const folds = foldsOfBoth(to, from, options);
  if (folds === null) return to.sites.map(() => from.sites.map(() => null));
  const { parts } = folds;
  const predicting = from.sites.map((site, index) =>
    remembered(() => {
      const size = pools[index] ?? 0;
      const kernels = site.live.length >= size ? site.live : filledUp(site, size);
      const rows = chosen(kernels, size, options.seed, 'between-pool', site.site).map((kernel) =>
        signatureOf(from, { site: index, kernel }),
      );
      return { rows, own: partGrams(rows, rows, parts) };
    }),
  );
  return to.sites.map(({ live, site, totals }, index) => {
    const targets = chosen(live, options.targets ?? 8, options.seed, 'between-targets', site).map((kernel) =>
      signatureOf(to, { site: index, kernel }),
    );
    const energies = partEnergies(targets, folds.ranges);
    return from.sites.map((other, at) => {
      if (targets.length === 0 || options.asked?.(index, at) === false) return null;
      const { rows, own } = predicting[at]!();
      if (rows.length === 0) return null;
      const factors = rescalingBetween(other.totals, totals);
      const cross = partGrams(rows, targets, parts);
      const scaled = rescaledGrams({ pool: own, cross, size: rows.length }, factors, folds.bases);
      return meanBracket(ridgeR2({ ...scaled, energies }, rows.length));
    });
  });
}

/** Base images of two networks by fold, and which features each one and each fold has; null below two bases. */
interface Folds {
  readonly bases: readonly (readonly number[])[];
  readonly parts: readonly FeatureRanges[];
  readonly ranges: readonly FeatureRanges[];
}

function foldsOfBoth(
  to: SignatureSet,
  from: SignatureSet,
  { folds = 4, seed }: Pick<BetweenOptions, 'folds' | 'seed'>,
): Folds | null {
  if (to.features !== from.features || to.starts.join() !== from.starts.join())
    throw new PercussError('BUG', 'signatures of two networks have other bases, impulses or points');
  const bases = basesByFold(to, folds, seed);
  if (bases === null) return null;
  const parts = baseRanges(to);
  return { bases, parts, ranges: bases.map((own) => own.flatMap((base) => parts[base]!)) };
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

/** How many kernels of a site stand on either side where networks are compared with many nulls: no more than any site of both has, at most `poolSize`. */
export function betweenRarefaction(sets: readonly SignatureSet[], poolSize = 8): number {
  return smallest([
    poolSize,
    ...sets.flatMap((set) => set.sites.flatMap(({ live }) => (live.length >= FEWEST ? [live.length] : []))),
  ]);
}

/** A site with fewer live kernels takes no part in rarefied comparisons. */
const FEWEST = 4;

export interface RarefiedBetween {
  readonly seed: number | string;
  /** Kernels on either side, `betweenRarefaction` of the two networks; what a null can't fill with live kernels it fills with silent ones. */
  readonly size: number;
  /** Which sites of `from` take part, by index: those of the network, also where a null of it stands in its place. */
  readonly takes: (from: number) => boolean;
  /** Seeded draws of kernels that are averaged; 2 unless told. */
  readonly draws?: number;
  readonly folds?: number;
}

/** The sites of a network that take part in rarefied comparisons. */
export const takingPart = (set: SignatureSet): ((site: number) => boolean) => {
  const able = set.sites.map(({ live }) => live.length >= FEWEST);
  return (site) => able[site] === true;
};

/**
 * R² of `size` kernels of each site of one network from as many of each site of another, on bases not used to fit, averaged over
 * seeded draws of both: values[to][from]. So few that it can be asked of every null for every two sites, and that sites of any width
 * are judged alike; all sets get the same draws. Null where a site takes no part, and everywhere below two bases.
 * @throws PercussError BUG where the two sets differ in features.
 */
export function rarefiedBetween(to: SignatureSet, from: SignatureSet, options: RarefiedBetween): (number | null)[][] {
  const { seed, size, takes, draws = 2 } = options;
  const folds = foldsOfBoth(to, from, options);
  const totals = to.sites.map(() => new Float64Array(from.sites.length));
  const counts = to.sites.map(() => new Uint32Array(from.sites.length));
  const asked = takingPart(to);
  for (let draw = 0; folds !== null && draw < draws; draw++) {
    const drawn = (set: SignatureSet, site: number, side: string): Float32Array[] => {
      const own = set.sites[site]!;
      const kernels = own.live.length >= size ? own.live : filledUp(own, size);
      return randomStream(seed, 'between-rarefied', side, own.site, draw)
        .shuffled(kernels)
        .slice(0, size)
        .map((kernel) => signatureOf(set, { site, kernel }));
    };
    const predicting = from.sites.flatMap((_, at) => {
      const rows = takes(at) ? drawn(from, at, 'from') : [];
      return rows.length === size ? [{ at, rows, own: partGrams(rows, rows, folds.parts) }] : [];
    });
    to.sites.forEach(({ totals: norms }, index) => {
      if (!asked(index)) return;
      const targets = drawn(to, index, 'to');
      const energies = partEnergies(targets, folds.ranges);
      const crosses = partGrams(
        predicting.flatMap(({ rows }) => rows),
        targets,
        folds.parts,
      );
      predicting.forEach(({ at, own }, place) => {
        const cross = crosses.map((gram) => gram.subarray(place * size * size, (place + 1) * size * size));
        const factors = rescalingBetween(from.sites[at]!.totals, norms);
        const scaled = rescaledGrams({ pool: own, cross, size }, factors, folds.bases);
        for (const r2 of ridgeR2({ ...scaled, energies }, size)) {
          if (r2 === null) continue;
          totals[index]![at]! += r2.low;
          counts[index]![at]! += 1;
        }
      });
    });
  }
  return totals.map((row, i) => Array.from(row, (total, j) => (counts[i]![j]! === 0 ? null : total / counts[i]![j]!)));
}
