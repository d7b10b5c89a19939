import { randomStream } from '../random.js';
import { betweenVariance, commonVariance, groupMean, type GroupEstimate, type GroupMean } from './random-effects.js';
import { correlationCeiling, splitHalfOf, sumAt, type GroupScore } from './reliability.js';
import { mean, sum } from './moments.js';
import { SiteScores, type SiteScore } from './site-scores.js';
import { studentP } from './special.js';

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
  readonly splits?: number;
}

/** How one predictor ranks kernels of one network by one target, within sites. Correlations are on Fisher's scale, z = atanh ρ. */
export interface Prediction {
  readonly predictor: string;
  /** Sites and kernels that the correlation rests on: at least 4 kernels a site. */
  readonly sites: number;
  readonly kernels: number;
  /** Mean over sites of z; null where no site has a correlation. */
  readonly correlation: GroupMean | null;
  /** Two-sided, of the mean over sites like these being 0; null below three sites. */
  readonly p: number | null;
  /** Standard deviation over sites of their own z, beyond what kernels and images vary; null below three sites. */
  readonly between: number | null;
  /** ρ given the covariates: mean over sites of z, back by tanh. */
  readonly partial: number | null;
  /** Split-half reliability of the target within the same sites, and the highest correlation that it allows. */
  readonly reliability: number | null;
  readonly ceiling: number | null;
  /** Against each other predictor: mean over sites of |z| less that of the other, on the kernels that have both. */
  readonly ahead: readonly GroupMean[];
}

/**
 * How well each predictor ranks kernels by damage, within sites. Pooled correlations can reverse, so sites are never
 * mixed (design §2, "Predict, then lesion"). Sites count as drawn from sites like these, equally (`groupMean`); images are common to
 * all sites, so what they vary is found by resampling them. Kernels whose predictor, covariate or target is missing or not finite are
 * left out.
 */
export function predictDamage(
  sites: readonly PredictedSite[],
  predictors: readonly string[],
  options: PredictorOptions,
): Prediction[] {
  return new Predicting(sites, predictors, options).all();
}

/** One predictor at the sites where it has a correlation. */
interface Own {
  readonly scores: ReadonlyMap<number, SiteScore>;
  readonly correlation: GroupMean | null;
}

class Predicting {
  readonly #sites: readonly PredictedSite[];
  readonly #names: readonly string[];
  readonly #options: PredictorOptions;
  readonly #scores: readonly SiteScores[];
  readonly #images: number;

  constructor(sites: readonly PredictedSite[], names: readonly string[], options: PredictorOptions) {
    this.#sites = sites;
    this.#names = names;
    this.#options = options;
    this.#images = sites[0]?.kernels[0]?.damage.length ?? 0;
    const all = Uint32Array.from({ length: this.#images }, (_, i) => i);
    const random = randomStream(options.seed, 'predictor-images');
    const draws = Array.from({ length: this.#images === 0 ? 0 : (options.bootstrap ?? 1000) }, () =>
      all.map(() => random.below(this.#images)),
    );
    this.#scores = sites.map(({ site, kernels }) => {
      const values = (list: readonly string[]): Float64Array[] =>
        list.map((name) => Float64Array.from(kernels, (kernel) => kernel.predictors[name] ?? Number.NaN));
      return new SiteScores({
        site,
        predictors: values(names),
        covariates: values(options.covariates),
        whole: targetsOf(kernels, all),
        resampled: draws.map((drawn) => targetsOf(kernels, drawn)),
      });
    });
  }

  all(): Prediction[] {
    const own = this.#names.map((_, i) => this.#own(i));
    return this.#names.map((_, i) => this.#prediction(i, own));
  }

  #covariates(predictor: number): number[] {
    return this.#options.covariates.flatMap((name, c) => (name === this.#names[predictor] ? [] : [c]));
  }

  #members(site: SiteScores, predictors: readonly number[]): readonly number[] {
    return site.members(predictors, [...new Set(predictors.flatMap((p) => this.#covariates(p)))]);
  }

  #own(predictor: number): Own {
    const scores = new Map<number, SiteScore>();
    this.#scores.forEach((site, s) => {
      const members = this.#members(site, [predictor]);
      const score = members.length === 0 ? null : site.score(predictor, members);
      if (score) scores.set(s, score);
    });
    const list = [...scores.values()];
    return { scores, correlation: meanScore(list.map((score) => [score])) };
  }

  #prediction(i: number, own: readonly Own[]): Prediction {
    const { correlation, scores } = own[i]!;
    const taking = this.#scores.flatMap((site, s) => {
      // A site where predictor or target is the same for all kernels has no correlation, and no part in it.
      return scores.has(s) ? [{ site, s, members: this.#members(site, [i]) }] : [];
    });
    const counts = {
      predictor: this.#names[i]!,
      sites: taking.length,
      kernels: sum(taking.map(({ members }) => members.length)),
      correlation,
    };
    if (correlation === null) {
      return { ...counts, p: null, between: null, partial: null, reliability: null, ceiling: null, ahead: [] };
    }
    const groups = taking.flatMap(({ site, s, members }): GroupEstimate[] => {
      const score = scores.get(s);
      const sampling = score ? site.sampling(i, members, this.#options.seed) : null;
      return score && sampling !== null ? [{ value: score.z, variance: sampling + score.rounding }] : [];
    });
    const between = betweenVariance(groups);
    const covariates = this.#covariates(i);
    const partial = mean(
      taking.map(({ site, members }) => site.partial(i, members, covariates)).filter((z) => z !== null),
    );
    const reliability = this.#reliability(taking);
    return {
      ...counts,
      p: correlation.error === null ? null : studentP(correlation.estimate / correlation.error, correlation.freedom),
      between: between === null ? null : Math.sqrt(between),
      partial: partial === null ? null : Math.tanh(partial),
      reliability,
      ceiling: correlationCeiling(reliability),
      ahead: own.flatMap((_, j) => (j === i ? [] : (this.#ahead(i, j, own) ?? []))),
    };
  }

  #reliability(taking: readonly { readonly s: number; readonly members: readonly number[] }[]): number | null {
    const scores = taking.map(({ s, members }): GroupScore => {
      const kernels = members.map((kernel) => this.#sites[s]!.kernels[kernel]!);
      return (drawn) => targetsOf(kernels, drawn);
    });
    return splitHalfOf(scores, this.#images, { seed: this.#options.seed, splits: this.#options.splits ?? 50 });
  }

  /** Of two predictors, each turned so that its mean is positive, on the kernels that have both. */
  #ahead(i: number, j: number, own: readonly Own[]): GroupMean | null {
    const signs = [i, j].map((k) => Math.sign(own[k]!.correlation?.estimate ?? 0) || 1);
    const pairs = this.#scores.flatMap((site): (readonly [SiteScore, SiteScore])[] => {
      const members = this.#members(site, [i, j]);
      if (members.length === 0) return [];
      const [a, b] = [site.score(i, members), site.score(j, members)];
      return a && b ? [[a, b]] : [];
    });
    return meanScore(pairs, [signs[0]!, -signs[1]!]);
  }
}

/** Mean over sites of Σ sign · z, with the error that its sites' distances, images in common and rounding give it. */
function meanScore(sites: readonly (readonly SiteScore[])[], signs: readonly number[] = [1]): GroupMean | null {
  const values = sites.map((scores) => sum(scores.map(({ z }, i) => signs[i]! * z)));
  const resampled = sites.map((scores) =>
    Float64Array.from({ length: scores[0]!.resampled.length }, (_, b) =>
      sum(scores.map((score, i) => signs[i]! * score.resampled[b]!)),
    ),
  );
  const rounding = sum(sites.flatMap((scores) => scores.map((score) => score.rounding))) / sites.length ** 2;
  return groupMean(values, commonVariance(resampled) + rounding);
}

function targetsOf(kernels: readonly PredictedKernel[], drawn: Uint32Array): Float64Array {
  return Float64Array.from(kernels, ({ damage, reference }) => {
    const total = sumAt(damage, drawn);
    return reference === undefined ? total / drawn.length : Math.log(total / sumAt(reference, drawn));
  });
}
