import { randomStream } from '../random.js';
import type { Interval } from './interval.js';
import { dot, variance } from './moments.js';
import { adjustFalseDiscovery, permutationP } from './multiplicity.js';
import { centred, combineCorrelations, groupedPartialSpearman, groupedSpearman, midRanks } from './rank.js';
import { correlationCeiling, splitHalfOf, sumAt, type GroupScore } from './reliability.js';
import { normalQuantile } from './special.js';

/** One kernel with what is to be predicted about it and what may predict it. */
export interface PredictedKernel {
  /** Damage image by image, KL for instance. */
  readonly damage: ArrayLike<number>;
  /**
   * Where given, the target is log(mean damage / mean reference), image by image on the same images: damage after
   * substitution against damage after the mean, the second hypothesis of design §2.
   */
  readonly reference?: ArrayLike<number>;
  /** By predictor's name; null where the kernel has none (silent, no pool). */
  readonly predictors: Readonly<Record<string, number | null>>;
}

/** The kernels of one site, all on the same images. Dead kernels belong in it: their damage is 0 and known. */
export interface PredictedSite {
  readonly site: string;
  readonly kernels: readonly PredictedKernel[];
}

export interface PredictorOptions {
  readonly seed: number | string;
  /** Names of the predictors that the partial correlation holds constant: activation deviation and weight norm. */
  readonly covariates: readonly string[];
  readonly bootstrap?: number;
  readonly permutations?: number;
  readonly splits?: number;
  readonly level?: number;
}

export interface PredictorResult {
  readonly predictor: string;
  /** Sites and kernels that the correlation rests on: at least 4 kernels a site. */
  readonly sites: number;
  readonly kernels: number;
  /** Within-site Spearman, combined by Fisher z; its interval's error is the bootstrap's over kernels × images. */
  readonly spearman: Interval | null;
  /** Two-sided, by permutation within sites. */
  readonly p: number | null;
  /** Benjamini-Yekutieli over the predictors of this call. */
  readonly pAdjusted: number | null;
  /** Given the covariates; null for a covariate itself, given the others, where nothing of it is left. */
  readonly partial: number | null;
  /** Split-half reliability of the target within the same sites, and the highest correlation that it allows. */
  readonly reliability: number | null;
  readonly ceiling: number | null;
}

/** A kernel that has everything, with its number among all kernels of all sites. */
interface Member {
  readonly number: number;
  readonly x: number;
  readonly covariates: readonly number[];
}

/** The target of every kernel of every site on a draw of images; NaN where it has none. */
type Targets = Float64Array;

/**
 * How well each predictor ranks kernels by damage, within sites. Pooled correlations can reverse, so sites are never
 * mixed (design §2, "Predict, then lesion"). The bootstrap draws images, common to all, and kernels within each site; it
 * lends its standard error on the z scale only, since noise that resampled images add pulls its centre towards 0.
 * Kernels whose predictor, covariate or target is missing or not finite are left out.
 */
export function predictDamage(
  sites: readonly PredictedSite[],
  predictors: readonly string[],
  options: PredictorOptions,
): PredictorResult[] {
  const { seed, bootstrap = 1000 } = options;
  const kernels = sites.flatMap((site) => site.kernels);
  const images = kernels[0]?.damage.length ?? 0;
  const all = Uint32Array.from({ length: images }, (_, i) => i);
  const random = randomStream(seed, 'predictor-images');
  const whole = targetsOf(kernels, all);
  const resampled = Array.from({ length: images === 0 ? 0 : bootstrap }, () =>
    targetsOf(
      kernels,
      all.map(() => random.below(images)),
    ),
  );
  const results = predictors.map((predictor) => predictOne(sites, predictor, images, whole, resampled, options));
  const adjusted = adjustFalseDiscovery(results.map((result) => result.p));
  return results.map((result, i) => ({ ...result, pAdjusted: adjusted[i]! }));
}

function predictOne(
  sites: readonly PredictedSite[],
  predictor: string,
  images: number,
  whole: Targets,
  resampled: readonly Targets[],
  options: PredictorOptions,
): Omit<PredictorResult, 'pAdjusted'> {
  const { seed, level = 0.95, splits = 50 } = options;
  const covariates = options.covariates.filter((name) => name !== predictor);
  const groups = membersOf(sites, predictor, covariates, whole);
  const paired = groups.map((group) => ({ x: group.map((m) => m.x), y: group.map((m) => whole[m.number]!) }));
  const estimate = groupedSpearman(paired);
  const counts = { predictor, sites: groups.length, kernels: groups.reduce((n, group) => n + group.length, 0) };
  if (estimate === null) {
    return { ...counts, spearman: null, p: null, partial: null, reliability: null, ceiling: null };
  }
  const error = bootstrapError(groups, resampled, predictor, seed);
  const half = error === null ? null : normalQuantile((1 + level) / 2) * error;
  const z = Math.atanh(Math.min(1 - 1e-15, Math.max(-1 + 1e-15, estimate)));
  const kernels = sites.flatMap((site) => site.kernels);
  const scores = groups.map((group): GroupScore => {
    const own = group.map((member) => kernels[member.number]!);
    return (drawn) => targetsOf(own, drawn);
  });
  const reliability = splitHalfOf(scores, images, { seed, splits });
  return {
    ...counts,
    spearman: half === null ? null : { low: Math.tanh(z - half), high: Math.tanh(z + half), estimate, level },
    p: permutationTest(paired, estimate, predictor, options),
    partial: groupedPartialSpearman(
      paired.map((pair, g) => ({
        ...pair,
        covariates: covariates.map((_, c) => groups[g]!.map((m) => m.covariates[c]!)),
      })),
    ),
    reliability,
    ceiling: correlationCeiling(reliability),
  };
}

const known = (value: number | null | undefined): value is number =>
  typeof value === 'number' && Number.isFinite(value);

/** By site, the kernels that have predictor, covariates and target; sites of less than 4 such kernels are left out. */
function membersOf(
  sites: readonly PredictedSite[],
  predictor: string,
  covariates: readonly string[],
  whole: Targets,
): Member[][] {
  let number = -1;
  const groups = sites.map(({ kernels }) =>
    kernels.flatMap(({ predictors }): Member[] => {
      number += 1;
      const x = predictors[predictor];
      const held = covariates.map((name) => predictors[name]).filter(known);
      return known(x) && held.length === covariates.length && known(whole[number])
        ? [{ number, x, covariates: held }]
        : [];
    }),
  );
  return groups.filter((group) => group.length >= 4);
}

function targetsOf(kernels: readonly PredictedKernel[], drawn: Uint32Array): Targets {
  return Float64Array.from(kernels, ({ damage, reference }) => {
    const total = sumAt(damage, drawn);
    return reference === undefined ? total / drawn.length : Math.log(total / sumAt(reference, drawn));
  });
}

/** Standard deviation over resamples of the combined correlation's z; null where less than nine tenths have one. */
function bootstrapError(
  groups: readonly (readonly Member[])[],
  resampled: readonly Targets[],
  predictor: string,
  seed: number | string,
): number | null {
  const random = randomStream(seed, 'predictor-kernels', predictor);
  const values: number[] = [];
  for (const targets of resampled) {
    const value = groupedSpearman(
      groups.map((group) => {
        const drawn = group.map(() => group[random.below(group.length)]!);
        return { x: drawn.map((m) => m.x), y: drawn.map((m) => targets[m.number]!) };
      }),
    );
    if (value !== null && Number.isFinite(value) && Math.abs(value) < 1) values.push(Math.atanh(value));
  }
  const spread = variance(values);
  return spread === null || values.length < 0.9 * resampled.length ? null : Math.sqrt(spread);
}

/** Two-sided p of the combined correlation when a predictor's values are dealt anew within each site. */
function permutationTest(
  paired: readonly { readonly x: readonly number[]; readonly y: readonly number[] }[],
  estimate: number,
  predictor: string,
  { seed, permutations = 1000 }: PredictorOptions,
): number {
  const random = randomStream(seed, 'predictor-permutation', predictor);
  const ranks = paired.map(({ x, y }) => {
    const [a, b] = [centred(midRanks(x)), centred(midRanks(y))];
    return { x: Array.from(a), y: b, scale: Math.sqrt(dot(a, a) * dot(b, b)) };
  });
  let asExtreme = 0;
  for (let r = 0; r < permutations; r++) {
    const value = combineCorrelations(
      ranks.map(({ x, y, scale }) => ({
        correlation: scale > 0 ? dot(random.shuffled(x), y) / scale : null,
        size: x.length,
      })),
    );
    // Equal orders must count as equally extreme though their sums differ in the last digit.
    if (value !== null && Math.abs(value) >= Math.abs(estimate) - 1e-12) asExtreme += 1;
  }
  return permutationP(asExtreme, permutations);
}
